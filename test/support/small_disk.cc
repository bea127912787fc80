#include "support/small_disk.h"

#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace datastorage::test {
namespace {

std::string FillerOf(const std::string& path) {
  return path + "/filler";
}

}  // namespace

SmallDisk::SmallDisk(std::size_t byte_count, const std::string& owner)
    : path_(folder_.path() + "/disk") {
  namespace fs = std::filesystem;
  fs::create_directory(path_);
  fs::permissions(folder_.path(), fs::perms(0755));
  std::string options = "mode=0700,size=" + std::to_string(byte_count);
  // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread.
  if (const passwd* const user = getpwnam(owner.c_str()); user != nullptr) {
    options += ",uid=" + std::to_string(user->pw_uid);
  }
  // In a namespace of its own, whose mounts nobody else sees.
  is_there_ = unshare(CLONE_NEWNS) == 0 &&
              mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
              mount("tmpfs", path_.c_str(), "tmpfs", 0, options.c_str()) == 0;
}

SmallDisk::~SmallDisk() {
  if (is_there_) umount2(path_.c_str(), MNT_DETACH);
}

void SmallDisk::FillUpTo(std::size_t free_byte_count) {
  struct statvfs state {};
  DS_CHECK(statvfs(path_.c_str(), &state) == 0);
  const std::size_t free = state.f_bavail * state.f_frsize;
  if (free <= free_byte_count) return;
  const int fd = open(FillerOf(path_).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  DS_CHECK(fd >= 0);
  const off_t size = lseek(fd, 0, SEEK_END);
  DS_CHECK(posix_fallocate(fd, size, static_cast<off_t>(free - free_byte_count)) == 0);
  close(fd);
}

void SmallDisk::Free() {
  std::filesystem::remove(FillerOf(path_));
}

}  // namespace datastorage::test
