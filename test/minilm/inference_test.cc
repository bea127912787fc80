#include "minilm/inference.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "minilm/reference.h"

namespace datastorage {
namespace {

using Tokens = std::vector<std::vector<TokenId>>;

std::unique_ptr<Inference> Compile(std::size_t thread_count) {
  const auto weights =
      Safetensors::Parse(*MappedFile::Open(minilm_test::ModelDirectory() + "/model.safetensors"));
  auto inference = Inference::Compile(*weights, Precision::kF32, thread_count);
  EXPECT_TRUE(inference.has_value());
  return *std::move(inference);
}

// Texts of 2 to 256 tokens, of few batches in common.
Tokens ManyLengths() {
  Tokens texts;
  for (std::size_t length = 2; length <= 256; length += 23) {
    texts.emplace_back(length, static_cast<TokenId>(2'000 + length));
    texts.emplace_back(length + length / 10, static_cast<TokenId>(3'000 + length));
    texts.back().resize(std::min<std::size_t>(texts.back().size(), 256));
  }
  return texts;
}

TEST(Inference, GivesPaddedTextsTheVectorTheyHaveAlone) {
  const auto inference = Compile(2);
  const Tokens texts = ManyLengths();
  const auto together = inference->Run(texts, Deadline::Never());
  ASSERT_TRUE(together.has_value());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto alone = inference->Run({&texts[i], 1}, Deadline::Never());
    ASSERT_TRUE(alone.has_value());
    EXPECT_GE(Dot(alone->front(), (*together)[i]), 0.99999F) << texts[i].size() << " tokens";
  }
}

// Many callers over one slot: whoever does not get it in time is told so, and the slot survives.
TEST(Inference, GivesUpWhenNoSlotIsFreeInTime) {
  const auto inference = Compile(1);
  const Tokens slow(8, std::vector<TokenId>(256, 2'000));
  std::atomic<int> answered_count = 0;
  std::atomic<int> late_count = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&] {
      const auto result = inference->Run(slow, Deadline::In(std::chrono::milliseconds(40)));
      if (result.has_value()) {
        ++answered_count;
      } else {
        EXPECT_EQ(result.error().code, ErrorCode::kDeadlineExceeded);
        ++late_count;
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_GT(late_count, 0);
  EXPECT_EQ(answered_count + late_count, 8);
  EXPECT_TRUE(inference->Run(slow, Deadline::Never()).has_value());
}

TEST(Inference, RunsWhereItSaysItRuns) {
  const auto inference = Compile(1);
  EXPECT_EQ(NameOf(inference->precision()), "f32");
  EXPECT_EQ(inference->thread_count(), 1u);
}

}  // namespace
}  // namespace datastorage
