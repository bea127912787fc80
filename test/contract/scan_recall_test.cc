// How many of the ten truly nearest the in-process index finds when its best 40 are re-ranked by
// the exact vectors: on made-up clusters always, on real texts where DS_TEST_CORPUS names a
// folder with corpus.jsonl and queries.jsonl.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "base/limits.h"
#include "minilm/minilm_embedder.h"
#include "scan/scan_index.h"
#include "schema/json.h"
#include "support/random_points.h"

namespace datastorage {
namespace {

constexpr std::size_t kWanted = 10;

struct Recall {
  double re_ranked = 0;    // Of 40 candidates.
  double as_listed = 0;    // Of the index's own first ten.
  double proven = 0;       // Share of queries whose bound proves the 40 to be enough.
  double error_max = 0;    // Greatest |score − dot product| seen.
  double error_bound = 0;  // Greatest score_error.
};

class RecallOfScan {
 public:
  explicit RecallOfScan(const std::vector<Embedding>& vectors) : vectors_(vectors) {
    for (std::size_t i = 0; i < vectors.size(); ++i) {
      const VectorWrite write{IdOf(i), 1, vectors[i], {}};
      EXPECT_TRUE(index_.Apply({&write, 1}, Deadline::Never()).has_value());
    }
  }

  Recall Over(const std::vector<Embedding>& queries) {
    Recall sum;
    for (const Embedding& query : queries) Add(query, sum);
    const auto count = static_cast<double>(queries.size());
    sum.re_ranked /= count * kWanted;
    sum.as_listed /= count * kWanted;
    sum.proven /= count;
    return sum;
  }

 private:
  static RecordId IdOf(std::size_t number) {
    RecordId id;
    for (std::size_t byte = 0; byte < 4; ++byte) {
      id.bytes[byte] = static_cast<std::uint8_t>(number >> (8 * byte));
    }
    return id;
  }
  static std::size_t NumberOf(const RecordId& id) {
    std::size_t number = 0;
    for (std::size_t byte = 0; byte < 4; ++byte) {
      number |= std::size_t{id.bytes[byte]} << (8 * byte);
    }
    return number;
  }

  void Add(const Embedding& query, Recall& sum) {
    std::vector<float> exact;
    for (const Embedding& vector : vectors_) exact.push_back(Dot(query, vector));
    std::nth_element(exact.begin(), exact.begin() + kWanted - 1, exact.end(), std::greater<>());
    const float tenth = exact[kWanted - 1];

    const auto found = index_.Nearest(query, {}, 40, Deadline::Never());
    ASSERT_TRUE(found.has_value());
    std::vector<float> candidates;
    for (const Neighbor& hit : found->hits) {
      candidates.push_back(Dot(query, vectors_[NumberOf(hit.id)]));
      sum.error_max = std::max(sum.error_max, double{std::abs(hit.score - candidates.back())});
    }
    // Counted by score, so that any of several equal texts will do.
    const auto is_among = [&](float score) { return score >= tenth; };
    sum.as_listed += static_cast<double>(
        std::count_if(candidates.begin(), candidates.begin() + kWanted, is_among));
    std::sort(candidates.begin(), candidates.end(), std::greater<>());
    sum.re_ranked += static_cast<double>(
        std::count_if(candidates.begin(), candidates.begin() + kWanted, is_among));
    const float rest_max = found->hits.back().score + found->score_error;
    sum.proven += candidates[kWanted - 1] >= rest_max ? 1 : 0;
    sum.error_bound = std::max(sum.error_bound, double{found->score_error});
  }

  const std::vector<Embedding>& vectors_;
  ScanIndex index_{{}};
};

void Print(const char* name, std::size_t count, const Recall& recall) {
  std::printf(
      "%s: %zu vectors, recall@10 %.4f re-ranking 40, %.4f as listed; proven exact %.3f; "
      "error at most %.5f, bound %.5f\n",
      name,
      count,
      recall.re_ranked,
      recall.as_listed,
      recall.proven,
      recall.error_max,
      recall.error_bound);
}

std::vector<std::string> TextsOf(const std::string& path, std::size_t count_max) {
  std::vector<std::string> texts;
  std::ifstream lines(path);
  for (std::string line; texts.size() < count_max && std::getline(lines, line);) {
    const auto json = schema::ParseJson(line);
    const schema::Json* text = json.has_value() ? json->value.Find("text") : nullptr;
    if (text != nullptr && !text->text.empty()) texts.push_back(text->text);
  }
  return texts;
}

// In the order of length, so that a batch holds little padding; the order does not matter here.
std::vector<Embedding> Embed(Embedder& embedder, std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end(), [](const std::string& a, const std::string& b) {
    return a.size() < b.size();
  });
  std::vector<Embedding> vectors;
  for (std::size_t begin = 0; begin < texts.size();) {
    const std::size_t end = std::min(begin + limits::kEmbeddingBatchTextCountMax, texts.size());
    const std::vector<std::string_view> batch(texts.begin() + static_cast<std::ptrdiff_t>(begin),
                                              texts.begin() + static_cast<std::ptrdiff_t>(end));
    const auto embedded = embedder.Embed(batch, Deadline::Never());
    EXPECT_TRUE(embedded.has_value());
    if (!embedded.has_value()) return {};
    vectors.insert(vectors.end(), embedded->begin(), embedded->end());
    begin = end;
  }
  return vectors;
}

TEST(ScanRecall, FindsTheNearestOfClusters) {
  RandomPoints random(3);
  std::vector<Embedding> vectors;
  std::vector<Embedding> queries;
  for (int cluster = 0; cluster < 50; ++cluster) {
    const Embedding center = random.Unit();
    for (int i = 0; i < 100; ++i) vectors.push_back(random.Near(center, 0.8));
    queries.push_back(random.Near(center, 0.8));
  }
  const Recall recall = RecallOfScan(vectors).Over(queries);
  Print("clusters", vectors.size(), recall);
  EXPECT_GE(recall.re_ranked, 0.99);
  EXPECT_LE(recall.error_max, recall.error_bound);
}

TEST(ScanRecall, FindsTheNearestOfRealTexts) {
  const char* folder = std::getenv("DS_TEST_CORPUS");
  if (folder == nullptr) {
    GTEST_SKIP() << "not run: recall on real texts; DS_TEST_CORPUS names no folder";
  }
  const auto embedder = MiniLmEmbedder::Open({.model_directory = DS_SOURCE_DIR "/.deps/minilm"});
  ASSERT_TRUE(embedder.has_value()) << embedder.error().message;
  const std::vector<Embedding> vectors =
      Embed(**embedder, TextsOf(std::string(folder) + "/corpus.jsonl", 5'000));
  const std::vector<Embedding> queries =
      Embed(**embedder, TextsOf(std::string(folder) + "/queries.jsonl", 500));
  ASSERT_GT(vectors.size(), 1'000u);
  ASSERT_GT(queries.size(), 100u);
  const Recall recall = RecallOfScan(vectors).Over(queries);
  Print("real texts", vectors.size(), recall);
  EXPECT_GE(recall.re_ranked, 0.99);
  EXPECT_LE(recall.error_max, recall.error_bound);
}

}  // namespace
}  // namespace datastorage
