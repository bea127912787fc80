// SmallDisk: a file system of some megabytes, in memory, that a test fills and frees. Only this
// process, from this thread on, and what it starts see it, so it goes with them.
#pragma once

#include <cstddef>
#include <string>

#include "support/temporary_folder.h"

namespace datastorage::test {

class SmallDisk {
 public:
  // Its root belongs to the user `owner` if that is not empty.
  SmallDisk(std::size_t byte_count, const std::string& owner);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  // Whether the machine let us have it: only root may.
  bool is_there() const { return is_there_; }
  const std::string& path() const { return path_; }

  // Takes what is free, but for so many bytes.
  void FillUpTo(std::size_t free_byte_count);
  void Free();

 private:
  TemporaryFolder folder_;
  std::string path_;
  bool is_there_ = false;
};

}  // namespace datastorage::test
