#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace datastorage {

void CheckFailed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "check failed: %s at %s:%d\n", condition, file, line);
  std::fflush(stderr);
  std::abort();
}

}  // namespace datastorage
