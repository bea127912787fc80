#include "postgres/pending_rows.h"

#include <thread>

#include "base/limits.h"
#include "postgres/beside_the_fake.h"
#include "postgres/set_registry.h"

namespace datastorage::postgres {
namespace {

Sessions::Options SessionsOf(const StoreSession& store) {
  Sessions::Options options;
  options.connection.conninfo = test::PostgresServer::Shared().Conninfo(store.database);
  return options;
}

std::string ToText(const PendingVector& row) {
  return DumpLine("row")
      .Integer(row.set)
      .Id(row.id)
      .Integer(row.stamp)
      .Integer(row.is_intent ? 1 : 0)
      .Integer(row.attempt_count)
      .Text(NameOf(row.reason))
      .text();
}

// Besides commits, all that is done to pending rows and to vector sets.
class RowsBesideTheFake : public BesideTheFake {
 public:
  explicit RowsBesideTheFake(std::uint64_t seed) : BesideTheFake(seed) {}

  void Step() {
    Wait();
    const std::size_t form = spans_.random().Below(100);
    if (form < 35) return CommitSpan();
    if (form < 60) {
      CompareLeases();
    } else if (form < 80) {
      ChangeHeldRows();
    } else if (form < 85) {
      CompareReleases();
    } else if (form < 92) {
      CompareReads();
    } else {
      ChangeSets();
    }
    CompareTables();
  }

  std::map<std::string, std::int64_t> counts;  // What had an effect.

 private:
  VectorSetId AnySet() { return static_cast<VectorSetId>(spans_.random().Below(6)); }

  void CompareLeases() {
    const VectorSetId set = AnySet();
    const int limit = 1 + static_cast<int>(spans_.random().Below(5));
    const WallTime now = clock_.WallNow();
    const Lease lease{now, now + std::chrono::minutes(spans_.random().Below(40))};
    const auto wanted = fake_.LeaseDue(set, limit, lease, Deadline::Never());
    const auto leased = rows_.LeaseDue(set, limit, lease, Soon());
    ASSERT_TRUE(leased.has_value()) << leased.error().message;
    ASSERT_EQ(leased->size(), wanted->size());
    for (std::size_t i = 0; i < leased->size(); ++i) {
      PendingVector row = (*leased)[i];
      row.stamp = FakeOf(row.stamp);
      ASSERT_EQ(ToText(row), ToText((*wanted)[i]));
      held_[{row.set, row.id}] = row;
      ++counts[row.is_intent ? "intents" : "leases"];
    }
  }

  // Some of the rows that were leased at any time, the stamps of some of them not theirs.
  std::vector<PendingVector> SomeHeldRows() {
    std::vector<PendingVector> rows;
    for (auto& [place, row] : held_) {
      if (!spans_.random().Chance(40)) continue;
      rows.push_back(row);
      if (spans_.random().Chance(15)) ++rows.back().stamp;
    }
    return rows;
  }

  void ChangeHeldRows() {
    const std::vector<PendingVector> fake_rows = SomeHeldRows();
    std::vector<PendingVector> rows = fake_rows;
    for (PendingVector& row : rows) row.stamp = RealOf(row.stamp);
    const auto before = fake_.State();
    const std::size_t form = spans_.random().Below(3);
    if (form == 0) {
      ASSERT_TRUE(fake_.Settle(fake_rows, Deadline::Never()).has_value());
      ASSERT_TRUE(rows_.Settle(rows, Soon()).has_value());
    } else if (form == 1) {
      const WallTime due_at = clock_.WallNow() + std::chrono::minutes(spans_.random().Below(20));
      constexpr PendingReason kReason = PendingReason::kVectorStoreUnavailable;
      ASSERT_TRUE(fake_.Fail(fake_rows, kReason, due_at, Deadline::Never()).has_value());
      ASSERT_TRUE(rows_.Fail(rows, kReason, due_at, Soon()).has_value());
    } else {
      ASSERT_TRUE(fake_.Park(fake_rows, Deadline::Never()).has_value());
      ASSERT_TRUE(rows_.Park(rows, Soon()).has_value());
    }
    if (before->Dump() == fake_.Dump()) return;
    ++counts[form == 0 ? "settled" : form == 1 ? "failed" : "parked"];
  }

