#include "postgres/text_sample.h"

#include <algorithm>

#include "postgres/text_score.h"

namespace datastorage::postgres {
namespace {

// Fewer in the sample may be chance.
constexpr std::int64_t kCountLeast = 20;
constexpr std::int64_t kSafety = 4;

}  // namespace

void TextSample::Add(std::int64_t word_count, std::span<const std::uint8_t> words) {
  ++record_count_;
  word_count_ += word_count;
  if (words.empty()) return;
  for (const std::string_view stem : StemsOf(words)) {
    const auto found = stem_counts_.find(stem);
    if (found == stem_counts_.end()) {
      stem_counts_.emplace(stem, 1);
    } else {
      ++found->second;
    }
  }
}

void TextSample::Finish(std::int64_t store_size) {
  store_size_ = store_size;
  std::erase_if(stem_counts_, [](const auto& each) { return each.second < kCountLeast; });
}

double TextSample::MeanLength() const {
  return static_cast<double>(std::max<std::int64_t>(word_count_, 1)) /
         static_cast<double>(std::max<std::int64_t>(record_count_, 1));
}

std::int64_t TextSample::EstimateOf(const SearchTerm& term, std::int64_t store_size) const {
  std::int64_t least = record_count_;
  for (const std::string& stem : term) {
    const auto found = stem_counts_.find(std::string_view(stem));
    least = std::min(least, found == stem_counts_.end() ? 0 : found->second);
  }
  const double share =
      static_cast<double>(least) / static_cast<double>(std::max<std::int64_t>(record_count_, 1));
  return static_cast<std::int64_t>(share * static_cast<double>(store_size));
}

bool TextSample::IsSurelyOver(const SearchTerm& term, std::int64_t count) const {
  // Of several words the sample does not say how often they stand together.
  return term.size() == 1 && EstimateOf(term, store_size_) > kSafety * count;
}

std::shared_ptr<const TextSample> TextSamples::Current() const {
  const std::lock_guard lock(mutex_);
  if (sample_ == nullptr || clock_.Now() - made_at_ > kLifetime) return nullptr;
  return sample_;
}

void TextSamples::Keep(std::shared_ptr<const TextSample> sample) {
  const std::lock_guard lock(mutex_);
  sample_ = std::move(sample);
  made_at_ = clock_.Now();
}

}  // namespace datastorage::postgres
