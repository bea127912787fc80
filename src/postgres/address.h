// What the program says of a database's address, and whether libpq can read one.
#pragma once

#include <string>

#include "base/result.h"

namespace datastorage::postgres {

// Errors: kInvalidArgument (never quotes the text, which holds the password).
Result<void> CheckConninfo(const std::string& conninfo);

// "host:port/database as role", as far as the conninfo says; no password.
std::string DescriptionOf(const std::string& conninfo);

}  // namespace datastorage::postgres
