// What random spans do not reach: what a refused operation gives back of its claims.
#include "postgres/commit_wave.h"
#include "postgres/store_session.h"

namespace datastorage::postgres {
namespace {

struct Decided {
  WriteOutcome outcome;
  WaveChanges changes;
};

Decided Decide(const WriteOp& operation, WaveState state) {
  Decided decided;
  decided.outcome = DecideWave({&operation, 1}, WallTime(), state, decided.changes).at(0);
  return decided;
}

CreateOp Claiming() {
  CreateOp create = CreationOf("key");
  create.claim = IdempotencyClaim{"claim", HashOf("request")};
  return create;
}

const HeldName kName{"execution", "key"};

TEST(CommitDecide, LeavesNothingBehindWhenANameIsHeld) {
  WaveState state;
  state.own_claims = {"claim"};
  state.holders[kName] = {.id = SystemUuidSource().MakeVersion7(),
                          .version = 3,
                          .stamp = 7,
                          .content_hash = HashOf("other content")};
  const Decided decided = Decide(Claiming(), state);
  EXPECT_EQ(decided.outcome.status, WriteStatus::kConflict);
  EXPECT_EQ(decided.outcome.version, 3);
  EXPECT_EQ(decided.changes.freed_claims, std::vector<std::string>{"claim"});
  EXPECT_TRUE(decided.changes.freed_names.empty()) << "it is another's";
}

TEST(CommitDecide, GivesBackTheNameWhenTheClaimIsHeld) {
  WaveState state;
  state.own_names = {kName};
  state.claims["claim"] = {.request_hash = HashOf("another request"), .http_status = 201};
  const Decided decided = Decide(Claiming(), state);
  EXPECT_EQ(decided.outcome.status, WriteStatus::kKeyReused);
  EXPECT_EQ(decided.changes.freed_names, std::vector<HeldName>{kName});
  EXPECT_TRUE(decided.changes.freed_claims.empty());
}

TEST(CommitDecide, BindsTheClaimToTheRecordThatIsThere) {
  WaveState state;
  state.own_claims = {"claim"};
  const RecordId holder = SystemUuidSource().MakeVersion7();
  state.holders[kName] = {
      .id = holder, .version = 2, .stamp = 7, .content_hash = HashOf("content")};
  const Decided decided = Decide(Claiming(), state);
  EXPECT_EQ(decided.outcome.status, WriteStatus::kExisting);
  ASSERT_EQ(decided.changes.adopted_claims.size(), 1U);
  EXPECT_EQ(decided.changes.adopted_claims[0].id, holder);
  EXPECT_EQ(decided.changes.adopted_claims[0].version, 2);
}

}  // namespace
}  // namespace datastorage::postgres
