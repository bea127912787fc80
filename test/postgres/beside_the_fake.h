// BesideTheFake: a store and the fake that get the same calls, and must answer and hold the same.
//
// A sequence leaves gaps where a drawn stamp is not used, so stamps are compared by a translation
// that must keep their order.
#pragma once

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "fake/fake_record_store.h"
#include "postgres/store_session.h"
#include "postgres/table_dump.h"
#include "support/random_spans.h"

namespace datastorage::postgres {

class BesideTheFake {
 public:
  explicit BesideTheFake(std::uint64_t seed) : spans_(seed) {
    // Random bodies keep none of the rules of validation.
    store_.Ask(
        "DO $$ DECLARE name text; BEGIN FOR name IN SELECT conname FROM pg_constraint"
        " WHERE conrelid = 'record'::regclass AND contype = 'c' LOOP"
        " EXECUTE format('ALTER TABLE record DROP CONSTRAINT %I', name); END LOOP; END $$");
    using enum VectorSetState;
    AddSet({0, "scan", "small/t1", "", PendingRule::kWhereEmbeddingIsMissing, kLive});
    AddSet({0, "far", "large/t1", "", PendingRule::kEverySet, kFilling});
    AddSet({0, "far", "small/t1", "p1", PendingRule::kEverySet, kFilling});
  }

  void CommitSpan() {
    Wait();
    const std::vector<WriteOp> operations = spans_.Next(clock_.WallNow());
    const CommitMode mode =
        spans_.random().Chance(80) ? CommitMode::kEachForItself : CommitMode::kAllOrNothing;
    const auto expected = fake_.Commit(operations, mode, Deadline::Never());
    const auto outcomes = store_.committer.Commit(Translated(operations), mode, Soon());
    ASSERT_TRUE(outcomes.has_value()) << outcomes.error().message;
    ASSERT_EQ(outcomes->size(), expected->size());
    const bool is_stored =
        mode == CommitMode::kEachForItself ||
        std::all_of(expected->begin(), expected->end(), [](const WriteOutcome& outcome) {
          return Succeeded(outcome.status);
        });
    for (std::size_t i = 0; i < outcomes->size(); ++i) {
      const WriteOutcome& outcome = (*outcomes)[i];
      const WriteOutcome& wanted = (*expected)[i];
      ASSERT_EQ(NameOf(outcome.status), NameOf(wanted.status)) << "operation " << i;
      // What was undone may name stamps that the fake draws again.
      if (is_stored) LearnStamp(outcome.stamp, wanted.stamp);
      EXPECT_EQ(outcome.id, wanted.id);
      EXPECT_EQ(outcome.version, wanted.version);
      EXPECT_EQ(outcome.replayed_http_status, wanted.replayed_http_status);
      EXPECT_EQ(outcome.has_pending, wanted.has_pending);
      seen.insert(wanted.status);
    }
    spans_.Learn(operations, *expected);
    CompareTables();
  }

  void CompareTables() {
    const auto session = store_.pool.Acquire(Soon());
    const std::string dump = DumpTables(**session, [this](Stamp real) { return FakeOf(real); });
    ASSERT_EQ(dump, Without("stamp", fake_.Dump()));
  }

  std::set<WriteStatus> seen;

 protected:
  // Some minutes pass for both; less than a day in all, since a failed write may let go of a key
  // that has expired.
  void Wait() {
    store_.clock.Advance(std::chrono::minutes(1 + spans_.random().Below(6)));
    clock_.Advance(store_.clock.WallNow() - clock_.WallNow());
  }

  Stamp RealOf(Stamp fake) const {
    constexpr Stamp kNobodys = 1'000'000'000;
    const auto found = real_of_.find(fake);
    return found == real_of_.end() ? kNobodys : found->second;
  }
  Stamp FakeOf(Stamp real) const {
    const auto found = fake_of_.find(real);
    return found == fake_of_.end() ? -1 : found->second;
  }

  RandomSpans spans_;
  StoreSession store_;
  ManualClock clock_;
  FakeRecordStore fake_{clock_};

 private:
  void AddSet(const VectorSet& set) {
    EXPECT_TRUE(fake_.RegisterSet(set, Deadline::Never()).has_value());
    store_.Ask("INSERT INTO vector_set (engine, space, projection, pending_rule, state) VALUES ('" +
               set.engine + "', '" + set.space + "', '" + set.projection + "', '" +
               std::string(NameOf(set.pending_rule)) + "', '" + std::string(NameOf(set.state)) +
               "')");
  }

  void LearnStamp(Stamp real, Stamp fake) {
    if (fake == 0 || real == 0) {
      EXPECT_EQ(real, fake);
      return;
    }
    const auto [found, is_new] = fake_of_.emplace(real, fake);
    EXPECT_EQ(found->second, fake);
    if (!is_new) return;
    real_of_[fake] = real;
    EXPECT_TRUE(found == fake_of_.begin() || std::prev(found)->second < fake);
    EXPECT_TRUE(std::next(found) == fake_of_.end() || std::next(found)->second > fake);
  }

  std::vector<WriteOp> Translated(std::vector<WriteOp> operations) const {
    for (WriteOp& operation : operations) {
      if (auto* const create = std::get_if<CreateOp>(&operation)) {
        if (create->consumes_intent) create->consumes_intent = RealOf(*create->consumes_intent);
      } else if (auto* const abort = std::get_if<AbortIntentOp>(&operation)) {
        abort->intent_stamp = RealOf(abort->intent_stamp);
      }
    }
    return operations;
  }

  std::map<Stamp, Stamp> fake_of_;
  std::map<Stamp, Stamp> real_of_;
};

}  // namespace datastorage::postgres
