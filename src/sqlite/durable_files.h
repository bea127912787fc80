// Steps of putting a file in place so that a power cut leaves the old state or the new one.
#pragma once

#include <string>

#include "base/result.h"

namespace datastorage::sqlite {

// Waits until the file's content, or a folder's entries, are on disk. Errors: kUnavailable.
Result<void> Sync(const std::string& path);

// Errors: kUnavailable.
Result<void> CopyDurably(const std::string& from, const std::string& to);

// Removes a file when it goes, unless it was kept; and what a database may leave beside it.
class TemporaryFile {
 public:
  explicit TemporaryFile(std::string path) : path_(std::move(path)) { Remove(); }
  ~TemporaryFile() { Remove(); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

  // Gives the file its name. A file that has it already is replaced by Replace, and makes Publish
  // fail (kConflict). Errors: kUnavailable.
  Result<void> Publish(const std::string& name);
  Result<void> Replace(const std::string& name);

 private:
  void Remove() const;
  const std::string path_;
};

}  // namespace datastorage::sqlite
