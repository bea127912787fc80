#include "postgres/pgvector_index.h"

#include <gmock/gmock.h>

#include <atomic>
#include <map>
#include <thread>

#include "postgres/head_mover.h"
#include "postgres/vector_session.h"

namespace datastorage::postgres {
namespace {

using testing::IsEmpty;

class PgvectorIndexTest : public testing::Test {
 protected:
  // What the tables hold of each id, in the head or in the body.
  std::map<RecordId, HeldPoint> Held(VectorSession& store) {
    std::map<RecordId, HeldPoint> held;
    RecordId after;
    for (;;) {
      const auto page = store.index.Scan(after, 1'000, true, Soon());
      EXPECT_TRUE(page.has_value()) << page.error().message;
      if (!page.has_value() || page->empty()) return held;
      for (const HeldPoint& point : *page) held[point.id] = point;
      after = page->back().id;
    }
  }
  // No vector is in both tables, or without its point.
  static void ExpectSoundTables(VectorSession& store) {
    EXPECT_EQ(store.Ask("SELECT count(*) FROM vector_head JOIN vector_body USING (record_id)"),
              "0");
    EXPECT_EQ(store.Ask("SELECT count(*) FROM (SELECT record_id FROM vector_head UNION ALL"
                        " SELECT record_id FROM vector_body) AS v FULL JOIN"
                        " (SELECT record_id FROM vector_point WHERE is_live) AS p"
                        " USING (record_id) WHERE v.record_id IS NULL OR p.record_id IS NULL"),
              "0");
  }

  RandomPoints random_{11};
};

TEST_F(PgvectorIndexTest, WritesAVectorInItsRecordsTransactionAndFindsItAtOnce) {
  VectorSession store;
  const Embedding vector = random_.Unit();
  const CreateOp create = EmbeddedCreation("a", vector);
  const auto outcome = store.Commit({create}).at(0);
  EXPECT_FALSE(outcome.has_pending);
  const auto found = store.index.Nearest(vector, {}, 5, Soon()).value();
  ASSERT_EQ(found.hits.size(), 1U);
  EXPECT_EQ(found.hits[0].id, create.id);
  EXPECT_EQ(found.hits[0].stamp, outcome.stamp);
  EXPECT_NEAR(found.hits[0].score, 1, 1e-3);
  EXPECT_TRUE(found.is_exhausted);
  EXPECT_EQ(store.Ask("SELECT count(*) FROM pending_vector"), "0");
}

TEST_F(PgvectorIndexTest, KeepsNoVectorOfATextThatChangedOrWasErased) {
  for (const bool is_moved : {false, true}) {
    VectorSession store;
    Metrics metrics;
    HeadMover mover(ThreadRuntime(), store.sessions, metrics, {});
    const CreateOp re_embedded = EmbeddedCreation("a", random_.Unit());
    const CreateOp waiting = EmbeddedCreation("b", random_.Unit());
    const CreateOp textless = EmbeddedCreation("c", random_.Unit());
    const CreateOp erased = EmbeddedCreation("d", random_.Unit());
    store.Commit({re_embedded, waiting, textless, erased});
    if (is_moved) {
      ASSERT_EQ(mover.RunOnce(Soon()).value(), 4);
    }
    UpdateOp another = UpdateOf(re_embedded, 1);
    another.text_hash = HashOf("another");
    another.embeddings.push_back({"space", *another.text_hash, random_.Unit()});
    UpdateOp without = UpdateOf(waiting, 1);
    without.text_hash = HashOf("no embedding yet");
    const UpdateOp nothing = UpdateOf(textless, 1);
    EraseOp erase{erased.id, SystemUuidSource().MakeVersion4(), store.clock.WallNow(), "a", "b"};
    const auto outcomes = store.Commit({another, without, nothing, erase});
    EXPECT_FALSE(outcomes[0].has_pending);
    EXPECT_TRUE(outcomes[1].has_pending);
    EXPECT_FALSE(outcomes[2].has_pending);
    EXPECT_FALSE(outcomes[3].has_pending) << "the tombstone is there already";

    const auto held = Held(store);
    EXPECT_EQ(held.size(), 4U);
    EXPECT_GT(Dot(*held.at(re_embedded.id).embedding, another.embeddings[0].vector), 0.999F);
    EXPECT_EQ(held.at(re_embedded.id).stamp, outcomes[0].stamp);
    for (const CreateOp* gone : {&waiting, &textless, &erased}) {
      EXPECT_TRUE(held.at(gone->id).is_tombstone);
    }
    EXPECT_EQ(held.at(erased.id).stamp, outcomes[3].stamp);
    EXPECT_EQ(store.Nearest(erased.embeddings[0].vector, {}, 9),
              std::vector<RecordId>{re_embedded.id});
    ExpectSoundTables(store);

    // The relay stores what was missing: the vector with it, and the row is gone.
    const StoreEmbeddingOp late{waiting.id, {"space", *without.text_hash, random_.Unit()}};
    const auto stored = store.Commit({late}).at(0);
    EXPECT_EQ(stored.status, WriteStatus::kEmbeddingStored);
    EXPECT_FALSE(stored.has_pending);
    EXPECT_EQ(Held(store).at(waiting.id).stamp, stored.stamp);
    EXPECT_EQ(store.Ask("SELECT count(*) FROM pending_vector"), "0");
    ExpectSoundTables(store);
  }
}

TEST_F(PgvectorIndexTest, RaisesAPointsStampWithItsRecords) {
  VectorSession store;
  const CreateOp create = EmbeddedCreation("a", random_.Unit());
  store.Commit({create});
  UpdateOp update = UpdateOf(create, 1);
  update.text_hash = create.text_hash;
  const auto outcome = store.Commit({update}).at(0);
  EXPECT_FALSE(outcome.has_pending);
  EXPECT_EQ(Held(store).at(create.id).stamp, outcome.stamp);
  EXPECT_FALSE(Held(store).at(create.id).is_tombstone);
}

// A row says that the vector may differ; a write that brings none must not take it for equal.
TEST_F(PgvectorIndexTest, LeavesARowThatItDoesNotSettleUnderTheRecordsStamp) {
  VectorSession store;
  const CreateOp create = EmbeddedCreation("a", random_.Unit());
  const Stamp first = store.Commit({create}).at(0).stamp;
  store.Commit({EnqueuePendingOp{1, create.id, PendingReason::kReconcile}});
  UpdateOp update = UpdateOf(create, 1);
  update.text_hash = create.text_hash;
  const auto outcome = store.Commit({update}).at(0);
  EXPECT_TRUE(outcome.has_pending);
  EXPECT_EQ(Held(store).at(create.id).stamp, first);
  EXPECT_EQ(store.Ask("SELECT stamp || reason FROM pending_vector"),
            std::to_string(outcome.stamp) + "reconcile");
}

TEST_F(PgvectorIndexTest, LeavesRowsUntilTheTablesBearTheMarkOfTheSet) {
  VectorSession store;
  store.Ask("UPDATE vector_set SET state = 'retired'");
  store.Register("live");
  const CreateOp create = EmbeddedCreation("a", random_.Unit());
  EXPECT_TRUE(store.Commit({create}).at(0).has_pending);
  EXPECT_EQ(store.Ask("SELECT set_id || reason FROM pending_vector"), "2backfill");
  EXPECT_EQ(store.Ask("SELECT count(*) FROM vector_point"), "0");

  PgvectorIndex successor(store.sessions, {});
  ASSERT_EQ(successor.Claim(2, Soon()).value(), 2);
  EXPECT_FALSE(store.Commit({EmbeddedCreation("b", random_.Unit())}).at(0).has_pending);
  // Who still believes in the retired set neither reads nor writes.
  const VectorWrite late{random_.Id(), 1, random_.Unit(), {}};
  EXPECT_EQ(CodeOf(store.index.Apply({&late, 1}, Soon())), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(store.index.Nearest(random_.Unit(), {}, 1, Soon())), ErrorCode::kUnavailable);
  EXPECT_EQ(store.Ask("SELECT count(*) FROM vector_point"), "1");
}

TEST_F(PgvectorIndexTest, GivesItsTablesToNoOtherSetWhileItsOwnIsInUse) {
  VectorSession store;
  store.Commit({EmbeddedCreation("a", random_.Unit())});
  store.Register("filling");
  PgvectorIndex other(store.sessions, {});
  EXPECT_EQ(other.Claim(2, Soon()).value(), 1);
  EXPECT_EQ(other.Claim(3, Soon()).value(), 1);
  EXPECT_EQ(store.index.Size(), 1);
  store.Ask("UPDATE vector_set SET state = 'retired' WHERE set_id = 1");
  EXPECT_EQ(other.Claim(3, Soon()).value(), 1) << "there is no such set";
  EXPECT_EQ(other.Claim(2, Soon()).value(), 2);
  EXPECT_EQ(other.Size(), 0);
}

// The server is killed again and again in the midst of commits: each record that is there has its
// vector under its own stamp, and no vector is there without its record.
TEST_F(PgvectorIndexTest, CommitsRecordAndVectorTogetherOrNeither) {
  test::PostgresServer server;
  VectorSession store({}, server);
  Metrics metrics;
  std::atomic<bool> is_over = false, is_down = false;
  const auto await_server = [&] {
    while (is_down && !is_over) std::this_thread::yield();
  };
  std::atomic<int> acknowledged_count = 0;
  std::vector<std::thread> threads;
  for (std::uint64_t writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      RandomPoints random(writer);
      for (int i = 0; !is_over; ++i) {
        await_server();
        const std::string key = std::to_string(writer) + "-" + std::to_string(i);
        const CreateOp create = EmbeddedCreation(key, random.Unit());
        std::vector<WriteOp> operations{create};
        if (i % 3 == 0) {
          UpdateOp update = UpdateOf(create, 1);
          update.text_hash = HashOf("another of " + key);
          update.embeddings.push_back({"space", *update.text_hash, random.Unit()});
          operations.emplace_back(update);
        }
        if (i % 7 == 0) {
          operations.emplace_back(EraseOp{
              create.id, SystemUuidSource().MakeVersion4(), store.clock.WallNow(), "a", "b"});
        }
        const auto outcomes = store.committer.Commit(
            operations, CommitMode::kEachForItself, Deadline::In(std::chrono::seconds(2)));
        if (outcomes.has_value()) ++acknowledged_count;
      }
    });
  }
  threads.emplace_back([&] {
    HeadMover mover(ThreadRuntime(), store.sessions, metrics, {.batch_count = 8});
    while (!is_over) {
      await_server();
      (void)mover.RunOnce(Deadline::In(std::chrono::seconds(2)));
    }
  });
  for (int kill = 0; kill < 5; ++kill) {
    const int before = acknowledged_count;
    const Deadline enough = Soon();
    while (acknowledged_count < before + 60 && !enough.HasPassed()) std::this_thread::yield();
    server.Kill();
    is_down = true;
    server.Start();
    is_down = false;
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  EXPECT_GE(acknowledged_count, 300);
  EXPECT_EQ(store.Ask("SELECT count(*) FROM record AS r FULL JOIN"
                      " (SELECT * FROM vector_point WHERE is_live) AS p ON p.record_id = r.id"
                      " WHERE r.stamp IS DISTINCT FROM p.stamp"),
            "0");
  EXPECT_EQ(store.Ask("SELECT count(*) FROM erasure AS e JOIN vector_point AS p"
                      " ON p.record_id = e.id AND (p.is_live OR p.stamp <> e.stamp)"),
            "0");
  EXPECT_NE(store.Ask("SELECT count(*) FROM vector_body"), "0") << "nothing was moved";
  ExpectSoundTables(store);
}

}  // namespace
}  // namespace datastorage::postgres