  void CompareReleases() {
    const VectorSetId set = AnySet();
    const auto wanted = fake_.Release(set, clock_.WallNow(), Deadline::Never());
    const auto released = rows_.Release(set, clock_.WallNow(), Soon());
    ASSERT_TRUE(released.has_value()) << released.error().message;
    ASSERT_EQ(*released, *wanted);
    counts["released"] += *released;
  }

  void CompareReads() {
    for (VectorSetId set = 0; set < 8; ++set) {
      const auto wanted = fake_.PendingIds(set, Deadline::Never());
      const auto page = rows_.PendingIds(set, Soon());
      ASSERT_TRUE(page.has_value()) << page.error().message;
      EXPECT_EQ(page->is_live, wanted->is_live);
      EXPECT_EQ(page->is_complete, wanted->is_complete);
      ASSERT_EQ(page->ids.size(), wanted->ids.size());
      for (std::size_t i = 0; i < page->ids.size(); ++i) {
        EXPECT_EQ(page->ids[i].id, wanted->ids[i].id);
        EXPECT_EQ(FakeOf(page->ids[i].stamp), wanted->ids[i].stamp);
        EXPECT_EQ(page->ids[i].reason, wanted->ids[i].reason);
        ++counts["ids"];
      }
    }
    const auto wanted = fake_.TallyPending(Deadline::Never());
    const auto tallies = rows_.TallyPending(Soon());
    ASSERT_TRUE(tallies.has_value()) << tallies.error().message;
    ASSERT_EQ(tallies->size(), wanted->size());
    for (std::size_t i = 0; i < tallies->size(); ++i) {
      const PendingTally& tally = (*tallies)[i];
      EXPECT_EQ(tally.set, (*wanted)[i].set);
      EXPECT_EQ(tally.reason, (*wanted)[i].reason);
      EXPECT_EQ(tally.is_parked, (*wanted)[i].is_parked);
      EXPECT_EQ(tally.count, (*wanted)[i].count);
      EXPECT_EQ(tally.oldest, (*wanted)[i].oldest);
      ++counts["tallies"];
    }
    CompareSets();
  }

  void CompareSets() {
    const auto wanted = fake_.Sets(Deadline::Never());
    const auto sets = registry_.Sets(Soon());
    ASSERT_TRUE(sets.has_value()) << sets.error().message;
    ASSERT_EQ(sets->size(), wanted->size());
    for (std::size_t i = 0; i < sets->size(); ++i) {
      EXPECT_EQ((*sets)[i].id, (*wanted)[i].id);
      EXPECT_EQ((*sets)[i].engine, (*wanted)[i].engine);
      EXPECT_EQ((*sets)[i].space, (*wanted)[i].space);
      EXPECT_EQ((*sets)[i].projection, (*wanted)[i].projection);
      EXPECT_EQ((*sets)[i].pending_rule, (*wanted)[i].pending_rule);
      EXPECT_EQ((*sets)[i].state, (*wanted)[i].state);
    }
  }

  void ChangeSets() {
    const VectorSet set = spans_.Set();
    if (spans_.random().Chance(50)) {
      const auto wanted = fake_.RegisterSet(set, Deadline::Never());
      const auto registered = registry_.RegisterSet(set, Soon());
      ASSERT_EQ(CodeOf(registered), CodeOf(wanted));
      if (!wanted.has_value()) return;
      ASSERT_EQ(registered->id, wanted->id);
      ++counts["registered"];
    } else {
      const VectorSetId id = AnySet();
      const auto before = fake_.State();
      const VectorSetState from = spans_.Set().state;
      const auto wanted = fake_.ChangeSetState(id, from, set.state, Deadline::Never());
      ASSERT_EQ(CodeOf(registry_.ChangeSetState(id, from, set.state, Soon())), CodeOf(wanted));
      if (before->Dump() != fake_.Dump()) ++counts["changed"];
    }
  }

