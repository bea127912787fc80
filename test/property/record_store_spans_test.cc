// Random spans of operations give equal outcomes, equal answers to reads and equal dumps on each
// real store and on the fake, which share no code. The store is closed and opened again at random
// points.
#include <gtest/gtest.h>

#include <set>

#include "property/store_worlds.h"
#include "schema/members.h"
#include "support/random_filters.h"
#include "support/random_spans.h"
#include "support/record_text.h"

namespace datastorage {
namespace {

constexpr int kSpanCount = 110;  // A world.

// Both stores, side by side: every call goes to both, and their answers must be equal.
template <class World>
class TwoStores {
 public:
  explicit TwoStores(std::uint64_t seed) : spans_(seed) { world_.Open(); }

  template <class Call>
  void Same(const char* what, Call call) {
    const std::string answer = TextOf(call(world_.store()));  // First: it may ask the fake.
    EXPECT_EQ(answer, TextOf(call(static_cast<RecordStore&>(fake_)))) << what;
  }

  void Step() {
    clock_.Advance(std::chrono::minutes(1 + spans_.random().Below(30)));
    const std::size_t form = spans_.random().Below(100);
    if (form < 70) {
      CommitSpan();
    } else if (form < 85) {
      ChangePending();
    } else if (form < 90) {
      ChangeSets();
    } else {
      ReadAll();
    }
    if (spans_.random().Chance(5)) world_.Open();
    world_.CompareDumps();
  }

  std::set<WriteStatus> seen;
  int span_count = 0;
  int leased_intent_count = 0;
  int settled_count = 0;  // Attempts that were found.

 private:
  void CommitSpan() {
    const std::vector<WriteOp> operations = spans_.Next(clock_.WallNow());
    const CommitMode mode =
        spans_.random().Chance(80) ? CommitMode::kEachForItself : CommitMode::kAllOrNothing;
    auto outcomes = world_.store().Commit(operations, mode, Deadline::Never());
    const auto expected = fake_.Commit(operations, mode, Deadline::Never());
    ASSERT_TRUE(outcomes.has_value()) << outcomes.error().message;
    world_.Learn(mode, *expected, *outcomes);
    ASSERT_EQ(TextOf(outcomes), TextOf(expected));
    spans_.Learn(operations, *outcomes);
    for (const WriteOp& operation : operations) NoteAttempt(operation);
    for (const WriteOutcome& outcome : *outcomes) seen.insert(outcome.status);
    ++span_count;
  }

  void NoteAttempt(const WriteOp& operation) {
    std::visit(
        [this](const auto& of_type) {
          if constexpr (requires { of_type.attempt; }) {
            attempts_.push_back({of_type.id, of_type.attempt});
          }
        },
        operation);
  }

