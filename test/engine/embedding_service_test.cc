#include "engine/embedding_service.h"

#include <gtest/gtest.h>

#include <functional>
#include <thread>
#include <utility>

#include "base/limits.h"
#include "fake/fake_embedder.h"
#include "memory_cache/memory_embedding_cache.h"

namespace datastorage {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class EmbeddingServiceTest : public testing::Test {
 protected:
  EmbeddingServiceTest() : cache_(MemoryEmbeddingCache::Options{}) {
    service_ = std::make_unique<EmbeddingService>(
        ThreadRuntime(), embedder_, cache_, metrics_, EmbeddingService::Options{1});
  }
  ~EmbeddingServiceTest() override { embedder_.Open(); }

  Result<Embedding> Embed(std::string_view text, EmbeddingPriority priority, Duration budget) {
    return service_->Embed(text, priority, Deadline::In(budget));
  }

  FakeEmbedder embedder_;
  MemoryEmbeddingCache cache_;
  Metrics metrics_;
  std::unique_ptr<EmbeddingService> service_;
};

TEST_F(EmbeddingServiceTest, GivesEachTextItsOwnVectorInOrder) {
  const std::vector<std::string_view> texts{"disk full", "pod evicted", "disk full"};
  const auto results =
      service_->EmbedEach(texts, EmbeddingPriority::kWrite, Deadline::In(seconds(30)));
  ASSERT_EQ(results.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    ASSERT_TRUE(results[i].has_value());
    EXPECT_EQ(*results[i], FakeEmbedder::VectorOf(texts[i]));
  }
  EXPECT_EQ(embedder_.RunCountOf("disk full"), 1);
}

TEST_F(EmbeddingServiceTest, RunsEqualTextsOfManyCallersOnce) {
  embedder_.Close();
  std::vector<std::thread> callers;
  std::atomic<int> success_count = 0;
  for (int i = 0; i < 8; ++i) {
    callers.emplace_back([&] {
      const auto result = Embed("same text", EmbeddingPriority::kWrite, seconds(30));
      if (result.has_value()) ++success_count;
    });
  }
  EXPECT_TRUE(embedder_.AwaitCallsInside(1));
  embedder_.Open();
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(success_count, 8);
  EXPECT_EQ(embedder_.RunCountOf("same text"), 1);
}

// A cache where something happens between a look-up that finds nothing and its answer.
class InterruptedCache final : public EmbeddingCache {
 public:
  explicit InterruptedCache(EmbeddingCache& inner) : inner_(inner) {}
  void InterruptNextGet(std::function<void()> interruption) { next_ = std::move(interruption); }

  Result<std::vector<std::optional<Embedding>>> Get(std::span<const EmbeddingKey> keys,
                                                    Deadline deadline) override {
    auto found = inner_.Get(keys, deadline);
    if (next_) std::exchange(next_, nullptr)();
    return found;
  }
  Result<void> Put(std::span<const EmbeddingCacheEntry> entries, Deadline deadline) override {
    return inner_.Put(entries, deadline);
  }

