// Keys in SQLite: bounds, and what an erasure leaves of them.
#include "base/limits.h"
#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

class Keys : public SqliteFixture {
 protected:
  Keys() { OpenStore(); }
  CreateOp Claiming(int number) {
    CreateOp create = Create("k" + std::to_string(number));
    create.claim = IdempotencyClaim{"claim-" + std::to_string(number), Sha256{}};
    return create;
  }
};

TEST_F(Keys, ExpiredClaimsGoABoundedNumberACommit) {
  std::vector<WriteOp> operations;
  for (int i = 0; i < limits::kIdempotencyPurgeCountMax + 10; ++i)
    operations.push_back(Claiming(i));
  Commit(operations);
  clock_.Advance(limits::kIdempotencyKeyLifetime + std::chrono::seconds(1));
  Commit({Create("unclaimed")});
  EXPECT_EQ(Query("SELECT count(*) FROM idempotency_key"),
            std::to_string(limits::kIdempotencyPurgeCountMax + 10));
  Commit({Claiming(100'000)});
  EXPECT_EQ(Query("SELECT count(*) FROM idempotency_key"), "11");
  Commit({Claiming(100'001)});
  EXPECT_EQ(Query("SELECT count(*) FROM idempotency_key"), "2");
}

TEST_F(Keys, OfErasedRecordsStayAsHashesOnly) {
  const CreateOp create = Create("a-telling-key");
  Commit({create});
  Commit({EraseOp{create.id, SystemUuidSource().MakeVersion4(), clock_.WallNow(), "me", "asked"}});
  EXPECT_EQ(Query("SELECT count(*) FROM natural_key"), "0");
  EXPECT_EQ(Query("SELECT length(key_hash) FROM erased_key"), "32");
}

TEST_F(Keys, AreCheckedIdempotencyFirst) {
  CreateOp first = Claiming(1);
  CreateOp second = Create("k1", "other content");
  second.claim = first.claim;
  const std::vector<WriteOutcome> outcomes = Commit({first, second});
  EXPECT_EQ(outcomes[1].status, WriteStatus::kReplayed);
  second.claim->request_hash[0] = 1;
  EXPECT_EQ(Commit({second})[0].status, WriteStatus::kKeyReused);
  second.claim.reset();
  EXPECT_EQ(Commit({second})[0].status, WriteStatus::kConflict);
}

}  // namespace
}  // namespace datastorage
