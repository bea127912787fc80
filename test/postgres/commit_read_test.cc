#include <poll.h>

#include <thread>

#include "postgres/commit_wave.h"
#include "postgres/store_session.h"

namespace datastorage::postgres {
namespace {

class CommitRead : public testing::Test {
 protected:
  // Another writer, who has claimed the key and not committed yet.
  CommitRead() {
    EXPECT_TRUE(other_
                    ->RunScript("claim",
                                "BEGIN; INSERT INTO natural_key (kind, key, id) VALUES"
                                " ('execution', 'key', gen_random_uuid())",
                                Soon())
                    .has_value());
  }

  StoreSession store_;
  std::unique_ptr<Connection> other_ =
      OpenSession(test::PostgresServer::Shared().Conninfo(store_.database));
};

TEST_F(CommitRead, WaitsForWhoeverClaimsAKey) {
  WriteOutcome outcome;
  std::thread writer([&] { outcome = store_.Commit({CreationOf("key")}).at(0); });
  while (store_.Ask("SELECT count(*) FROM pg_locks WHERE NOT granted") == "0") {
    poll(nullptr, 0, 1);
  }
  EXPECT_TRUE(other_->RunScript("give up", "ROLLBACK", Soon()).has_value());
  writer.join();
  EXPECT_EQ(outcome.status, WriteStatus::kCreated);
}

TEST_F(CommitRead, WaitsNoLongerThanTheLockTimeout) {
  const WriteOp operation = CreationOf("key");
  const auto outcomes =
      store_.committer.Commit({&operation, 1}, CommitMode::kEachForItself, Soon());
  EXPECT_EQ(CodeOf(outcomes), ErrorCode::kUnavailable);
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM record"), "0");
}

// Otherwise the one that drew its stamp first could commit last, and the record's stamp would fall.
TEST(CommitReadLocks, KeepTheirRecordFromAllOthersOnceTheirStampIsDrawn) {
  StoreSession store;
  const CreateOp create = CreationOf("key");
  store.Commit({create});
  const auto first = store.pool.Acquire(Soon());
  const WriteOp update = UpdateOf(create, 1);
  ASSERT_TRUE(ReadWave(**first, {&update, 1}, {WaveBegin::kBegins}, Soon()).has_value());
  const WriteOp storing = StoreEmbeddingOp{create.id, {"space", HashOf("text"), {}}};
  const auto outcomes = store.committer.Commit({&storing, 1}, CommitMode::kEachForItself, Soon());
  EXPECT_EQ(CodeOf(outcomes), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace datastorage::postgres
