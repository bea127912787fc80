#include "scan/text_dictionary.h"

#include <bit>

#include "base/check.h"

namespace datastorage::scan {

TextDictionary::Place TextDictionary::PlaceOf(std::uint32_t number) {
  const std::size_t index = number - 1;
  const auto chunk = static_cast<std::size_t>(std::bit_width((index >> kFirstChunkBits) + 1) - 1);
  const std::size_t first = ((std::size_t{1} << chunk) - 1) << kFirstChunkBits;
  return {chunk, index - first};
}

std::uint32_t TextDictionary::NumberOf(std::string_view text) {
  const auto known = numbers_.find(text);
  if (known != numbers_.end()) return known->second;

  const std::uint32_t number = size_.load(std::memory_order_relaxed) + 1;
  const Place place = PlaceOf(number);
  DS_CHECK(place.chunk < kChunkCountMax);
  if (chunks_[place.chunk] == nullptr) {
    chunks_[place.chunk] =
        std::make_unique<std::string[]>(std::size_t{1} << (kFirstChunkBits + place.chunk));
  }
  std::string& slot = chunks_[place.chunk][place.offset];
  slot = text;
  numbers_.emplace(slot, number);
  size_.store(number, std::memory_order_release);
  return number;
}

std::string_view TextDictionary::TextOf(std::uint32_t number) const {
  const Place place = PlaceOf(number);
  return chunks_[place.chunk][place.offset];
}

}  // namespace datastorage::scan
