// DirectoryLock: one process a data directory. The kernel frees the lock when its holder ends,
// however it ends.
#pragma once

#include <string>

#include "base/result.h"

namespace datastorage::sqlite {

class DirectoryLock {
 public:
  // Makes `directory` if it is missing, for its owner only.
  // Errors: kUnavailable, naming the process that holds the lock if that is why.
  static Result<DirectoryLock> Take(const std::string& directory);

  ~DirectoryLock();
  DirectoryLock(DirectoryLock&& other) noexcept;
  DirectoryLock& operator=(DirectoryLock&& other) noexcept;

 private:
  explicit DirectoryLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

}  // namespace datastorage::sqlite