  // What the reconciler asks, and a writer whose answer was lost.
  void Reconcile() {
    if (spans_.random().Chance(30)) {
      const auto floor = static_cast<Stamp>(spans_.random().Below(2'000));
      Same("raise",
           [&](RecordStore& store) { return store.RaiseStamps(floor, Deadline::Never()); });
    }
    const auto settle = [&](RecordStore& store) {
      return store.SettleAttempts(attempts_, Deadline::Never());
    };
    Same("attempts", settle);
    for (const AttemptOutcome& outcome : *settle(fake_)) {
      settled_count += outcome.is_committed ? 1 : 0;
    }
    const auto set = static_cast<VectorSetId>(1 + spans_.random().Below(4));
    const int limit = 1 + static_cast<int>(spans_.random().Below(8));
    for (RecordId after{};;) {
      const auto scan = [&](RecordStore& store) {
        return store.ScanIds(set, after, limit, Deadline::Never());
      };
      Same("ids", scan);
      const auto page = scan(fake_);
      if (page->empty()) break;
      after = page->back().id;
    }
  }

  void ChangePending() {
    const WallTime now = clock_.WallNow();
    const int limit = 1 + static_cast<int>(spans_.random().Below(6));
    const auto set = static_cast<VectorSetId>(1 + spans_.random().Below(4));
    const Lease until{.now = now, .until = now + std::chrono::hours(1)};
    const auto lease = [&](RecordStore& store) {
      return store.LeaseDue(set, limit, until, Deadline::Never());
    };
    const std::string answer = TextOf(lease(world_.store()));
    const auto leased = lease(fake_);
    ASSERT_TRUE(leased.has_value());
    ASSERT_EQ(answer, TextOf(leased));
    std::vector<PendingVector> rows = *leased;
    for (const PendingVector& row : rows) leased_intent_count += row.is_intent ? 1 : 0;
    for (PendingVector& row : rows) {
      if (spans_.random().Chance(10)) ++row.stamp;
    }
    const std::size_t form = spans_.random().Below(4);
    Same("pending", [&](RecordStore& store) -> Result<void> {
      if (form == 0) return store.Settle(rows, Deadline::Never());
      if (form == 1) {
        return store.Fail(
            rows, PendingReason::kEmbedderBusy, now + std::chrono::hours(2), Deadline::Never());
      }
      if (form == 2) return store.Park(rows, Deadline::Never());
      DS_RETURN_IF_ERROR(store.Release(set, now, Deadline::Never()));
      return {};
    });
  }

  void ChangeSets() {
    const VectorSet set = spans_.Set();
    const auto id = static_cast<VectorSetId>(spans_.random().Below(5));
    const bool registers = spans_.random().Chance(50);
    const VectorSetState from = spans_.Set().state;
    Same("sets", [&](RecordStore& store) -> Result<void> {
      if (!registers) return store.ChangeSetState(id, from, set.state, Deadline::Never());
      DS_RETURN_IF_ERROR(store.RegisterSet(set, Deadline::Never()));
      return {};
    });
    Same("sets", [](RecordStore& store) { return store.Sets(Deadline::Never()); });
  }

  void ReadAll() {
    std::vector<RecordRef> refs(spans_.ids().begin(), spans_.ids().end());
    for (std::size_t i = 0; i < spans_.ids().size(); ++i) refs.emplace_back(spans_.KeyOf(i));
    const std::string space = spans_.Spaces()[spans_.random().Below(2)];
    const auto read = [&](RecordStore& store) {
      return store.Read(refs, space, Deadline::Never());
    };
    Same("read", read);
    const auto outcomes = read(fake_);
    std::vector<FilterMembers> known(1);
    for (const ReadOutcome& outcome : *outcomes) {
      if (outcome.status == ReadStatus::kFound) {
        known.push_back(schema::FilterMembersOf(outcome.record));
      }
    }
    RandomFilters filters(spans_.random().Below(1'000'000), std::move(known));
    for (int i = 0; i < 5; ++i) ReadMatching(filters.Next(), space);
    Reconcile();
    const RecordId id = spans_.ids()[spans_.random().Below(spans_.ids().size())];
    Same("history", [&](RecordStore& store) { return store.History(id, Deadline::Never()); });
    Same("tally", [](RecordStore& store) { return store.TallyPending(Deadline::Never()); });
    const auto set = static_cast<VectorSetId>(spans_.random().Below(6));
    Same("ids", [&](RecordStore& store) { return store.PendingIds(set, Deadline::Never()); });
    Same("scan",
         [&](RecordStore& store) { return store.ScanEmbeddings(space, id, 3, Deadline::Never()); });
  }

  void ReadMatching(const Filter& filter, const std::string& space) {
    const Embedding query = spans_.Vector();
    ListQuery list;
    list.filter = filter;
    list.sort = {static_cast<Member>(spans_.random().Below(kMemberCount)),
                 spans_.random().Chance(50)};
    list.limit = 1 + static_cast<int>(spans_.random().Below(5));
    list.wants_count = true;
    if (spans_.random().Chance(30)) list.kind = spans_.random().Kind();
    Same("count", [&](RecordStore& store) { return store.Count(filter, 5, Deadline::Never()); });
    Same("nearest", [&](RecordStore& store) {
      return store.ExactNearest(query, space, filter, 3, Deadline::Never());
    });
    // Page by page to the end.
    bool has_more = true;
    while (has_more) {
      Same("list", [&](RecordStore& store) { return store.List(list, Deadline::Never()); });
      const auto page = fake_.List(list, Deadline::Never());
      ASSERT_TRUE(page.has_value());
      has_more = page->has_more;
      if (!has_more) break;
      const Record& last = page->records.back();
      list.after = KeysetPosition{schema::ValueOf(last, list.sort.member), last.id};
    }
  }

  RandomSpans spans_;
  std::vector<AttemptRef> attempts_;
  ManualClock clock_;
  FakeRecordStore fake_{clock_};
  World world_{clock_, fake_};
};

template <class World>
class RecordStoreSpans : public testing::Test {};
using Worlds = testing::Types<SqliteWorld, PostgresWorld, ExpandedPostgresWorld>;
TYPED_TEST_SUITE(RecordStoreSpans, Worlds);

TYPED_TEST(RecordStoreSpans, GiveEqualOutcomesAndDumpsOnTheStoreAndTheFake) {
  std::set<WriteStatus> seen;
  int span_count = 0;
  int leased_intent_count = 0;
  int settled_count = 0;
  for (int world = 0; world < TypeParam::kCount; ++world) {
    SCOPED_TRACE("seed " + std::to_string(world));
    TwoStores<TypeParam> stores(static_cast<std::uint64_t>(world));
    while (stores.span_count < kSpanCount) {
      stores.Step();
      ASSERT_FALSE(this->HasFailure());
    }
    seen.insert(stores.seen.begin(), stores.seen.end());
    span_count += stores.span_count;
    leased_intent_count += stores.leased_intent_count;
    settled_count += stores.settled_count;
  }
  std::printf("spans: %d, statuses seen: %zu of 18, leased intents: %d, settled attempts: %d\n",
              span_count,
              seen.size(),
              leased_intent_count,
              settled_count);
  EXPECT_GE(leased_intent_count, TypeParam::kCount / 4);
  EXPECT_GT(settled_count, TypeParam::kCount * 50);
  EXPECT_GE(span_count, TypeParam::kCount * kSpanCount);
  EXPECT_EQ(seen.size(), 18U);
}

}  // namespace
}  // namespace datastorage
