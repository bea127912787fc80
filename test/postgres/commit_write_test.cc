#include "postgres/commit_wave.h"
#include "postgres/store_session.h"

namespace datastorage::postgres {
namespace {

TEST(CommitWrite, SendsNothingWhereNothingChanges) {
  WaveChanges changes;
  EXPECT_TRUE(WriteCalls(changes, WaveState(), VectorWriteMode::kDeferred).empty());
}

TEST(CommitWrite, StoresAWholeBatchAtOnce) {
  StoreSession store;
  std::vector<WriteOp> operations;
  for (int i = 0; i < 1'000; ++i) operations.emplace_back(CreationOf("key-" + std::to_string(i)));
  for (const WriteOutcome& outcome : store.Commit(operations)) {
    ASSERT_EQ(outcome.status, WriteStatus::kCreated);
  }
  EXPECT_EQ(store.Ask("SELECT count(DISTINCT stamp) FROM record"), "1000");
  EXPECT_EQ(store.Ask("SELECT count(*) FROM record_other"), "0") << "each has its month";
}

}  // namespace
}  // namespace datastorage::postgres
