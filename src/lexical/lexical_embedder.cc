#include "lexical/lexical_embedder.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "base/check.h"
#include "base/limits.h"

namespace datastorage {
namespace {

// Every constant below is part of the vectors: changing one needs a new model id.
constexpr std::string_view kModelId = "lexical-1";
constexpr std::size_t kGramLengthMin = 3;
constexpr std::size_t kGramLengthMax = 5;
// Short words are mostly grammar: a word weighs its length, up to this many characters, which
// stands in for the document frequencies that a vector made alone cannot know.
constexpr float kFullWeightLength = 6.0F;
// The length of the vector of all grams of a word, against the word's own.
constexpr float kGramsWeight = 2.0F;
// Longer runs are keys or base64, whose grams would drown the rest.
constexpr std::size_t kGrammedLengthMax = 40;

constexpr std::uint64_t kWordSeed = 0x9E3779B97F4A7C15u;
constexpr std::uint64_t kGramSeed = 0xC2B2AE3D27D4EB4Fu;
constexpr std::uint64_t kSymbolSeed = 0x165667B19E3779F9u;

std::uint64_t Mix(std::uint64_t state, std::uint64_t value) {
  state = (state ^ value) * 0xFF51AFD7ED558CCDu;
  return state ^ (state >> 32);
}

std::uint64_t Finish(std::uint64_t state) {
  state = (state ^ (state >> 29)) * 0xC4CEB9FE1A85EC53u;
  return state ^ (state >> 32);
}

struct Feature {
  std::uint64_t hash;
  float weight;
};

// ICU's macro counts as nesting.
std::vector<UChar32> CodePoints(std::string_view text) {  // NOLINT(readability-function-size)
  text = text.substr(0, kLexicalByteCountMax);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  std::vector<UChar32> points;
  points.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    UChar32 c = bytes[at];
    if (c < 0x80) {
      ++at;
      if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
    } else {
      U8_NEXT_OR_FFFD(bytes, at, text.size(), c);
      c = u_foldCase(c, U_FOLD_CASE_DEFAULT);
    }
    points.push_back(c);
  }
  return points;
}

bool IsWordCharacter(UChar32 c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
  return u_isalnum(c) != 0 || (U_GET_GC_MASK(c) & U_GC_M_MASK) != 0;
}

bool IsSpace(UChar32 c) {
  return c == ' ' || (c < 0x20 && c >= 0) || u_isUWhiteSpace(c) != 0;
}

std::uint64_t HashOf(std::span<const UChar32> points, std::uint64_t seed) {
  for (const UChar32 c : points) seed = Mix(seed, static_cast<std::uint64_t>(c));
  return Finish(seed);
}

// The word itself, and its grams with a mark before its start and after its end.
void AddWord(std::span<const UChar32> word, std::vector<Feature>& features) {
  const float weight = std::min(1.0F, static_cast<float>(word.size()) / kFullWeightLength);
  features.push_back({HashOf(word, kWordSeed), weight});
  word = word.first(std::min(word.size(), kGrammedLengthMax));
  std::array<UChar32, kGrammedLengthMax + 2> marked{};
  std::copy(word.begin(), word.end(), marked.begin() + 1);
  const std::size_t length = word.size() + 2;
  const std::size_t first_gram = features.size();
  for (std::size_t begin = 0; begin + kGramLengthMin <= length; ++begin) {
    std::uint64_t state = kGramSeed;
    for (std::size_t n = 1; n <= kGramLengthMax && begin + n <= length; ++n) {
      state = Mix(state, static_cast<std::uint64_t>(marked[begin + n - 1]));
      if (n >= kGramLengthMin) features.push_back({Finish(state), 0});
    }
  }
  const auto gram_count = static_cast<float>(features.size() - first_gram);
  for (std::size_t i = first_gram; i < features.size(); ++i) {
    features[i].weight = weight * kGramsWeight / std::sqrt(gram_count);
  }
}

std::vector<Feature> FeaturesOf(std::span<const UChar32> points) {
  std::vector<Feature> features;
  features.reserve(points.size() * 4);
  for (std::size_t begin = 0; begin < points.size();) {
    std::size_t end = begin;
    while (end < points.size() && IsWordCharacter(points[end])) ++end;
    if (end > begin) AddWord(points.subspan(begin, end - begin), features);
    begin = std::max(end, begin + 1);
  }
  if (!features.empty()) return features;
  // Nothing but symbols, such as "?!" or an emoji: these are then what it is about.
  for (const UChar32 c : points) {
    if (!IsSpace(c)) features.push_back({HashOf({&c, 1}, kSymbolSeed), 1});
  }
  return features;
}

Embedding VectorOf(std::string_view text) {
  const std::vector<UChar32> points = CodePoints(text);
  std::vector<Feature> features = FeaturesOf(points);
  std::sort(features.begin(), features.end(), [](const Feature& a, const Feature& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.weight < b.weight;
  });
  Embedding embedding{};
  for (std::size_t begin = 0; begin < features.size();) {
    const Feature& feature = features[begin];
    std::size_t end = begin;
    while (end < features.size() && features[end].hash == feature.hash) ++end;
    // Sublinear: the tenth "retry" says little that the first did not.
    const float weight = feature.weight * (1.0F + std::log(static_cast<float>(end - begin)));
    const float sign = (feature.hash >> 63) != 0 ? -1.0F : 1.0F;
    embedding[feature.hash % kEmbeddingDimensionCount] += sign * weight;
    begin = end;
  }
  // White space alone, or features that cancel: any fixed direction will do.
  if (!Normalize(embedding)) {
    embedding.fill(0);
    embedding[HashOf(points, kSymbolSeed) % kEmbeddingDimensionCount] = 1;
  }
  return embedding;
}

}  // namespace

std::string LexicalEmbedder::ModelId() const {
  return std::string(kModelId);
}

Result<std::vector<Embedding>> LexicalEmbedder::Embed(std::span<const std::string_view> texts,
                                                      Deadline deadline) {
  DS_CHECK(!texts.empty() && texts.size() <= limits::kEmbeddingBatchTextCountMax);
  std::vector<Embedding> embeddings;
  embeddings.reserve(texts.size());
  for (const std::string_view text : texts) {
    if (deadline.HasPassed()) return DeadlineExceeded("embed: the deadline passed");
    embeddings.push_back(VectorOf(text));
  }
  return embeddings;
}

int LexicalEmbedder::CostOf(std::string_view text) const {
  return static_cast<int>(std::min(text.size(), kLexicalByteCountMax) / 4) + 1;
}

}  // namespace datastorage
