// What every record store promises of vector sets of different kinds beside each other.
#include <gmock/gmock.h>

#include <thread>

#include "contract/record_store_contract.h"

namespace datastorage {
namespace {

using testing::UnorderedElementsAre;

template <class Store>
class RecordStoreSets : public RecordStoreContract<Store> {
 protected:
  VectorSetId Register(const VectorSet& wanted) {
    const auto set = this->store_->RegisterSet(wanted, Deadline::Never());
    EXPECT_TRUE(set.has_value());
    return set.has_value() ? set->id : 0;
  }
  PendingIdPage PendingIn(VectorSetId set) {
    const auto page = this->store_->PendingIds(set, Deadline::Never());
    EXPECT_TRUE(page.has_value());
    return page.has_value() ? *page : PendingIdPage();
  }
  std::vector<Stamp> StampsIn(VectorSetId set) {
    std::vector<Stamp> stamps;
    for (const PendingId& row : PendingIn(set).ids) stamps.push_back(row.stamp);
    return stamps;
  }
};

using Stores = testing::Types<SqliteRecordStore, PostgresRecordStore, FakeRecordStore>;
TYPED_TEST_SUITE(RecordStoreSets, Stores, StoreNames);

TYPED_TEST(RecordStoreSets, GetTheRowsOfTheirOwnRule) {
  const VectorSetId here = this->RegisterLiveSet();
  const VectorSetId there = this->Register({.engine = "elsewhere",
                                            .space = kContractSpace,
                                            .projection = "",
                                            .pending_rule = PendingRule::kEverySet,
                                            .state = VectorSetState::kFilling});
  const auto sets = this->store_->Sets(Deadline::Never());
  ASSERT_EQ(sets->size(), 2U);
  EXPECT_EQ(sets->at(0).pending_rule, PendingRule::kWhereEmbeddingIsMissing);
  EXPECT_EQ(sets->at(1).pending_rule, PendingRule::kEverySet);

  CreateOp embedded = this->Create("k1", "with");
  embedded.embeddings = {this->Embedded("with")};
  CreateOp missing = this->Create("k2", "without");
  missing.pending_reason = PendingReason::kEmbedderBusy;
  const CreateOp textless = this->Create("k3");
  const auto created = this->Commit({embedded, missing, textless});
  EXPECT_TRUE(created[0].has_pending);
  EXPECT_FALSE(created[2].has_pending);
  EXPECT_THAT(this->StampsIn(here), UnorderedElementsAre(created[1].stamp));
  EXPECT_THAT(this->StampsIn(there), UnorderedElementsAre(created[0].stamp, created[1].stamp));
  EXPECT_EQ(this->PendingIn(here).ids.at(0).reason, PendingReason::kEmbedderBusy);

  const WriteOutcome stored =
      this->CommitOne(StoreEmbeddingOp{missing.id, this->Embedded("without")});
  EXPECT_TRUE(stored.has_pending);
  EXPECT_THAT(this->StampsIn(here), UnorderedElementsAre());
  EXPECT_THAT(this->StampsIn(there), UnorderedElementsAre(created[0].stamp, stored.stamp));

  // The text goes: only the vector that travels needs a tombstone.
  const WriteOutcome updated = this->CommitOne(this->Update(missing, 1));
  EXPECT_TRUE(updated.has_pending);
  EXPECT_THAT(this->StampsIn(here), UnorderedElementsAre());
  EXPECT_THAT(this->StampsIn(there), UnorderedElementsAre(created[0].stamp, updated.stamp));

  // The record goes: a tombstone everywhere.
  const WriteOutcome erased = this->CommitOne(this->Erase(embedded));
  EXPECT_TRUE(erased.has_pending);
  EXPECT_THAT(this->StampsIn(here), UnorderedElementsAre(erased.stamp));
  EXPECT_THAT(this->StampsIn(there), UnorderedElementsAre(erased.stamp, updated.stamp));
}

TYPED_TEST(RecordStoreSets, FinishAnIntentByTheirOwnRule) {
  const VectorSetId here = this->RegisterLiveSet();
  const VectorSetId there = this->Register({.engine = "elsewhere",
                                            .space = kContractSpace,
                                            .projection = "",
                                            .pending_rule = PendingRule::kEverySet,
                                            .state = VectorSetState::kFilling});
  CreateOp create = this->Create("k1", "text");
  create.embeddings = {this->Embedded("text")};
  const WriteOutcome begun =
      this->CommitOne(BeginIntentOp{.id = create.id,
                                    .kind = KindOf(create.body),
                                    .natural_key = NaturalKeyOf(create.body),
                                    .content_hash = create.content_hash,
                                    .claim = std::nullopt,
                                    .now = create.now,
                                    .lease_until = create.now + std::chrono::seconds(30)});
  EXPECT_THAT(this->StampsIn(here), UnorderedElementsAre(begun.stamp));
  EXPECT_THAT(this->StampsIn(there), UnorderedElementsAre(begun.stamp));
  create.consumes_intent = begun.stamp;
  EXPECT_EQ(this->CommitOne(create).status, WriteStatus::kCreated);
  EXPECT_THAT(this->StampsIn(here), UnorderedElementsAre());
  EXPECT_THAT(this->StampsIn(there), UnorderedElementsAre(begun.stamp));
}

TYPED_TEST(RecordStoreSets, TellWithTheirPendingIdsWhetherTheyAreLive) {
  const VectorSetId old_set = this->RegisterLiveSet();
  const VectorSetId new_set = this->Register(
      {.engine = "scan", .space = "other/t1", .projection = "", .state = VectorSetState::kFilling});
  EXPECT_TRUE(this->PendingIn(old_set).is_live);  // Without a row, too.
  const CreateOp create = this->Create("k1", "text");
  this->CommitOne(create);
  EXPECT_TRUE(this->PendingIn(old_set).is_live);
  EXPECT_EQ(this->PendingIn(old_set).ids.size(), 1U);
  EXPECT_FALSE(this->PendingIn(new_set).is_live);
  EXPECT_EQ(this->PendingIn(new_set).ids.size(), 1U);
  EXPECT_FALSE(this->PendingIn(99).is_live);

  ASSERT_TRUE(this->store_
                  ->ChangeSetState(
                      new_set, VectorSetState::kFilling, VectorSetState::kLive, Deadline::Never())
                  .has_value());
  EXPECT_FALSE(this->PendingIn(old_set).is_live);
  EXPECT_TRUE(this->PendingIn(old_set).ids.empty());
  EXPECT_TRUE(this->PendingIn(new_set).is_live);
  EXPECT_EQ(this->PendingIn(new_set).ids.size(), 1U);
}

// As when somebody gives up a set at the moment at which another makes it live.
TYPED_TEST(RecordStoreSets, ChangeOnlyFromTheStateThatIsExpectedOfThem) {
  constexpr VectorSetState kFilling = VectorSetState::kFilling;
  constexpr VectorSetState kLive = VectorSetState::kLive;
  constexpr VectorSetState kRetired = VectorSetState::kRetired;
  const VectorSetId old_set = this->RegisterLiveSet();
  const VectorSetId set =
      this->Register({.engine = "scan", .space = "other/t1", .projection = "", .state = kFilling});
  const auto change = [&](VectorSetState from, VectorSetState to) {
    const auto changed = this->store_->ChangeSetState(set, from, to, Deadline::Never());
    return changed.has_value() ? "changed" : std::string(NameOf(changed.error().code));
  };
  const auto states = [&] {
    const auto sets = this->store_->Sets(Deadline::Never());
    std::string all;
    for (const VectorSet& each : *sets) {
      all += std::string(NameOf(each.state)) + " ";
    }
    return all;
  };
  const std::string conflict(NameOf(ErrorCode::kConflict));
  EXPECT_EQ(change(kLive, kRetired), conflict);
  EXPECT_EQ(change(VectorSetState::kPreparing, kLive), conflict);
  EXPECT_EQ(states(), "live filling ");
  EXPECT_EQ(change(kFilling, kLive), "changed");
  EXPECT_EQ(change(kFilling, kLive), "changed") << "it is there";
  EXPECT_EQ(change(kFilling, kRetired), conflict);
  EXPECT_EQ(change(kLive, kFilling), conflict);
  EXPECT_EQ(states(), "retired live ");
  EXPECT_EQ(change(kLive, kRetired), "changed");
  EXPECT_EQ(change(kRetired, kLive), conflict);
  EXPECT_EQ(states(), "retired retired ");
  EXPECT_EQ(this->store_->ChangeSetState(old_set, kLive, kFilling, Deadline::Never()).error().code,
            ErrorCode::kConflict);
}

// A set that retires loses its rows: whoever believes that it is live still must see them.
TYPED_TEST(RecordStoreSets, TellWhetherTheyAreLiveInTheSnapshotOfTheirPendingIds) {
  constexpr VectorSetId kSetCount = 100;
  this->CommitOne(this->Create("k1", "text"));
  const std::jthread registrar([&] {
    for (VectorSetId set = 1; set <= kSetCount; ++set) {
      EXPECT_EQ(this->Register({.engine = "scan",
                                .space = "space " + std::to_string(set),
                                .projection = "",
                                .state = VectorSetState::kLive}),
                set);
    }
  });
  for (VectorSetId set = 1; set < kSetCount;) {
    const PendingIdPage page = this->PendingIn(set);
    // The rows of a set that is not live may come before it is and go after it was.
    ASSERT_FALSE(page.is_live && page.ids.empty()) << set;
    const auto sets = this->store_->Sets(Deadline::Never());
    if (sets->size() > static_cast<std::size_t>(set)) ++set;
  }
}

// After the store was put back to an older state the index is ahead of rows that are there already.
TYPED_TEST(RecordStoreSets, RenewARowThatCanNoLongerWinWhenAsked) {
  const VectorSetId set = this->RegisterLiveSet(PendingRule::kEverySet);
  CreateOp create = this->Create("k1", "text");
  const Stamp before = this->CommitOne(create).stamp;
  const EnqueuePendingOp plain{set, create.id, PendingReason::kReconcile};
  EXPECT_EQ(this->CommitOne(plain).status, WriteStatus::kAlreadyPending);
  EnqueuePendingOp renewing = plain;
  renewing.renews = true;
  const WriteOutcome renewed = this->CommitOne(renewing);
  EXPECT_EQ(renewed.status, WriteStatus::kEnqueued);
  EXPECT_GT(renewed.stamp, before);
  const RecordRef ref = create.id;
  EXPECT_EQ(this->store_->Read({&ref, 1}, "", Deadline::Never())->front().record.stamp,
            renewed.stamp);
  const std::vector<PendingVector> rows = this->Lease();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].stamp, renewed.stamp);
}

TYPED_TEST(RecordStoreSets, FollowTheStampThatARowInOneOfThemGaveTheRecord) {
  const VectorSetId live = this->RegisterLiveSet(PendingRule::kEverySet);
  const VectorSetId filling = this->Register({.engine = "other",
                                              .space = "fake/t1",
                                              .projection = "",
                                              .pending_rule = PendingRule::kEverySet,
                                              .state = VectorSetState::kFilling});
  const CreateOp create = this->Create("k1", "text");
  this->CommitOne(create);
  ASSERT_TRUE(this->store_->Settle(this->Lease(10, live), Deadline::Never()).has_value());
  ASSERT_TRUE(this->store_->Settle(this->Lease(10, filling), Deadline::Never()).has_value());
  const Stamp raised =
      this->CommitOne(EnqueuePendingOp{live, create.id, PendingReason::kReconcile}).stamp;
  for (const VectorSetId set : {live, filling}) {
    ASSERT_EQ(this->PendingIn(set).ids.size(), 1U);
    EXPECT_EQ(this->PendingIn(set).ids[0].stamp, raised);
  }
}

}  // namespace
}  // namespace datastorage
