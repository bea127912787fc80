// TextDictionary: the distinct texts of one member, numbered from 1 in order of appearance.
// 0 is "absent". A filter leaf is decided once per number instead of once per row.
//
// Threads:     one writer; any number of readers beside it. Texts never move or change: they lie
//              in chunks that double, and a number is published (release) after its text.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace datastorage::scan {

class TextDictionary {
 public:
  // Writer only. The number of `text`, new or old.
  std::uint32_t NumberOf(std::string_view text);

  // Numbers 1…size() are readable. A row read from a table whose row count was acquired before
  // has no number above it.
  std::uint32_t size() const { return size_.load(std::memory_order_acquire); }
  // REQUIRES: 1 <= number <= size().
  std::string_view TextOf(std::uint32_t number) const;

 private:
  static constexpr std::uint32_t kFirstChunkBits = 8;
  static constexpr std::size_t kChunkCountMax = 24;  // 256 · (2^24 − 1) texts.

  struct Place {
    std::size_t chunk;
    std::size_t offset;
  };
  static Place PlaceOf(std::uint32_t number);

  std::array<std::unique_ptr<std::string[]>, kChunkCountMax> chunks_;
  std::atomic<std::uint32_t> size_{0};
  std::unordered_map<std::string_view, std::uint32_t> numbers_;  // Writer only; views of chunks_.
};

}  // namespace datastorage::scan