  Sessions sessions_{SessionsOf(store_)};
  PendingRows rows_{sessions_};
  SetRegistry registry_{sessions_, clock_, 3};
  std::map<std::pair<VectorSetId, RecordId>, PendingVector> held_;
};

TEST(PendingRows, DoWhatTheFakeDoesInRandomSteps) {
  std::map<std::string, std::int64_t> counts;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    RowsBesideTheFake both(seed);
    for (int step = 0; step < 200 && !testing::Test::HasFailure(); ++step) both.Step();
    for (const auto& [what, count] : both.counts) counts[what] += count;
  }
  for (const char* const what : {"leases",
                                 "intents",
                                 "settled",
                                 "failed",
                                 "parked",
                                 "released",
                                 "ids",
                                 "tallies",
                                 "registered",
                                 "changed"}) {
    EXPECT_GT(counts[what], 3) << what;
  }
}

class PendingRowsTest : public testing::Test {
 protected:
  PendingRowsTest() {
    store_.Ask(
        "INSERT INTO vector_set (engine, space, projection, pending_rule, state)"
        " VALUES ('scan', 'small/t1', '', 'every_set', 'live')");
  }

  // Due rows under the stamps 1, 2, …; the higher the stamp, the shorter they wait.
  void Insert(std::size_t count) {
    store_.Ask(
        "INSERT INTO pending_vector SELECT 1, gen_random_uuid(), i, 'due',"
        " timestamptz '2020-01-01' + i * interval '1 us', 0, 'backfill', '2020-01-01'"
        " FROM generate_series(1, " +
        std::to_string(count) + ") AS i");
  }
  Lease AnHour() const {
    const WallTime now = store_.clock.WallNow();
    return {now, now + std::chrono::hours(1)};
  }
  std::vector<PendingVector> LeaseSome(int limit) {
    auto rows = rows_.LeaseDue(1, limit, AnHour(), Soon());
    if (!rows.has_value()) ADD_FAILURE() << rows.error().message;
    return rows.has_value() ? *std::move(rows) : std::vector<PendingVector>();
  }
  // A transaction of a writer that holds the row with stamp 1.
  ConnectionPool::Lease HoldFirstRow() {
    auto session = store_.pool.Acquire(Soon());
    const auto held = (*session)->RunScript(
        "hold a row", "BEGIN; SELECT FROM pending_vector WHERE stamp = 1 FOR UPDATE", Soon());
    if (!held.has_value()) ADD_FAILURE() << held.error().message;
    return *std::move(session);
  }

