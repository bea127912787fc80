// A record store that was put back to an older state under an index that was not.
#include "engine/catch_up.h"

#include <gmock/gmock.h>

#include "engine/separate_fixture.h"
#include "engine/set_mover.h"
#include "sqlite/backup.h"

namespace datastorage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class CatchUpTest : public SeparateFixture {
 protected:
  void MakeBackup() {
    ASSERT_TRUE(settler_->RunOnce().has_value());
    ASSERT_TRUE(store_->Backup("a.db", Soon()).has_value());
  }
  // Stops everything, puts the backup in place, and starts over the same remote index.
  void RestoreBackup() {
    catch_up_.reset();
    Shutdown();
    const auto restored = sqlite::RestoreBackup(directory_ + "/backups/a.db", directory_, true);
    ASSERT_TRUE(restored.has_value()) << restored.error().message;
    Start();
  }
  // As SeparateFixture::Reopen, with the check at the start.
  void Start() {
    if (store_ == nullptr) {
      store_ = *SqliteRecordStore::Open({.directory = directory_});
      gated_.SetInner(*store_);
      embedding_ = std::make_unique<EmbeddingService>(
          ThreadRuntime(), *embedder_, *cache_, metrics_, EmbeddingService::Options{1});
    }
    catch_up_ = std::make_unique<CatchUp>(ThreadRuntime(), *store_);
    on_bind_ = [this](const VectorPlace& place, Deadline deadline) {
      return catch_up_->Look(place, deadline);
    };
    Reopen();
    ASSERT_TRUE(catch_up_->AwaitDone(Soon()));
  }
  Record Patch(const Record& record, const std::string& summary) {
    const auto reply =
        writes_->Patch(PatchFor(record, "{\"summary\":\"" + summary + "\"}"), Soon());
    EXPECT_TRUE(reply.has_value() && reply->status == ReplyStatus::kUpdated);
    return reply->record;
  }
  void Erase(const Record& record) {
    EraseOp erase{record.id, SystemUuidSource().MakeVersion4(), WallTime(), "me", "asked"};
    EXPECT_EQ(writer_->Erase(erase, Soon())->outcome.status, WriteStatus::kErasedNow);
  }
  Stamp StampOf(RecordId id) {
    const RecordRef ref = id;
    return store_->Read({&ref, 1}, "", Soon())->front().record.stamp;
  }
  std::vector<RecordId> FindByMeaning(const std::string& text) {
    return IdsOf(Search(text, SearchMode::kSemantic));
  }

  std::unique_ptr<CatchUp> catch_up_;
};

TEST_F(CatchUpTest, BringsAnIndexBackThatIsAheadOfARestoredFile) {
  const Record kept = Create("rr-kept", "disk full on kept");
  const Record patched = Create("rr-patched", "disk full on patched");
  const Record erased = Create("rr-erased", "disk full on erased");
  MakeBackup();
  Patch(patched, "the network is slow");
  Erase(erased);
  const Record lost = Create("rr-lost", "the clock is wrong");
  ASSERT_TRUE(RunRelayUntilIdle());

  RestoreBackup();
  // Before the relay has done anything: all is found, and nothing lost is shown.
  EXPECT_EQ(FindByMeaning("disk full on patched").front(), patched.id);
  for (const RecordId& id : FindByMeaning("the clock is wrong")) EXPECT_NE(id, lost.id);
  ASSERT_TRUE(RunRelayUntilIdle());

  for (const auto& [record, text] : {std::pair(kept, "disk full on kept"),
                                     std::pair(patched, "disk full on patched"),
                                     std::pair(erased, "disk full on erased")}) {
    EXPECT_EQ(PointOf(record.id)->embedding, FakeEmbedder::VectorOf(text));
    EXPECT_EQ(FindByMeaning(text).front(), record.id);
    EXPECT_EQ(StateOf(record.id), VectorState::kSynced);
    EXPECT_EQ(PointOf(record.id)->stamp, StampOf(record.id));
  }
  EXPECT_FALSE(PointOf(lost.id)->embedding.has_value());
  for (const RecordId& id : FindByMeaning("the clock is wrong")) EXPECT_NE(id, lost.id);
  Reconciler reconciler(ThreadRuntime(), *store_);
  const auto report = reconciler.Run(*sets_->Live(), {.is_deep = true}, Soon());
  EXPECT_EQ(
      report->missing_count + report->stale_count + report->altered_count + report->foreign_count,
      0);
  EXPECT_EQ(report->stamps_raised_from, 0);
  // What is written from here on wins over all that the index held.
  Patch(patched, "all is well");
  EXPECT_EQ(PointOf(patched.id)->embedding, FakeEmbedder::VectorOf("all is well"));
  EXPECT_EQ(FindByMeaning("all is well").front(), patched.id);
}

