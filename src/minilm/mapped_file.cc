#include "minilm/mapped_file.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "base/check.h"

namespace datastorage {
namespace {

Error FailureOf(const std::string& path, int code) {
  std::string message = "open " + path + ": " + std::generic_category().message(code);
  return code == ENOENT || code == ENOTDIR ? NotFound(std::move(message))
                                           : Unavailable(std::move(message));
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int value) : value_(value) {}
  ~FileDescriptor() {
    if (value_ >= 0) close(value_);
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;

  int value() const { return value_; }

 private:
  int value_;
};

}  // namespace

Result<std::shared_ptr<const MappedFile>> MappedFile::Open(const std::string& path) {
  const FileDescriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.value() < 0) return FailureOf(path, errno);
  struct stat status {};
  if (fstat(file.value(), &status) != 0) return FailureOf(path, errno);
  if (!S_ISREG(status.st_mode)) return Unavailable("open " + path + ": not a regular file");
  if (status.st_size == 0) return Unavailable("open " + path + ": the file is empty");
  const auto size = static_cast<std::size_t>(status.st_size);
  void* const address = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.value(), 0);
  if (address == MAP_FAILED) return FailureOf(path, errno);
  return std::shared_ptr<const MappedFile>(
      new MappedFile({static_cast<const std::byte*>(address), size}));
}

MappedFile::~MappedFile() {
  munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::string MappedFile::Sha256() const {
  std::array<unsigned char, 32> digest{};
  const int done =
      EVP_Digest(bytes_.data(), bytes_.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
  DS_CHECK(done == 1);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace datastorage
