#include "sqlite/directory_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

namespace datastorage::sqlite {
namespace {

// The process id that a holder has written, or "unknown".
std::string ReadHolder(int descriptor) {
  std::array<char, 32> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  if (size <= 0) return "unknown";
  const std::string_view all(text.data(), static_cast<std::size_t>(size));
  return std::string(all.substr(0, all.find('\n')));
}

}  // namespace

Result<DirectoryLock> DirectoryLock::Take(const std::string& directory) {
  std::error_code failure;
  const bool is_new = std::filesystem::create_directories(directory, failure);
  if (failure) return Unavailable("the data directory cannot be made: " + failure.message());
  if (is_new) {
    std::filesystem::permissions(directory, std::filesystem::perms::owner_all, failure);
  }
  const std::string path = directory + "/datastorage.lock";
  DirectoryLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.descriptor_ < 0) {
    return Unavailable("the data directory cannot be written: " +
                       std::system_category().message(errno));
  }
  // flock belongs to this open file, so it also excludes a second store in the same process.
  if (flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    return Unavailable("the data directory is in use by process " + ReadHolder(lock.descriptor_));
  }
  const std::string holder = std::to_string(getpid()) + "\n";
  if (ftruncate(lock.descriptor_, 0) != 0 ||
      pwrite(lock.descriptor_, holder.data(), holder.size(), 0) !=
          static_cast<ssize_t>(holder.size())) {
    return Unavailable("the data directory cannot be written: " +
                       std::system_category().message(errno));
  }
  return lock;
}

DirectoryLock::~DirectoryLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

}  // namespace datastorage::sqlite
