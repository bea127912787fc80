// DS_CHECK: asserts what only a bug can break. On in every build: a service that
// stores the truth stops rather than goes on with a broken invariant.
#pragma once

namespace datastorage {

[[noreturn]] void CheckFailed(const char* condition, const char* file, int line);

}  // namespace datastorage

#define DS_CHECK(condition)                                       \
  do {                                                            \
    if (!(condition)) [[unlikely]] {                              \
      ::datastorage::CheckFailed(#condition, __FILE__, __LINE__); \
    }                                                             \
  } while (false)
