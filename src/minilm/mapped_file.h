// MappedFile: a file's bytes, mapped read-only, so that weights are paged in once and shared by
// every process that serves the same model.
//
// Threads:     immutable after Open.
// Limitations: the file must not shrink while it is mapped.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/result.h"

namespace datastorage {

class MappedFile {
 public:
  // Errors: kNotFound when there is no such file; kUnavailable when it cannot be read or is empty.
  // Messages name the path: they are for the operator.
  static Result<std::shared_ptr<const MappedFile>> Open(const std::string& path);

  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return bytes_; }
  // SHA-256 of the whole file in lower-case hexadecimal digits. Reads every byte.
  std::string Sha256() const;

 private:
  explicit MappedFile(std::span<const std::byte> bytes) : bytes_(bytes) {}

  std::span<const std::byte> bytes_;
};

}  // namespace datastorage
