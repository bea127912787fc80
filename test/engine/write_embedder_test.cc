#include "engine/write_embedder.h"

#include <gmock/gmock.h>

#include <thread>

#include "fake/fake_embedder.h"
#include "memory_cache/memory_embedding_cache.h"
#include "schema/embedded_text.h"

namespace datastorage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Deadline kImpatient = Deadline::At(SteadyTime());  // Waits for no slot.

class WriteEmbedderTest : public testing::Test {
 protected:
  ~WriteEmbedderTest() override { model_.Open(); }

  static Deadline Soon() { return Deadline::In(seconds(30)); }
  static TextToEmbed Embed(WriteEmbedder& embedder, const std::string& text, Deadline deadline) {
    TextToEmbed wanted{text, std::nullopt, PendingReason::kNotYet};
    embedder.EmbedEach({&wanted, 1}, deadline, kImpatient);
    return wanted;
  }

  FakeEmbedder model_;
  MemoryEmbeddingCache cache_{MemoryEmbeddingCache::Options{}};
  Metrics metrics_;
  EmbeddingService service_{ThreadRuntime(), model_, cache_, metrics_, {1}};
  WaitSlots one_slot_{ThreadRuntime(), 1};
  WriteEmbedder embedder_{ThreadRuntime(), &service_, one_slot_};
};

TEST_F(WriteEmbedderTest, GivesEachTextItsVectorSpaceAndHash) {
  std::vector<TextToEmbed> texts(2);
  texts[0].text = "disk full";
  texts[1].text = "network down";
  embedder_.EmbedEach(texts, Soon(), kImpatient);
  for (const TextToEmbed& each : texts) {
    ASSERT_TRUE(each.embedding.has_value());
    EXPECT_EQ(each.embedding->vector, FakeEmbedder::VectorOf(each.text));
    EXPECT_EQ(each.embedding->space, service_.Space());
    EXPECT_EQ(each.embedding->text_hash, schema::EmbeddedTextHash(each.text));
  }
}

TEST_F(WriteEmbedderTest, LeavesTextsAsTheyAreWithoutAnEmbedder) {
  WriteEmbedder none(ThreadRuntime(), nullptr, one_slot_);
  const TextToEmbed text = Embed(none, "disk full", Soon());
  EXPECT_FALSE(text.embedding.has_value());
  EXPECT_EQ(text.reason, PendingReason::kNotYet);
}

TEST_F(WriteEmbedderTest, WaitsNoLongerThanItsDeadlineAndSaysBusy) {
  model_.Close();
  const TextToEmbed text = Embed(embedder_, "disk full", Deadline::In(milliseconds(20)));
  EXPECT_FALSE(text.embedding.has_value());
  EXPECT_EQ(text.reason, PendingReason::kEmbedderBusy);
}

TEST_F(WriteEmbedderTest, SaysUnavailableWhereTheModelFails) {
  for (const ErrorCode code : {ErrorCode::kInternal, ErrorCode::kUnavailable}) {
    model_.FailWhere([](std::string_view text) { return text == "bad"; }, code);
    EXPECT_EQ(Embed(embedder_, "bad", Soon()).reason, PendingReason::kEmbedderUnavailable);
  }
  // One bad text takes no other with it, and the slot was given back each time.
  model_.FailWhere([](std::string_view text) { return text == "bad"; }, ErrorCode::kInternal);
  std::vector<TextToEmbed> texts(2);
  texts[0].text = "bad";
  texts[1].text = "good";
  embedder_.EmbedEach(texts, Soon(), kImpatient);
  EXPECT_EQ(texts[0].reason, PendingReason::kEmbedderUnavailable);
  EXPECT_TRUE(texts[1].embedding.has_value());
}

TEST_F(WriteEmbedderTest, AnswersAtOnceFromTheCacheAloneWhenNoSlotIsFree) {
  ASSERT_TRUE(Embed(embedder_, "known", Soon()).embedding.has_value());
  model_.Close();
  std::jthread waiting(
      [&] { EXPECT_TRUE(Embed(embedder_, "slow", Soon()).embedding.has_value()); });
  ASSERT_TRUE(model_.AwaitCallsInside(1));  // The slot is taken, and the model stands.
  std::vector<TextToEmbed> texts(2);
  texts[0].text = "known";
  texts[1].text = "new";
  embedder_.EmbedEach(texts, Deadline::Never(), kImpatient);
  EXPECT_TRUE(texts[0].embedding.has_value());
  EXPECT_FALSE(texts[1].embedding.has_value());
  EXPECT_EQ(texts[1].reason, PendingReason::kEmbedderBusy);
  // It was queued all the same, so that the relay finds it done.
  model_.Open();
  waiting.join();
  const Deadline deadline = Soon();
  while (model_.RunCountOf("new") == 0 && !deadline.HasPassed()) std::this_thread::yield();
  EXPECT_EQ(model_.RunCountOf("new"), 1);
  // The slot is free again.
  EXPECT_TRUE(Embed(embedder_, "newer", Soon()).embedding.has_value());
}

}  // namespace
}  // namespace datastorage
