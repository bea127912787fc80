#include "postgres/commit_wave.h"
#include "postgres/store_session.h"

namespace datastorage::postgres {
namespace {

TEST(CommitDecideVectors, NeverLetsAPendingStampFall) {
  const CreateOp create = CreationOf("key");
  CreateOp with_text = create;
  with_text.text_hash = HashOf("text");
  const WriteOp operation = with_text;
  WaveState state;
  state.sets = {{1, "space", PendingRule::kEverySet}};
  state.own_names = {{"execution", "key"}};
  state.stamps = {5};
  // Of a vector without a record, which the reconciler found meanwhile.
  state.pending[{create.id, 1}] = {.stamp = 9, .state = "due", .since = WallTime(Duration(1))};
  WaveChanges changes;
  const auto outcomes = DecideWave({&operation, 1}, WallTime(), state, changes);
  EXPECT_EQ(outcomes.at(0).stamp, 5);
  EXPECT_TRUE(outcomes.at(0).has_pending);
  const auto& row = state.pending.at({create.id, 1});
  EXPECT_EQ(row.stamp, 9);
  EXPECT_EQ(row.since, WallTime(Duration(1)));
  EXPECT_EQ(changes.put_pending.size(), 1U);
}

}  // namespace
}  // namespace datastorage::postgres