// The same stamp again, for other content: equal stamps alone say nothing then.
TEST_F(CatchUpTest, DoesNotTakeAStampOfTheLostTimeForItsOwn) {
  const Record record = Create("rr-1", "disk full on one");
  MakeBackup();
  const Stamp lost_stamp = Patch(record, "the network is slow").stamp;
  const Record later = Create("rr-2", "disk full on two");
  const Record last = Create("rr-3", "disk full on three");
  ASSERT_TRUE(RunRelayUntilIdle());
  remote_.is_down = remote_.is_down_from_the_start = true;
  RestoreBackup();
  EXPECT_EQ(Patch(record, "the clock is wrong").stamp, lost_stamp);
  remote_.is_down = false;
  ASSERT_TRUE(relay_->RunOnce().has_value());  // Which meets the index again.
  ASSERT_TRUE(catch_up_->AwaitDone(Soon()));
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_EQ(PointOf(record.id)->embedding, FakeEmbedder::VectorOf("the clock is wrong"));
  EXPECT_EQ(FindByMeaning("the clock is wrong").front(), record.id);
  EXPECT_FALSE(PointOf(last.id)->embedding.has_value());
}

TEST_F(CatchUpTest, LeavesAnIndexAloneThatIsNotAhead) {
  Create("rr-1", "disk full on one");
  ASSERT_TRUE(RunRelayUntilIdle());
  const int apply_count = remote_.apply_count;
  Start();
  EXPECT_THAT(Pending(), IsEmpty());
  EXPECT_EQ(remote_.apply_count, apply_count);
}

// Its server was replaced by one with nothing in it.
TEST_F(CatchUpTest, FillsAnIndexAgainThatHasLostAll) {
  const Record first = Create("rr-1", "disk full on one");
  const Record second = Create("rr-2", "disk full on two");
  ASSERT_TRUE(RunRelayUntilIdle());
  Start();  // From here on it is known to be in use.
  EXPECT_THAT(Pending(), IsEmpty());
  remote_.inner.LoseAll();
  Start();
  ASSERT_TRUE(relay_->RunOnce().has_value());
  ASSERT_TRUE(RunRelayUntilIdle());
  for (const Record& record : {first, second}) {
    ASSERT_TRUE(PointOf(record.id).has_value());
    EXPECT_EQ(PointOf(record.id)->stamp, StampOf(record.id));
  }
  EXPECT_THAT(FindByMeaning("disk full"), testing::UnorderedElementsAre(first.id, second.id));
}

// What waits for the first time anyway keeps its stamp; what was sent is sent again.
TEST_F(CatchUpTest, FillsAnIndexAgainInTheMidstOfAMove) {
  SwitchedVectorIndex next;
  engines_.push_back({"next", &next});
  Start();
  const Record sent = Create("rr-1", "disk full on one");
  const Record waiting = Create("rr-2", "disk full on two");
  ASSERT_TRUE(RunRelayUntilIdle());
  const VectorSetId set =
      SetMover(ThreadRuntime(), *store_, *sets_).Begin("next", Soon()).value().id;
  const Lease lease{.now = ThreadRuntime().WallNow(), .until = ThreadRuntime().WallNow()};
  std::vector<PendingVector> rows = store_->LeaseDue(set, 100, lease, Soon()).value();
  std::erase_if(rows, [&](const PendingVector& row) { return row.id != sent.id; });
  ASSERT_TRUE(store_->Settle(rows, Soon()).has_value());
  Start();  // An index that holds nothing.
  std::vector<RecordId> pending;
  const PendingIdPage page = store_->PendingIds(set, Soon()).value();
  for (const PendingId& row : page.ids) {
    pending.push_back(row.id);
    EXPECT_EQ(row.reason == PendingReason::kBackfill, row.id == waiting.id);
  }
  EXPECT_THAT(pending, testing::UnorderedElementsAre(sent.id, waiting.id));
  catch_up_.reset();
  Shutdown();
}

}  // namespace
}  // namespace datastorage
