// Result<T>: a T, or the Error that explains its absence. Ignoring one does not
// compile (-Werror), so no failure is swallowed by accident.
#pragma once

#include <tl/expected.hpp>
#include <utility>

#include "base/error.h"

namespace datastorage {

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using Base = tl::expected<T, Error>;
  using Base::Base;
  Result() = default;
  // Implicit on purpose: `return Unavailable("…")`.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : Base(tl::unexpected(std::move(error))) {}
};

}  // namespace datastorage

#define DS_CONCAT_INNER(a, b) a##b
#define DS_CONCAT(a, b) DS_CONCAT_INNER(a, b)

// DS_RETURN_IF_ERROR(expression): returns the Error of a Result<…> to the caller.
#define DS_RETURN_IF_ERROR(expression)                           \
  do {                                                           \
    if (auto ds_status = (expression); !ds_status.has_value()) { \
      return std::move(ds_status).error();                       \
    }                                                            \
  } while (false)

// DS_ASSIGN_OR_RETURN(T name, expression): assigns the value, or returns the Error.
#define DS_ASSIGN_OR_RETURN(target, expression)                \
  auto DS_CONCAT(ds_result_, __LINE__) = (expression);         \
  if (!DS_CONCAT(ds_result_, __LINE__).has_value()) {          \
    return std::move(DS_CONCAT(ds_result_, __LINE__)).error(); \
  }                                                            \
  target = *std::move(DS_CONCAT(ds_result_, __LINE__))
