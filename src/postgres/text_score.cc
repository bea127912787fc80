#include "postgres/text_score.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace datastorage::postgres {
namespace {

constexpr double kK1 = 1.2;
constexpr double kB = 0.75;
constexpr double kTextWeight = 1;
constexpr double kNamePartWeight = 0.2;
constexpr double kRarityLeast = 1e-6;  // Of what more than half of the records hold.
// The server keeps a place in 14 bits, below two of its weight: 3 is A, 0 is D.
constexpr unsigned kPlaceMask = 0x3FFF;

std::uint16_t PlaceOf(std::uint16_t weighted) {
  return static_cast<std::uint16_t>(weighted & kPlaceMask);
}

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  std::uint32_t Number(std::size_t byte_count) {
    DS_CHECK(byte_count <= rest_.size());
    std::uint32_t number = 0;
    for (const std::uint8_t byte : rest_.first(byte_count)) number = (number << 8U) | byte;
    rest_ = rest_.subspan(byte_count);
    return number;
  }

  std::string_view Text() {
    const auto end = std::find(rest_.begin(), rest_.end(), std::uint8_t{0});
    DS_CHECK(end != rest_.end());
    const auto size = static_cast<std::size_t>(end - rest_.begin());
    const std::string_view text(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size + 1);
    return text;
  }

  void Skip(std::size_t byte_count) {
    DS_CHECK(byte_count <= rest_.size());
    rest_ = rest_.subspan(byte_count);
  }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace

TermCounter::TermCounter(const std::vector<SearchTerm>& terms) {
  for (const SearchTerm& term : terms) {
    std::vector<std::size_t>& numbers = terms_.emplace_back();
    for (const std::string& stem : term) {
      numbers.push_back(stem_numbers_.try_emplace(stem, stem_numbers_.size()).first->second);
    }
  }
  places_.resize(stem_numbers_.size());
}

void TermCounter::ReadPlaces(std::span<const std::uint8_t> words) {
  for (Places& places : places_) places.clear();
  ByteReader reader(words);
  for (std::uint32_t count = reader.Number(4); count > 0; --count) {
    const auto found = stem_numbers_.find(reader.Text());
    const std::uint32_t place_count = reader.Number(2);
    if (found == stem_numbers_.end()) {
      reader.Skip(std::size_t{place_count} * 2);
      continue;
    }
    Places& places = places_[found->second];
    for (std::uint32_t i = 0; i < place_count; ++i) {
      places.push_back(static_cast<std::uint16_t>(reader.Number(2)));
    }
  }
}

// Of a term of several words, only where they stand one after the other.
double TermCounter::FrequencyOf(const std::vector<std::size_t>& stems) const {
  double frequency = 0;
  for (const std::uint16_t first : places_[stems.front()]) {
    bool is_whole = true;
    for (std::size_t i = 1; i < stems.size() && is_whole; ++i) {
      const Places& places = places_[stems[i]];
      is_whole = std::any_of(places.begin(), places.end(), [&](std::uint16_t place) {
        return PlaceOf(place) == PlaceOf(first) + i;
      });
    }
    if (is_whole) frequency += first > kPlaceMask ? kTextWeight : kNamePartWeight;
  }
  return frequency;
}

std::vector<double> TermCounter::FrequenciesOf(std::span<const std::uint8_t> words) {
  ReadPlaces(words);
  std::vector<double> frequencies;
  frequencies.reserve(terms_.size());
  for (const std::vector<std::size_t>& stems : terms_) frequencies.push_back(FrequencyOf(stems));
  return frequencies;
}

Bm25::Bm25(const TextStatistics& statistics) : mean_length_(statistics.mean_length) {
  for (const double count : statistics.term_counts) {
    const double rarity = std::log((statistics.record_count - count + 0.5) / (count + 0.5));
    rarities_.push_back(rarity > 0 ? rarity : kRarityLeast);
  }
}

double Bm25::Score(std::span<const double> frequencies, std::int64_t length) const {
  DS_CHECK(frequencies.size() == rarities_.size());
  const double norm = kK1 * (1 - kB + kB * static_cast<double>(length) / mean_length_);
  double score = 0;
  for (std::size_t i = 0; i < frequencies.size(); ++i) {
    if (frequencies[i] > 0) {
      score += rarities_[i] * (frequencies[i] * (kK1 + 1) / (frequencies[i] + norm));
    }
  }
  return score;
}

}  // namespace datastorage::postgres
