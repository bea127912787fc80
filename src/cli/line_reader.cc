#include "cli/line_reader.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace datastorage::cli {
namespace {

constexpr std::size_t kReadByteCount = std::size_t{64} << 10;

}  // namespace

LineStatus LineReader::Next(std::chrono::milliseconds patience, std::string& line) {
  while (true) {
    const std::size_t end = buffer_.find('\n', position_);
    const bool has_end = end != std::string::npos;
    const std::size_t count = (has_end ? end : buffer_.size()) - position_;
    if (line_.size() + count > line_byte_count_max_) is_too_long_ = true;
    if (is_too_long_) {
      line_.clear();
    } else {
      line_.append(buffer_, position_, count);
    }
    consumed_byte_count_ += count + (has_end ? 1 : 0);
    position_ += count + (has_end ? 1 : 0);
    if (has_end) return FinishLine(line);
    switch (has_ended_ ? FillStatus::kEnd : Fill(patience)) {
      case FillStatus::kFilled: break;
      case FillStatus::kNotYet: return LineStatus::kNotYet;
      case FillStatus::kFailed: return LineStatus::kFailed;
      case FillStatus::kEnd:
        has_ended_ = true;
        if (line_.empty() && !is_too_long_) return LineStatus::kEnd;
        return FinishLine(line);
    }
  }
}

LineReader::FillStatus LineReader::Fill(std::chrono::milliseconds patience) {
  pollfd waiting{descriptor_, POLLIN, 0};
  const int ready = poll(&waiting, 1, static_cast<int>(patience.count()));
  if (ready == 0) return FillStatus::kNotYet;
  if (ready < 0) return errno == EINTR ? FillStatus::kNotYet : FillStatus::kFailed;
  buffer_.resize(kReadByteCount);
  position_ = 0;
  const ssize_t count = read(descriptor_, buffer_.data(), buffer_.size());
  buffer_.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  if (count > 0) return FillStatus::kFilled;
  if (count == 0) return FillStatus::kEnd;
  return errno == EINTR ? FillStatus::kNotYet : FillStatus::kFailed;
}

LineStatus LineReader::FinishLine(std::string& line) {
  const LineStatus status = is_too_long_ ? LineStatus::kTooLong : LineStatus::kLine;
  if (line_.ends_with('\r')) line_.pop_back();
  line.swap(line_);
  line_.clear();
  is_too_long_ = false;
  return status;
}

}  // namespace datastorage::cli
