#include "bench/load/drawn_records.h"

#include <array>
#include <cmath>
#include <random>
#include <string>
#include <string_view>

#include "base/check.h"
#include "lexical/lexical_embedder.h"
#include "schema/embedded_text.h"

namespace datastorage::load {
namespace {

constexpr std::size_t kWordCount = 4'000;
constexpr int kSummaryWordCount = 26;
constexpr std::array<std::string_view, 16> kSyllables{"ka",
                                                      "ro",
                                                      "mi",
                                                      "te",
                                                      "lun",
                                                      "dor",
                                                      "sa",
                                                      "pel",
                                                      "vi",
                                                      "no",
                                                      "gar",
                                                      "tis",
                                                      "be",
                                                      "zu",
                                                      "fen",
                                                      "ol"};

using Random = std::mt19937_64;

// The words of all texts, pronounceable and without digits: numbers would be normalised away.
const std::vector<std::string>& Words() {
  static const std::vector<std::string> words = [] {
    std::vector<std::string> made;
    made.reserve(kWordCount);
    for (std::size_t number = 0; number < kWordCount; ++number) {
      std::string word;
      for (std::size_t rest = number + 1; rest > 0; rest /= kSyllables.size()) {
        word += kSyllables[rest % kSyllables.size()];
      }
      made.push_back(std::move(word));
    }
    return made;
  }();
  return words;
}

// Low numbers are frequent, as in any language.
const std::string& DrawWord(Random& random) {
  const double share = static_cast<double>(random() >> 11) * 0x1p-53;
  const double place = std::exp(share * std::log(static_cast<double>(kWordCount))) - 1;
  return Words()[static_cast<std::size_t>(place)];
}

// Letters that stand for a number, so that no two texts are equal.
std::string Spelled(std::uint64_t number) {
  std::string letters;
  for (; number > 0 || letters.empty(); number /= 16) letters += kSyllables[number % 16];
  return letters;
}

template <std::size_t kCount>
std::string OneOf(Random& random, const std::array<std::string_view, kCount>& choices) {
  return std::string(choices[random() % kCount]);
}

}  // namespace

Remediation DrawRecord(std::uint64_t seed, std::uint64_t number) {
  Random random(seed * 0x9E3779B97F4A7C15u + number);
  constexpr WallTime kFirst{std::chrono::seconds(1'750'000'000)};
  Remediation record;
  record.name = "remediate-" + std::to_string(random() % 1'000);
  record.namespace_ = "team-" + std::to_string(random() % 50);
  record.phase = "completed";
  record.action_type = OneOf<4>(random, {"restart_pod", "scale_up", "rollback", "cordon_node"});
  record.status = random() % 4 == 0 ? "failure" : "success";
  record.start_time = kFirst + std::chrono::seconds(number);
  record.end_time = record.start_time + std::chrono::milliseconds(random() % 60'000);
  record.duration = (*record.end_time - record.start_time).count() / 1'000;
  record.remediation_request_id = "load-" + std::to_string(seed) + "-" + std::to_string(number);
  record.alert_fingerprint = Spelled(random());
  record.severity = OneOf<3>(random, {"critical", "warning", "info"});
  record.environment = OneOf<2>(random, {"production", "staging"});
  record.cluster_name = "eu-" + std::to_string(random() % 4);
  record.target_resource = "deployment/" + Spelled(random() % 500);
  record.metadata =
      JsonObjectText{R"({"team":"payments","attempt":)" + std::to_string(random() % 5) + "}"};
  std::string& summary = record.summary.emplace();
  for (int i = 0; i < kSummaryWordCount; ++i) summary += DrawWord(random) + ' ';
  summary += Spelled(seed) + ' ' + Spelled(number);
  return record;
}

DrawnEmbedding EmbedRecord(const Remediation& record) {
  const std::optional<std::string> text = schema::EmbeddedText(record);
  DS_CHECK(text.has_value());
  const std::string_view view = *text;
  auto vectors = LexicalEmbedder().Embed({&view, 1}, Deadline::Never());
  DS_CHECK(vectors.has_value());
  return {vectors->front(), schema::EmbeddedTextHash(view)};
}

}  // namespace datastorage::load
