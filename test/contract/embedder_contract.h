// What every Embedder promises. Instantiate EmbedderContract with a factory.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "base/limits.h"
#include "ports/embedder.h"

namespace datastorage {

struct EmbedderFactory {
  std::string name;
  std::function<std::unique_ptr<Embedder>()> make;  // Null when it cannot be made.

  friend void PrintTo(const EmbedderFactory& factory, std::ostream* out) { *out << factory.name; }
};

// Texts of all lengths and scripts.
inline std::vector<std::string> ContractTexts() {
  std::vector<std::string> texts = {"a",
                                    " ",
                                    "\t\n",
                                    "?!",
                                    "\xF0\x9F\x94\xA5",
                                    "\xCC\x81",
                                    "\xE2\x80\x8B",
                                    "OOMKilled",
                                    "the pod ran out of memory",
                                    "The pod ran out of memory.",
                                    "disk full",
                                    "[SEP]",
                                    "\xE3\x83\xA1\xE3\x83\xA2\xE3\x83\xAA\xE4\xB8\x8D\xE8\xB6\xB3",
                                    std::string(100'000, 'x')};
  std::string words;
  for (int i = 0; i < 40; ++i) {
    words += "node-" + std::to_string(i * 7) + (i % 3 == 0 ? " failed its health check; " : ", ");
    if (i % 2 == 0) texts.push_back(words);
  }
  return texts;
}

class EmbedderContract : public testing::TestWithParam<EmbedderFactory> {
 protected:
  void SetUp() override { ASSERT_NE(embedder_, nullptr); }

  std::vector<Embedding> Embed(const std::vector<std::string>& texts) {
    const std::vector<std::string_view> views(texts.begin(), texts.end());
    auto embeddings = embedder_->Embed(views, Deadline::Never());
    EXPECT_TRUE(embeddings.has_value() && embeddings->size() == texts.size());
    return embeddings.has_value() ? *embeddings : std::vector<Embedding>(texts.size());
  }
  // Each text in a call of its own.
  std::vector<Embedding> EmbedAlone(const std::vector<std::string>& texts) {
    std::vector<Embedding> embeddings;
    for (const std::string& text : texts) embeddings.push_back(Embed({text}).front());
    return embeddings;
  }

  std::unique_ptr<Embedder> embedder_ = GetParam().make();
};

TEST_P(EmbedderContract, GivesAUnitVectorForEveryText) {
  const std::vector<std::string> texts = ContractTexts();
  const std::vector<Embedding> embeddings = EmbedAlone(texts);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_TRUE(IsUnit(embeddings[i])) << texts[i].substr(0, 40);
  }
}

TEST_P(EmbedderContract, GivesATextOneVectorWhateverElseIsInTheBatch) {
  const std::vector<std::string> texts = ContractTexts();
  const std::vector<Embedding> alone = EmbedAlone(texts);
  const std::size_t batch_size = limits::kEmbeddingBatchTextCountMax;
  // Batches of neighbours, in order and reversed, and with each text many times.
  for (std::size_t first = 0; first < texts.size(); first += 12) {
    std::vector<std::string> batch;
    std::vector<std::size_t> origin;
    for (std::size_t i = 0; i < batch_size; ++i) {
      origin.push_back((first + (i % 2 == 0 ? i : texts.size() - i)) % texts.size());
      batch.push_back(texts[origin.back()]);
    }
    const std::vector<Embedding> together = Embed(batch);
    for (std::size_t i = 0; i < batch_size; ++i) {
      EXPECT_GE(Dot(together[i], alone[origin[i]]), 0.9999F) << batch[i].substr(0, 40);
    }
  }
}

TEST_P(EmbedderContract, TellsTextsApart) {
  const auto vectors = Embed({"disk full", "the certificate has expired", "pod evicted"});
  EXPECT_LT(Dot(vectors[0], vectors[1]), 0.9F);
  EXPECT_LT(Dot(vectors[0], vectors[2]), 0.9F);
  EXPECT_LT(Dot(vectors[1], vectors[2]), 0.9F);
}

TEST_P(EmbedderContract, FindsTheLikerTextNearer) {
  const auto vectors =
      Embed({"memory limit exceeded", "container exceeded its memory limit", "dns lookup failed"});
  EXPECT_GT(Dot(vectors[0], vectors[1]), Dot(vectors[0], vectors[2]) + 0.1F);
}

TEST_P(EmbedderContract, RefusesAPassedDeadline) {
  const std::vector<std::string_view> texts = {"a"};
  const auto result = embedder_->Embed(texts, Deadline::In(Duration::zero()));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_TRUE(IsUnit(Embed({"a"}).front())) << "and goes on to serve";
}

TEST_P(EmbedderContract, ServesCallersAtOnce) {
  const std::vector<std::string> texts = ContractTexts();
  const std::vector<Embedding> alone = EmbedAlone(texts);
  std::vector<std::thread> callers;
  for (std::size_t caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      for (std::size_t i = caller; i + 3 < texts.size(); i += 4) {
        const auto embeddings = Embed({texts[i], texts[i + 3]});
        EXPECT_GE(Dot(embeddings[0], alone[i]), 0.9999F);
        EXPECT_GE(Dot(embeddings[1], alone[i + 3]), 0.9999F);
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
}

TEST_P(EmbedderContract, NamesItsModelTheSameEachTime) {
  EXPECT_FALSE(embedder_->ModelId().empty());
  EXPECT_EQ(embedder_->ModelId(), GetParam().make()->ModelId());
}

TEST_P(EmbedderContract, CostsMoreForMoreTextUpToABound) {
  std::string text = "word ";
  int cost = embedder_->CostOf(text);
  EXPECT_GT(cost, 0);
  for (int i = 0; i < 16; ++i) {
    text += text;
    EXPECT_GE(embedder_->CostOf(text), cost);
    cost = embedder_->CostOf(text);
  }
  EXPECT_GT(cost, embedder_->CostOf("word"));
}

}  // namespace datastorage
