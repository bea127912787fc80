// LineReader: lines of a file or pipe, one at a time, in bounded memory.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace datastorage::cli {

enum class LineStatus : std::uint8_t {
  kLine,
  kTooLong,  // Longer than the bound; skipped whole.
  kNotYet,   // Nothing came within the patience.
  kEnd,
  kFailed,  // Reading failed.
};

class LineReader {
 public:
  // Reads `descriptor`, which stays the caller's, by poll and read.
  LineReader(int descriptor, std::size_t line_byte_count_max)
      : descriptor_(descriptor), line_byte_count_max_(line_byte_count_max) {}

  // The next line without its line feed (or carriage return and line feed) into `line`. Waits at
  // most `patience` for bytes; negative waits for as long as it takes.
  LineStatus Next(std::chrono::milliseconds patience, std::string& line);

  // Bytes of the input that Next has passed.
  std::uint64_t consumed_byte_count() const { return consumed_byte_count_; }

 private:
  enum class FillStatus : std::uint8_t { kFilled, kNotYet, kEnd, kFailed };
  FillStatus Fill(std::chrono::milliseconds patience);
  LineStatus FinishLine(std::string& line);

  int descriptor_;
  std::size_t line_byte_count_max_;
  std::string buffer_;
  std::size_t position_ = 0;  // Of what is unread in buffer_.
  std::string line_;          // The begun line.
  bool is_too_long_ = false;
  bool has_ended_ = false;
  std::uint64_t consumed_byte_count_ = 0;
};

}  // namespace datastorage::cli
