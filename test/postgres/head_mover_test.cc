#include "postgres/head_mover.h"

#include <gtest/gtest.h>

#include <thread>

#include "postgres/vector_session.h"

namespace datastorage::postgres {
namespace {

class HeadMoverTest : public testing::Test {
 protected:
  std::string Rows(const std::string& table) { return store_.Ask("SELECT count(*) FROM " + table); }
  void Create(int count) {
    std::vector<WriteOp> operations;
    for (int i = 0; i < count; ++i) {
      operations.emplace_back(EmbeddedCreation(std::to_string(++key_), random_.Unit()));
    }
    store_.Commit(operations);
  }

  VectorSession store_;
  RandomPoints random_{5};
  Metrics metrics_;
  int key_ = 0;
};

TEST_F(HeadMoverTest, MovesTheHeadInBatchesUntilItIsEmpty) {
  Create(25);
  HeadMover mover(ThreadRuntime(), store_.sessions, metrics_, {.batch_count = 10});
  EXPECT_EQ(mover.Measure(Soon()).value(), 25);
  for (const int expected : {10, 10, 5, 0}) EXPECT_EQ(mover.RunOnce(Soon()).value(), expected);
  EXPECT_EQ(Rows("vector_head"), "0");
  EXPECT_EQ(Rows("vector_body"), "25");
  EXPECT_NE(metrics_.Render().find("datastorage_vector_head_moved_total 25"), std::string::npos);
}

TEST_F(HeadMoverTest, SendsWritersToTheBodyWhileTheHeadIsFull) {
  HeadMover mover(
      ThreadRuntime(), store_.sessions, metrics_, {.batch_count = 3, .head_count_max = 12});
  // Another replica's: who tells does not matter.
  HeadMover other(ThreadRuntime(), store_.sessions, metrics_, {.head_count_max = 12});
  Create(11);
  ASSERT_TRUE(mover.Measure(Soon()).has_value());
  Create(1);
  EXPECT_EQ(Rows("vector_head"), "12");
  ASSERT_TRUE(mover.Measure(Soon()).has_value());
  Create(5);
  EXPECT_EQ(Rows("vector_head"), "12");
  EXPECT_EQ(Rows("vector_body"), "5");
  const VectorWrite applied{random_.Id(), 1, random_.Unit(), {}};
  ASSERT_TRUE(store_.index.Apply({&applied, 1}, Soon()).has_value());
  ASSERT_TRUE(store_.index.Apply({&applied, 1}, Soon()).has_value());
  EXPECT_EQ(mover.RunOnce(Soon()).value(), 3);
  ASSERT_TRUE(other.Measure(Soon()).has_value());
  Create(1);
  EXPECT_EQ(Rows("vector_head"), "9") << "a quarter is not free yet";
  EXPECT_EQ(mover.RunOnce(Soon()).value(), 3);
  ASSERT_TRUE(other.Measure(Soon()).has_value());
  Create(1);
  EXPECT_EQ(Rows("vector_head"), "7");
}

TEST_F(HeadMoverTest, WritesIntoTheBodyWhereThatIsWhatIsWanted) {
  VectorSession store({.write_mode = VectorWriteMode::kInline},
                      test::PostgresServer::Shared(),
                      VectorWriteMode::kInline);
  const Embedding vector = random_.Unit();
  const CreateOp create = EmbeddedCreation("a", vector);
  store.Commit({create});
  const VectorWrite applied{random_.Id(), 1, random_.Unit(), {}};
  ASSERT_TRUE(store.index.Apply({&applied, 1}, Soon()).has_value());
  EXPECT_EQ(store.Ask("SELECT count(*) FROM vector_head"), "0");
  EXPECT_EQ(store.Ask("SELECT count(*) FROM vector_body"), "2");
  EXPECT_EQ(store.Nearest(vector, {}, 1), std::vector<RecordId>{create.id});
}

TEST_F(HeadMoverTest, BuildsSegmentsMergesThemAndLeavesTheRestToSearches) {
  Create(50);
  HeadMover::Options options;
  options.segments.row_count = 10;
  options.segments.merge_count = 4;
  options.head_count_max = 40;
  options.segment_count_max = 4;
  options.idle_pause = options.merge_pause = std::chrono::milliseconds(5);
  HeadMover mover(ThreadRuntime(), store_.sessions, metrics_, options);
  mover.Start();
  const auto await = [&](const std::string& question, const std::string& answer) {
    const Deadline deadline = Soon();
    while (store_.Ask(question) != answer) {
      ASSERT_FALSE(deadline.HasPassed()) << question << " is never " << answer;
      std::this_thread::yield();
    }
  };
  await(
      "SELECT string_agg(row_count::text, ' ' ORDER BY row_count) FROM vector_segment"
      " WHERE retired_at IS NULL",
      "10 40");
  EXPECT_EQ(Rows("vector_head"), "0");
  Create(9);
  mover.Stop();
  EXPECT_EQ(Rows("vector_head"), "9");
}

// Two movers, two writers that change and erase what is on its way, and a reader that must find
// every vector exactly once.
TEST_F(HeadMoverTest, LosesNothingBesideWriters) {
  constexpr int kRecordCount = 60;
  std::vector<CreateOp> creations;
  for (int i = 0; i < kRecordCount; ++i) {
    creations.push_back(EmbeddedCreation("r" + std::to_string(i), random_.Unit()));
  }
  store_.Commit({creations.begin(), creations.end()});
  HeadMover first(
      ThreadRuntime(), store_.sessions, metrics_, {.batch_count = 7, .rest = Duration{0}});
  HeadMover second(
      ThreadRuntime(), store_.sessions, metrics_, {.batch_count = 7, .rest = Duration{0}});
  first.Start();
  second.Start();
  std::atomic<int> writers_left = 2;
  std::vector<Embedding> last(kRecordCount);
  std::vector<std::thread> threads;
  for (int writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      RandomPoints random(static_cast<std::uint64_t>(writer) + 50);
      for (int round = 1; round <= 8; ++round) {
        for (int i = writer; i < kRecordCount; i += 2) {
          const auto at = static_cast<std::size_t>(i);
          UpdateOp update = UpdateOf(creations[at], round);
          update.text_hash = HashOf(std::to_string(i) + " " + std::to_string(round));
          last[at] = random.Unit();
          update.embeddings.push_back({"space", *update.text_hash, last[at]});
          EXPECT_EQ(store_.Commit({update}).at(0).status, WriteStatus::kUpdated);
        }
      }
      --writers_left;
    });
  }
  int search_count = 0;
  while (writers_left > 0 || search_count == 0) {
    const auto found = store_.index.Nearest(random_.Unit(), {}, 1'000, Soon());
    ASSERT_TRUE(found.has_value()) << found.error().message;
    std::set<RecordId> ids;
    for (const Neighbor& hit : found->hits) EXPECT_TRUE(ids.insert(hit.id).second) << "twice";
    EXPECT_EQ(ids.size(), static_cast<std::size_t>(kRecordCount));
    ++search_count;
  }
  for (std::thread& thread : threads) thread.join();
  first.Stop();
  second.Stop();
  for (std::size_t i = 0; i < last.size(); ++i) {
    const auto found = store_.index.Nearest(last[i], {}, 1, Soon()).value();
    EXPECT_EQ(found.hits.at(0).id, creations[i].id);
    EXPECT_GT(found.hits.at(0).score, 0.99F) << "an older text's vector";
  }
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM vector_head JOIN vector_body USING (record_id)"), "0");
}

}  // namespace
}  // namespace datastorage::postgres
