// TextSample: how common words are among the newest records, which says how common they are in a
// large store. TextSamples keeps one for some seconds, so that not every search reads them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "postgres/text_words.h"

namespace datastorage::postgres {

// Threads: none while it is made; then any number may read it.
class TextSample {
 public:
  // A record of the sample, by its `words` in binary form; without any where it has none.
  void Add(std::int64_t word_count, std::span<const std::uint8_t> words);
  // The sample is whole. `store_size`: records in the store, about. What few records hold is
  // forgotten, so that a sample takes little memory whatever the records hold.
  void Finish(std::int64_t store_size);

  // Words a record; records without words count as of one word all together.
  double MeanLength() const;
  // About how many records of the store hold the term's rarest stem; 0: too few to say.
  std::int64_t EstimateOf(const SearchTerm& term, std::int64_t store_size) const;
  // Whether certainly more than `count` records hold the term.
  bool IsSurelyOver(const SearchTerm& term, std::int64_t count) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  std::unordered_map<std::string, std::int64_t, Hash, std::equal_to<>> stem_counts_;
  std::int64_t record_count_ = 0;
  std::int64_t word_count_ = 0;
  std::int64_t store_size_ = 0;
};

// Threads: safe to call concurrently.
class TextSamples {
 public:
  static constexpr Duration kLifetime = std::chrono::seconds(10);

  explicit TextSamples(const Clock& clock) : clock_(clock) {}

  // Null: there is none, or it is too old.
  std::shared_ptr<const TextSample> Current() const;
  void Keep(std::shared_ptr<const TextSample> sample);

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::shared_ptr<const TextSample> sample_;
  SteadyTime made_at_;
};

}  // namespace datastorage::postgres
