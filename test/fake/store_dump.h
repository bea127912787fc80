// StoreDump: everything a record store holds as sorted lines of text, so that two stores can be
// compared. Integers as they are, texts in quotes, bytes in hex, absent values as "-".
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/sha256.h"
#include "base/uuid.h"

namespace datastorage {

class DumpLine {
 public:
  explicit DumpLine(std::string_view table) : text_(table) {}

  DumpLine& Null() { return Append("-"); }
  DumpLine& Integer(std::int64_t value) { return Append(std::to_string(value)); }
  DumpLine& Text(std::string_view value) { return Append("'" + std::string(value) + "'"); }
  DumpLine& Time(WallTime time) { return Integer(time.time_since_epoch().count()); }
  DumpLine& Id(const Uuid& id) { return Bytes(id.bytes); }
  DumpLine& Hash(const std::optional<Sha256>& hash) { return hash ? Bytes(*hash) : Null(); }
  DumpLine& Bytes(std::span<const std::uint8_t> bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (const std::uint8_t byte : bytes) {
      hex.push_back(kDigits[byte >> 4U]);
      hex.push_back(kDigits[byte & 0x0FU]);
    }
    return Append(hex);
  }

  const std::string& text() const { return text_; }

 private:
  DumpLine& Append(std::string_view value) {
    text_.append(" ").append(value);
    return *this;
  }

  std::string text_;
};

class StoreDump {
 public:
  void Add(const DumpLine& line) { lines_.push_back(line.text()); }

  std::string ToText() {
    std::sort(lines_.begin(), lines_.end());
    std::string text;
    for (const std::string& line : lines_) text.append(line).append("\n");
    return text;
  }

 private:
  std::vector<std::string> lines_;
};

}  // namespace datastorage
