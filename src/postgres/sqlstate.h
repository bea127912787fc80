// From PostgreSQL's SQLSTATE codes to our errors, in one table. The server's own text goes to the
// log only, and decides nothing.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace datastorage::postgres {

// What the server said of a failure, by its fields.
struct ServerFailure {
  std::string sqlstate{};  // Five characters; empty: the connection was lost, nobody said why.
  std::string text{};      // The server's primary message, or libpq's.
  std::string constraint{};
  std::string statement{};    // The name of the call that failed, where it has one.
  bool ends_session = false;  // FATAL or PANIC.
};

// The table alone. An unknown code counts as its class, an unknown class as kInternal.
ErrorCode CodeOf(std::string_view sqlstate);

// The error of `doing`, such as "store a record"; logs what the server said. What it says of the
// data is true of a statement whose transaction does not commit: nothing was changed.
Error TranslateFailure(const ServerFailure& failure, std::string_view doing);

// Whether the same transaction may succeed when it is run again at once: it was undone in favour of
// another (serialization failure, deadlock), or it met a row that another inserted first.
bool IsWorthRepeating(std::string_view sqlstate);

// Whether a lock was not had in time: another transaction holds it.
bool IsLockTimeout(std::string_view sqlstate);

// Whether the session cannot be used any more.
bool EndsSession(const ServerFailure& failure);

}  // namespace datastorage::postgres