 private:
  EmbeddingCache& inner_;
  std::function<void()> next_;
};

TEST_F(EmbeddingServiceTest, RunsATextOnceThatWasDoneWhileACallerLookedItUp) {
  InterruptedCache cache(cache_);
  EmbeddingService service(
      ThreadRuntime(), embedder_, cache, metrics_, EmbeddingService::Options{1});
  const auto embed = [&] {
    const auto result =
        service.Embed("same text", EmbeddingPriority::kWrite, Deadline::In(seconds(30)));
    EXPECT_TRUE(result.has_value());
  };
  cache.InterruptNextGet(embed);
  embed();
  EXPECT_EQ(embedder_.RunCountOf("same text"), 1);
}

TEST_F(EmbeddingServiceTest, KeepsATextWhoseCallerGaveUpAndNeverComputesItTwice) {
  embedder_.Close();
  const auto given_up = Embed("slow text", EmbeddingPriority::kWrite, milliseconds(5));
  ASSERT_FALSE(given_up.has_value());
  EXPECT_EQ(given_up.error().code, ErrorCode::kDeadlineExceeded);
  embedder_.Open();
  const auto later = Embed("slow text", EmbeddingPriority::kRelay, seconds(30));
  ASSERT_TRUE(later.has_value());
  EXPECT_EQ(embedder_.RunCountOf("slow text"), 1);
}

TEST_F(EmbeddingServiceTest, LetsQueriesPassAheadOfWrites) {
  embedder_.Close();
  EXPECT_FALSE(Embed("occupies the model", EmbeddingPriority::kWrite, milliseconds(1)).has_value());
  ASSERT_TRUE(embedder_.AwaitCallsInside(1));
  EXPECT_FALSE(Embed("a write", EmbeddingPriority::kWrite, milliseconds(1)).has_value());
  EXPECT_FALSE(Embed("a query", EmbeddingPriority::kQuery, milliseconds(1)).has_value());
  embedder_.Open();
  ASSERT_TRUE(Embed("a write", EmbeddingPriority::kRelay, seconds(30)).has_value());
  const std::vector<std::string> expected{"occupies the model", "a query", "a write"};
  EXPECT_EQ(embedder_.Order(), expected);
}

TEST_F(EmbeddingServiceTest, PullsAQueuedTextForwardWhenAQueryAsksForIt) {
  embedder_.Close();
  EXPECT_FALSE(Embed("occupies the model", EmbeddingPriority::kWrite, milliseconds(1)).has_value());
  ASSERT_TRUE(embedder_.AwaitCallsInside(1));
  EXPECT_FALSE(Embed("first", EmbeddingPriority::kRelay, milliseconds(1)).has_value());
  EXPECT_FALSE(Embed("second", EmbeddingPriority::kWrite, milliseconds(1)).has_value());
  EXPECT_FALSE(Embed("first", EmbeddingPriority::kQuery, milliseconds(1)).has_value());
  embedder_.Open();
  ASSERT_TRUE(Embed("second", EmbeddingPriority::kWrite, seconds(30)).has_value());
  const std::vector<std::string> expected{"occupies the model", "first", "second"};
  EXPECT_EQ(embedder_.Order(), expected);
}

TEST_F(EmbeddingServiceTest, RefusesWritesWhenTheQueueIsFullButStillTakesAQuery) {
  embedder_.Close();
  std::vector<std::string> texts;
  for (std::size_t i = 0; i <= limits::kEmbeddingQueueCountMax; ++i) {
    texts.push_back("text number " + std::to_string(i));
  }
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  const auto results =
      service_->EmbedEach(views, EmbeddingPriority::kWrite, Deadline::In(milliseconds(1)));
  EXPECT_EQ(results.front().error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(results.back().error().code, ErrorCode::kResourceExhausted);
  const auto query = Embed("a query", EmbeddingPriority::kQuery, milliseconds(1));
  EXPECT_EQ(query.error().code, ErrorCode::kDeadlineExceeded);
}

TEST_F(EmbeddingServiceTest, ForgetsATextOnceItsVectorIsKnown) {
  embedder_.Close();
  const std::string text = "a text that is too long to be held in place";
  EXPECT_FALSE(Embed(text, EmbeddingPriority::kWrite, milliseconds(1)).has_value());
  EXPECT_EQ(service_->TextByteCount(), text.size());
  embedder_.Open();
  EXPECT_TRUE(Embed(text, EmbeddingPriority::kWrite, seconds(30)).has_value());
  EXPECT_EQ(service_->TextByteCount(), 0U);
  EXPECT_TRUE(Embed(text, EmbeddingPriority::kWrite, seconds(30)).has_value());
  EXPECT_EQ(embedder_.RunCountOf(text), 1);
}

TEST_F(EmbeddingServiceTest, FailsOnlyTheTextThatIsBad) {
  embedder_.FailWhere([](std::string_view text) { return text == "poison"; }, ErrorCode::kInternal);
  const std::vector<std::string_view> texts{"good", "poison", "fine"};
  const auto results =
      service_->EmbedEach(texts, EmbeddingPriority::kWrite, Deadline::In(seconds(30)));
  EXPECT_TRUE(results[0].has_value());
  ASSERT_FALSE(results[1].has_value());
  EXPECT_EQ(results[1].error().code, ErrorCode::kInternal);
  EXPECT_TRUE(results[2].has_value());
}

TEST_F(EmbeddingServiceTest, ReportsTheLastFailureUntilABatchSucceeds) {
  embedder_.FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  EXPECT_FALSE(Embed("text", EmbeddingPriority::kWrite, seconds(30)).has_value());
  EXPECT_TRUE(service_->LastFailure().has_value());
  embedder_.Heal();
  EXPECT_TRUE(Embed("text", EmbeddingPriority::kWrite, seconds(30)).has_value());
  EXPECT_FALSE(service_->LastFailure().has_value());
}

}  // namespace
}  // namespace datastorage
