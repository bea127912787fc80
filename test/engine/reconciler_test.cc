#include "engine/reconciler.h"

#include <gmock/gmock.h>

#include <limits>

#include "engine/separate_fixture.h"

namespace datastorage {
namespace {

class ReconcilerTest : public SeparateFixture {
 protected:
  ReconcileReport Reconcile(ReconcileOptions options = {}) {
    Reconciler reconciler(ThreadRuntime(), *store_);
    const auto report = reconciler.Run(*sets_->Live(), options, Soon());
    EXPECT_TRUE(report.has_value()) << report.error().message;
    return report.has_value() ? *report : ReconcileReport{};
  }
  Record CreateSettled(const std::string& key) {
    Record record = Create(key, "disk full on " + key);
    EXPECT_TRUE(settler_->RunOnce().has_value());
    return record;
  }
  // What the index holds from now on, whatever it held.
  void Plant(VectorWrite write) { remote_.inner.Plant(std::move(write)); }
};

TEST_F(ReconcilerTest, FindsNothingWhereNothingIsWrong) {
  for (int i = 0; i < 20; ++i) CreateSettled("rr-" + std::to_string(i));
  const ReconcileReport report = Reconcile({.is_deep = true});
  EXPECT_EQ(report.checked_count, 20);
  EXPECT_EQ(report.missing_count + report.stale_count + report.altered_count +
                report.foreign_count + report.mended_count,
            0);
  EXPECT_EQ(report.stamps_raised_from, 0);
}

TEST_F(ReconcilerTest, MendsEachKindOfDifferenceAndThenFindsNone) {
  const Record missing = CreateSettled("rr-missing");
  const Record stale = CreateSettled("rr-stale");
  const Record altered = CreateSettled("rr-altered");
  const Record erased = CreateSettled("rr-erased");
  const RecordId foreign = SystemUuidSource().MakeVersion7();
  std::map<RecordId, VectorWrite> points = remote_.inner.Points();
  remote_.inner.Forget(missing.id);
  VectorWrite older = points[stale.id];
  older.stamp -= 1;
  Plant(older);
  VectorWrite other = points[altered.id];
  other.embedding = FakeEmbedder::VectorOf("something else");
  Plant(other);
  Plant({foreign, 1, FakeEmbedder::VectorOf("foreign"), points[stale.id].members});
  EXPECT_EQ(Reconcile({.is_dry_run = true, .is_deep = true}).mended_count, 0);

  const ReconcileReport report = Reconcile({.is_deep = true});
  EXPECT_EQ(report.checked_count, 4);
  EXPECT_EQ(report.missing_count, 1);
  EXPECT_EQ(report.stale_count, 1);
  EXPECT_EQ(report.altered_count, 1);
  EXPECT_EQ(report.foreign_count, 1);
  EXPECT_EQ(report.mended_count, 4);
  ASSERT_TRUE(RunRelayUntilIdle());
  for (const Record& record : {missing, stale, altered, erased}) {
    const auto summary = std::get<Remediation>(record.body).summary;
    EXPECT_EQ(PointOf(record.id)->embedding, FakeEmbedder::VectorOf(*summary));
  }
  EXPECT_FALSE(PointOf(foreign)->embedding.has_value());
  const ReconcileReport after = Reconcile({.is_deep = true});
  EXPECT_EQ(after.missing_count + after.stale_count + after.altered_count + after.foreign_count, 0);
}

TEST_F(ReconcilerTest, ReportsNoDifferenceOfWritesThatComeBetweenItsReadings) {
  Record patched = CreateSettled("rr-patched");
  int scans = 0;
  remote_.before_scan = [&] {
    CreateSettled("rr-" + std::to_string(++scans));
    const std::string json = R"({"summary":"disk full, time )" + std::to_string(scans) + "\"}";
    const auto reply = writes_->Patch(PatchFor(patched, json), Soon());
    ASSERT_EQ(reply->status, ReplyStatus::kUpdated);
    patched = reply->record;
    ASSERT_TRUE(settler_->RunOnce().has_value());
    if (scans == 2) remote_.before_scan = nullptr;
  };
  const ReconcileReport report = Reconcile({.is_deep = true});
  EXPECT_EQ(scans, 2);
  EXPECT_EQ(report.missing_count + report.stale_count + report.foreign_count, 0);
  EXPECT_EQ(report.mended_count, 0);
}

// Its own row is gone before the second reading, and so is its vector.
TEST_F(ReconcilerTest, MendsAWriteThatTheIndexLosesBetweenItsReadings) {
  const Record lost = CreateSettled("rr-lost");
  int scans = 0;
  remote_.before_scan = [&] {
    if (++scans == 1) {
      VectorWrite later = *PointOf(lost.id);
      later.stamp += 1'000;
      Plant(later);
    } else {
      remote_.inner.Forget(lost.id);
    }
  };
  const ReconcileReport report = Reconcile();
  EXPECT_EQ(report.missing_count, 1);
  EXPECT_EQ(report.mended_count, 1);
}

TEST_F(ReconcilerTest, BringsAnIndexBackThatIsAheadOfAStoreThatWasPutBack) {
  const Record record = CreateSettled("rr-1");
  remote_.is_down = true;
  const Record pending = Create("rr-2", "disk full on rr-2");
  remote_.is_down = false;
  const VectorWrite later{record.id, 1'000, FakeEmbedder::VectorOf("a later text"), {}};
  Plant(later);
  Plant({pending.id, 1'001, FakeEmbedder::VectorOf("a later text"), {}});
  const ReconcileReport report = Reconcile();
  EXPECT_GT(report.stamps_raised_from, 0);
  EXPECT_EQ(report.stale_count, 2);
  sets_->Live()->breaker->Succeeded();
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_GT(PointOf(record.id)->stamp, 1'001);
  EXPECT_EQ(PointOf(record.id)->embedding, FakeEmbedder::VectorOf("disk full on rr-1"));
  EXPECT_EQ(PointOf(pending.id)->embedding, FakeEmbedder::VectorOf("disk full on rr-2"));
}

TEST_F(ReconcilerTest, GoesOverMorePagesThanOne) {
  constexpr int kCount = 1'200;
  std::vector<VectorWrite> foreign;
  for (int i = 0; i < kCount; ++i) {
    Plant({SystemUuidSource().MakeVersion7(), i + 1, FakeEmbedder::VectorOf("foreign"), {}});
  }
  const Record record = CreateSettled("rr-1");
  const ReconcileReport report = Reconcile();
  EXPECT_EQ(report.foreign_count, kCount);
  EXPECT_EQ(report.checked_count, 1);
}

// The relay meets the future too, without a reconcile.
TEST_F(ReconcilerTest, IsNotNeededForARowThatMeetsAStampOfTheFuture) {
  remote_.is_down = true;
  const Record record = Create("rr-1", "disk full on rr-1");
  remote_.is_down = false;
  Plant({record.id, 5'000, FakeEmbedder::VectorOf("a later text"), {}});
  sets_->Live()->breaker->Succeeded();
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_GT(PointOf(record.id)->stamp, 5'000);
  EXPECT_EQ(PointOf(record.id)->embedding, FakeEmbedder::VectorOf("disk full on rr-1"));
}

// Damage in the index costs that one vector, not the stamps of all later writes.
TEST_F(ReconcilerTest, GoesOnBelowAStampThatNoneIsAbove) {
  const Record record = CreateSettled("rr-1");
  constexpr Stamp kHighest = std::numeric_limits<Stamp>::max();
  Plant({record.id, kHighest, FakeEmbedder::VectorOf("something else"), {}});
  const ReconcileReport report = Reconcile();
  EXPECT_EQ(report.stale_count, 1);
  EXPECT_EQ(report.stamps_raised_from, 0);
  EXPECT_LT(CreateSettled("rr-2").stamp, 1'000);
  ASSERT_TRUE(relay_->RunOnce().has_value());
  ASSERT_EQ(Pending().size(), 1U);  // It is not settled, as if the index had taken it.
  EXPECT_EQ(Pending().front().id, record.id);
  EXPECT_LT(CreateSettled("rr-3").stamp, 1'000);
}

}  // namespace
}  // namespace datastorage