  StoreSession store_;
  Sessions sessions_{SessionsOf(store_)};
  PendingRows rows_{sessions_};
};

TEST_F(PendingRowsTest, AreLeasedTheLongestWaitingFirstAndOnce) {
  Insert(300);
  Stamp last = 0;
  for (int i = 0; i < 3; ++i) {
    const std::vector<PendingVector> rows = LeaseSome(100);
    ASSERT_EQ(rows.size(), 100U);
    for (const PendingVector& row : rows) EXPECT_EQ(row.stamp, ++last);
  }
  EXPECT_TRUE(LeaseSome(1).empty());
}

TEST_F(PendingRowsTest, AreLeasedByOneOfSeveralThatAskAtOnce) {
  constexpr std::size_t kRowCount = 3'000;
  Insert(kRowCount);
  std::vector<std::vector<PendingVector>> leased(4);
  std::vector<std::thread> relays;
  for (auto& mine : leased) {
    relays.emplace_back([&] {
      // Rows that others hold are passed by, so nothing found is not yet the end.
      for (int empty_count = 0; empty_count < 3;) {
        const std::vector<PendingVector> rows = LeaseSome(7);
        mine.insert(mine.end(), rows.begin(), rows.end());
        empty_count = rows.empty() ? empty_count + 1 : 0;
      }
    });
  }
  for (std::thread& relay : relays) relay.join();
  std::set<Stamp> stamps;
  std::size_t count = 0;
  for (const auto& mine : leased) {
    count += mine.size();
    for (const PendingVector& row : mine) stamps.insert(row.stamp);
  }
  EXPECT_EQ(count, kRowCount) << "a row was leased twice, or never";
  EXPECT_EQ(stamps.size(), kRowCount);
}

// None of them would end before the writer but for a failure.
TEST_F(PendingRowsTest, AreLeftAloneWhileAWriterHoldsThem) {
  Insert(3);
  const auto others = LeaseSome(3);
  ASSERT_EQ(others.size(), 3U);
  store_.Ask("UPDATE pending_vector SET due_at = '2020-01-01'");
  {
    const auto writer = HoldFirstRow();
    const WallTime soon = AnHour().now - std::chrono::minutes(1);
    ASSERT_TRUE(rows_.Fail(others, PendingReason::kEmbedderBusy, soon, Soon()).has_value());
    EXPECT_EQ(store_.Ask("SELECT string_agg(stamp || ' ' || attempts, ' ' ORDER BY stamp)"
                         " FROM pending_vector"),
              "1 0 2 1 3 1");
    EXPECT_EQ(LeaseSome(3).size(), 2U);
    ASSERT_TRUE(rows_.Park(std::span(others).last(1), Soon()).has_value());
    ASSERT_TRUE(rows_.Settle(others, Soon()).has_value());
    EXPECT_EQ(store_.Ask("SELECT string_agg(stamp || state, ' ') FROM pending_vector"), "1due");
  }
  ASSERT_TRUE(rows_.Settle(others, Soon()).has_value());
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM pending_vector"), "0");
}

TEST_F(PendingRowsTest, ThatWereRenewedWhileTheyWereHeldKeepTheirNewStamp) {
  Insert(1);
  const auto rows = LeaseSome(1);
  store_.Ask("UPDATE pending_vector SET stamp = 2");
  ASSERT_TRUE(rows_.Settle(rows, Soon()).has_value());
  ASSERT_TRUE(rows_.Park(rows, Soon()).has_value());
  ASSERT_TRUE(rows_.Fail(rows, PendingReason::kReconcile, AnHour().until, Soon()).has_value());
  EXPECT_EQ(store_.Ask("SELECT stamp || state || attempts || reason FROM pending_vector"),
            "2due0backfill");
}

TEST_F(PendingRowsTest, AreReleasedInPages) {
  Insert(2'500);
  store_.Ask("UPDATE pending_vector SET state = 'parked', attempts = 9 WHERE stamp <= 2300");
  EXPECT_TRUE(LeaseSome(2'500).size() == 200);
  EXPECT_EQ(rows_.Release(1, AnHour().now, Soon()), 2'300);
  EXPECT_EQ(store_.Ask("SELECT count(*) FROM pending_vector WHERE state = 'due' AND attempts = 0"),
            "2500");
  EXPECT_EQ(rows_.Release(1, AnHour().now, Soon()), 0);
}

TEST_F(PendingRowsTest, AreListedUpToTheirBound) {
  Insert(limits::kPendingIdCountMax);
  EXPECT_TRUE(rows_.PendingIds(1, Soon())->is_complete);
  store_.Ask(
      "INSERT INTO pending_vector VALUES (1, gen_random_uuid(), 0, 'due', now(), 0,"
      " 'backfill', now())");
  const auto page = rows_.PendingIds(1, Soon());
  EXPECT_FALSE(page->is_complete);
  EXPECT_TRUE(page->is_live);
  EXPECT_EQ(page->ids.size(), limits::kPendingIdCountMax);
}

TEST_F(PendingRowsTest, WithAnUnknownReasonAreAnError) {
  Insert(1);
  store_.Ask("UPDATE pending_vector SET reason = 'x'");
  EXPECT_EQ(CodeOf(rows_.TallyPending(Soon())), ErrorCode::kInternal);
  EXPECT_EQ(CodeOf(rows_.PendingIds(1, Soon())), ErrorCode::kInternal);
  EXPECT_EQ(CodeOf(rows_.LeaseDue(1, 1, AnHour(), Soon())), ErrorCode::kInternal);
}

}  // namespace
}  // namespace datastorage::postgres
