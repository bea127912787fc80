#include "minilm/minilm_embedder.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <thread>

#include "base/limits.h"
#include "minilm/reference.h"
#include "minilm/sanitizer_suppressions.h"

namespace datastorage {
namespace {

using minilm_test::ReferenceLine;
using testing::HasSubstr;

std::unique_ptr<MiniLmEmbedder> Open(Precision precision, std::size_t thread_count) {
  auto embedder = MiniLmEmbedder::Open({.model_directory = minilm_test::ModelDirectory(),
                                        .precision = precision,
                                        .thread_count = thread_count});
  if (!embedder.has_value()) ADD_FAILURE() << embedder.error().message;
  return embedder.has_value() ? *std::move(embedder) : nullptr;
}

std::vector<Embedding> EmbedAll(Embedder& embedder, const std::vector<std::string>& texts) {
  std::vector<Embedding> embeddings;
  for (std::size_t begin = 0; begin < texts.size(); begin += limits::kEmbeddingBatchTextCountMax) {
    const std::size_t end = std::min(texts.size(), begin + limits::kEmbeddingBatchTextCountMax);
    const std::vector<std::string_view> batch(texts.begin() + static_cast<std::ptrdiff_t>(begin),
                                              texts.begin() + static_cast<std::ptrdiff_t>(end));
    auto result = embedder.Embed(batch, Deadline::Never());
    if (!result.has_value()) {
      ADD_FAILURE() << result.error().message;
      return {};
    }
    embeddings.insert(embeddings.end(), result->begin(), result->end());
  }
  return embeddings;
}

struct Agreement {
  double mean = 0;
  double least = 1;
};

// Cosines between what the embedder and the independent forward pass give.
Agreement AgreementWithReference(Precision precision) {
  static const std::vector<ReferenceLine> reference =
      minilm_test::RunReference("vector_reference.py");
  EXPECT_GE(reference.size(), 200u);
  const auto embedder = Open(precision, 2);
  std::vector<std::string> texts;
  for (const ReferenceLine& line : reference) texts.push_back(line.text);
  const std::vector<Embedding> embeddings = EmbedAll(*embedder, texts);
  EXPECT_EQ(embeddings.size(), reference.size());
  Agreement agreement;
  for (std::size_t i = 0; i < embeddings.size(); ++i) {
    Embedding expected{};
    EXPECT_EQ(reference[i].vector.size(), expected.size());
    std::copy(reference[i].vector.begin(), reference[i].vector.end(), expected.begin());
    EXPECT_TRUE(IsUnit(expected));
    const double cosine = Dot(expected, embeddings[i]);
    agreement.mean += cosine / static_cast<double>(embeddings.size());
    agreement.least = std::min(agreement.least, cosine);
  }
  std::printf("cosine to the reference: mean %.6f, least %.6f\n", agreement.mean, agreement.least);
  return agreement;
}

TEST(MiniLmEmbedder, EqualsAnIndependentForwardPassInF32) {
  EXPECT_GE(AgreementWithReference(Precision::kF32).least, 0.9999);
}

TEST(MiniLmEmbedder, StaysCloseToTheForwardPassInTheProcessorsPrecision) {
  const Agreement agreement = AgreementWithReference(Precision::kAutomatic);
  EXPECT_GE(agreement.mean, 0.999);
  EXPECT_GE(agreement.least, 0.99);
}

TEST(MiniLmEmbedder, KnowsWhatTextsMean) {
  const auto embedder = Open(Precision::kAutomatic, 1);
  const auto vectors = EmbedAll(*embedder,
                                {"the container ran out of memory",
                                 "process was killed because RAM was exhausted",
                                 "the certificate of the web server has expired"});
  ASSERT_EQ(vectors.size(), 3u);
  EXPECT_GT(Dot(vectors[0], vectors[1]), Dot(vectors[0], vectors[2]) + 0.2F);
}

TEST(MiniLmEmbedder, GivesConcurrentCallersTheirOwnVectors) {
  const auto embedder = Open(Precision::kAutomatic, 2);
  std::vector<std::string> texts;
  for (int i = 0; i < 12; ++i) {
    texts.push_back("pod " + std::to_string(i) + std::string(static_cast<std::size_t>(i), '!'));
  }
  const std::vector<Embedding> expected = EmbedAll(*embedder, texts);
  ASSERT_EQ(expected.size(), texts.size());
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 6; ++caller) {
    callers.emplace_back([&, caller] {
      std::vector<std::string> mine(texts.begin() + caller, texts.end());
      const std::vector<Embedding> found = EmbedAll(*embedder, mine);
      ASSERT_EQ(found.size(), mine.size());
      for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_GE(Dot(found[i], expected[i + static_cast<std::size_t>(caller)]), 0.9999F);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(MiniLmEmbedder, CountsTokensAsCost) {
  const auto embedder = Open(Precision::kAutomatic, 1);
  EXPECT_EQ(embedder->CostOf("memory pressure"), 4);
  EXPECT_EQ(embedder->CostOf(std::string(100'000, '.')), 256);
}

TEST(MiniLmEmbedder, SaysHowItRuns) {
  const auto embedder = Open(Precision::kF32, 1);
  EXPECT_EQ(embedder->Description(), "all-MiniLM-L6-v2, f32, 1 thread");
  EXPECT_EQ(embedder->ModelId(), "minilm-all-l6-v2-53aa5117");
}

TEST(MiniLmEmbedder, NamesAllMissingFilesAndTheRemedy) {
  const minilm_test::TemporaryDirectory empty;
  const auto result = MiniLmEmbedder::Open({.model_directory = empty.path()});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(result.error().message, HasSubstr("model.safetensors"));
  EXPECT_THAT(result.error().message, HasSubstr("vocab.txt"));
  EXPECT_THAT(result.error().message,
              HasSubstr("run tools/fetch_model.sh or start with --embedder lexical"));
}

TEST(MiniLmEmbedder, RefusesOtherWeights) {
  const minilm_test::TemporaryDirectory directory;
  std::filesystem::create_symlink(minilm_test::ModelDirectory() + "/vocab.txt",
                                  directory.path() + "/vocab.txt");
  std::ofstream(directory.path() + "/model.safetensors") << "other weights";
  const auto result = MiniLmEmbedder::Open({.model_directory = directory.path()});
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(result.error().message,
              HasSubstr("is not the file of all-MiniLM-L6-v2: its SHA-256 is "));
}

}  // namespace
}  // namespace datastorage
