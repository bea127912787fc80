#include "sqlite/durable_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace datastorage::sqlite {
namespace {

Error FailureOf(const std::string& doing, int code) {
  return Unavailable(doing + ": " + std::system_category().message(code));
}

}  // namespace

Result<void> Sync(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return FailureOf("a file cannot be opened", errno);
  const int code = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  if (code != 0) return FailureOf("a file cannot be brought to disk", code);
  return {};
}

Result<void> CopyDurably(const std::string& from, const std::string& to) {
  std::error_code failure;
  std::filesystem::copy_file(from, to, failure);
  if (failure) return Unavailable("a file cannot be copied: " + failure.message());
  std::filesystem::permissions(
      to, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write, failure);
  return Sync(to);
}

Result<void> TemporaryFile::Publish(const std::string& name) {
  if (link(path_.c_str(), name.c_str()) != 0) {
    if (errno == EEXIST) return Conflict("there is a file of that name");
    return FailureOf("a file cannot be given its name", errno);
  }
  return Sync(std::filesystem::path(name).parent_path().string());
}

Result<void> TemporaryFile::Replace(const std::string& name) {
  if (rename(path_.c_str(), name.c_str()) != 0) {
    return FailureOf("a file cannot be given its name", errno);
  }
  return Sync(std::filesystem::path(name).parent_path().string());
}

void TemporaryFile::Remove() const {
  for (const char* end : {"", "-wal", "-shm", "-journal"}) unlink((path_ + end).c_str());
}

}  // namespace datastorage::sqlite
