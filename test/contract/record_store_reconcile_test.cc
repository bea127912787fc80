// What every record store promises to a relay, to a writer whose answer was lost, and to the
// reconciler: leased intents, settled attempts, scanned ids, raised stamps.
#include <gmock/gmock.h>

#include <algorithm>
#include <limits>
#include <thread>

#include "contract/record_store_contract.h"

namespace datastorage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Duration kIntentLease = std::chrono::seconds(30);

template <class Store>
class RecordStoreReconcile : public RecordStoreContract<Store> {
 protected:
  VectorSetId RegisterSet(const std::string& space, VectorSetState state) {
    const auto set = this->store_->RegisterSet(
        {.engine = "scan", .space = space, .projection = "", .state = state}, Deadline::Never());
    EXPECT_TRUE(set.has_value());
    return set.has_value() ? set->id : 0;
  }
  BeginIntentOp Begin(const CreateOp& create) {
    return {.id = create.id,
            .kind = KindOf(create.body),
            .natural_key = NaturalKeyOf(create.body),
            .content_hash = create.content_hash,
            .claim = create.claim,
            .now = this->clock_.WallNow(),
            .lease_until = this->clock_.WallNow() + kIntentLease};
  }
  // Begins the intent of `create`, which from now on finishes it.
  WriteOutcome BeginFor(CreateOp& create) {
    const WriteOutcome begun = this->CommitOne(Begin(create));
    EXPECT_EQ(begun.status, WriteStatus::kIntentBegun);
    create.consumes_intent = begun.stamp;
    return begun;
  }
  std::string Settled(const std::vector<AttemptRef>& refs) {
    return TextOf(this->store_->SettleAttempts(refs, Deadline::Never()));
  }
  static std::string Wrote(std::int64_t version, Stamp stamp) {
    return TextOf(AttemptOutcome{true, version, stamp}) + "\n";
  }
  std::vector<StoredId> Scan(VectorSetId set, RecordId after = {}, int limit = 1'000) {
    auto page = this->store_->ScanIds(set, after, limit, Deadline::Never());
    EXPECT_TRUE(page.has_value());
    return page.has_value() ? *page : std::vector<StoredId>();
  }
  std::string PendingIn(VectorSetId set) {
    return TextOf(this->store_->PendingIds(set, Deadline::Never()));
  }
  Stamp Raise(Stamp floor) {
    const auto highest = this->store_->RaiseStamps(floor, Deadline::Never());
    EXPECT_TRUE(highest.has_value());
    return highest.has_value() ? *highest : -1;
  }
};

using Stores =
    testing::Types<SqliteRecordStore, PostgresRecordStore, FakeRecordStore, IdleRecordStore>;
TYPED_TEST_SUITE(RecordStoreReconcile, Stores, StoreNames);

TYPED_TEST(RecordStoreReconcile, LeasesTheRowsOfOneSetOnly) {
  const VectorSetId live = this->RegisterLiveSet();
  const VectorSetId filling = this->RegisterSet("other/t1", VectorSetState::kFilling);
  const CreateOp create = this->Create("k1", "text");
  this->CommitOne(create);
  const std::vector<PendingVector> rows = this->Lease(10, filling);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].set, filling);
  EXPECT_FALSE(rows[0].is_intent);
  EXPECT_THAT(this->Lease(10, filling), IsEmpty());
  EXPECT_EQ(this->Lease(10, live).size(), 1U);
  EXPECT_THAT(this->Lease(10, 99), IsEmpty());
}

TYPED_TEST(RecordStoreReconcile, LeasesAnIntentOnceItsLeaseHasEnded) {
  this->RegisterLiveSet();
  CreateOp create = this->Create("k1", "text");
  const WriteOutcome begun = this->BeginFor(create);
  this->clock_.Advance(kIntentLease - Duration(1));
  EXPECT_THAT(this->Lease(), IsEmpty());
  this->clock_.Advance(Duration(1));
  const std::vector<PendingVector> rows = this->Lease();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_TRUE(rows[0].is_intent);
  EXPECT_EQ(rows[0].id, create.id);
  EXPECT_EQ(rows[0].stamp, begun.stamp);
  EXPECT_THAT(this->Lease(), IsEmpty());  // Another relay has it.
  // To lease it is not to fence it.
  EXPECT_EQ(this->CommitOne(create).status, WriteStatus::kCreated);
}

TYPED_TEST(RecordStoreReconcile, LeavesAnIntentAloneWhateverIsDoneToItsRow) {
  const VectorSetId set = this->RegisterLiveSet();
  CreateOp create = this->Create("k1", "text");
  const WriteOutcome begun = this->BeginFor(create);
  this->clock_.Advance(kIntentLease);
  const std::vector<PendingVector> rows = this->Lease();
  ASSERT_EQ(rows.size(), 1U);
  const WallTime now = this->clock_.WallNow();
  const Deadline never = Deadline::Never();
  ASSERT_TRUE(this->store_->Settle(rows, never).has_value());
  ASSERT_TRUE(this->store_->Park(rows, never).has_value());
  ASSERT_TRUE(this->store_->Fail(rows, PendingReason::kEmbedderBusy, now, never).has_value());
  EXPECT_EQ(*this->store_->Release(set, now, never), 0);
  const WriteOutcome enqueued =
      this->CommitOne(EnqueuePendingOp{set, create.id, PendingReason::kReconcile});
  EXPECT_EQ(enqueued.status, WriteStatus::kAlreadyPending);
  EXPECT_EQ(enqueued.stamp, begun.stamp);
  EXPECT_EQ(this->PendingIn(set),
            create.id.ToString() + " " + std::to_string(begun.stamp) + "\ncomplete live");
  EXPECT_THAT(this->Lease(), IsEmpty());
  const WriteOutcome created = this->CommitOne(create);
  EXPECT_EQ(created.status, WriteStatus::kCreated);
  EXPECT_EQ(created.stamp, begun.stamp);
}

TYPED_TEST(RecordStoreReconcile, FencesTheWriterWhoseIntentARelayAborted) {
  const VectorSetId set = this->RegisterLiveSet();
  const VectorSetId filling = this->RegisterSet("other/t1", VectorSetState::kFilling);
  CreateOp create = this->Create("k1", "text");
  create.claim = this->ClaimOf("idem");
  this->BeginFor(create);
  this->clock_.Advance(kIntentLease);
  const PendingVector leased = this->Lease().at(0);
  const WriteOutcome aborted = this->CommitOne(AbortIntentOp{leased.id, leased.stamp});
  EXPECT_EQ(aborted.status, WriteStatus::kIntentAborted);
  EXPECT_EQ(this->CommitOne(create).status, WriteStatus::kFenced);
  EXPECT_EQ(this->Read(create.id).status, ReadStatus::kNotFound);
  // The tombstone is due in every set, above what the writer may have sent.
  for (const VectorSetId place : {set, filling}) {
    const std::vector<PendingVector> due = this->Lease(10, place);
    ASSERT_EQ(due.size(), 1U);
    EXPECT_FALSE(due[0].is_intent);
    EXPECT_EQ(due[0].stamp, aborted.stamp);
    EXPECT_GT(due[0].stamp, leased.stamp);
  }
  CreateOp retry = this->Create("k1", "text");
  retry.claim = create.claim;
  EXPECT_EQ(this->CommitOne(retry).status, WriteStatus::kCreated);
}

TYPED_TEST(RecordStoreReconcile, FinishesAnIntentInSetsThatCameSinceItBegan) {
  const VectorSetId first = this->RegisterLiveSet();
  const VectorSetId second = this->RegisterSet("other/t1", VectorSetState::kFilling);
  CreateOp create = this->Create("k1", "text");
  const WriteOutcome begun = this->BeginFor(create);
  const VectorSetId third = this->RegisterSet("third/t1", VectorSetState::kFilling);
  EXPECT_EQ(this->CommitOne(EnqueuePendingOp{third, create.id, PendingReason::kReconcile}).status,
            WriteStatus::kAlreadyPending);
  this->clock_.Advance(kIntentLease - Duration(1));
  EXPECT_THAT(this->Lease(10, third), IsEmpty());  // The same lease as in the others.
  ASSERT_EQ(this->CommitOne(create).status, WriteStatus::kCreated);
  for (const VectorSetId set : {first, second, third}) {
    const std::vector<PendingVector> due = this->Lease(10, set);
    ASSERT_EQ(due.size(), 1U) << set;
    EXPECT_FALSE(due[0].is_intent);
    EXPECT_EQ(due[0].stamp, begun.stamp);
  }
}

// Else nobody would ever free the keys of a writer that died.
TYPED_TEST(RecordStoreReconcile, HandsAnIntentOverToTheSetThatReplacesItsOwn) {
  CreateOp orphan = this->Create("k0", "begun before there was a set");
  this->BeginFor(orphan);
  const VectorSetId first = this->RegisterLiveSet();
  EXPECT_TRUE(this->Lease(10, first).at(0).is_intent);
  CreateOp create = this->Create("k1", "text");
  this->BeginFor(create);
  const VectorSetId second = this->RegisterSet("other/t1", VectorSetState::kLive);
  EXPECT_EQ(this->PendingIn(first), "complete");
  EXPECT_THAT(this->Lease(10, second), IsEmpty());
  this->clock_.Advance(kIntentLease + std::chrono::minutes(1));
  EXPECT_EQ(this->Lease(10, second).size(), 2U);
  EXPECT_EQ(this->CommitOne(create).status, WriteStatus::kCreated);
}

TYPED_TEST(RecordStoreReconcile, AttributesEveryVersionToItsAttempt) {
  this->RegisterLiveSet();
  const CreateOp create = this->Create("k1", "first");
  const UpdateOp update = this->Update(create, 1, "second");
  this->Commit({create, update});
  const WriteOutcome stored =
      this->CommitOne(StoreEmbeddingOp{create.id, this->Embedded("second")});
  ASSERT_EQ(stored.status, WriteStatus::kEmbeddingStored);
  // The stamp is the record's now, also for a version that is no longer current.
  EXPECT_EQ(this->Settled({{create.id, create.attempt},
                           {create.id, update.attempt},
                           {create.id, SystemUuidSource().MakeVersion4()},
                           {update.attempt, create.attempt}}),
            this->Wrote(1, stored.stamp) + this->Wrote(2, stored.stamp) + "nothing\nnothing\n");
  EXPECT_EQ(this->Settled({}), "");
}

TYPED_TEST(RecordStoreReconcile, AttributesTheVersionsOfAnErasedRecordStill) {
  const CreateOp create = this->Create("k1", "first");
  const UpdateOp update = this->Update(create, 1, "second");
  const EraseOp erase = this->Erase(create);
  const Stamp stamp = this->Commit({create, update, erase}).at(2).stamp;
  EXPECT_EQ(this->Settled({{create.id, create.attempt},
                           {create.id, update.attempt},
                           {create.id, erase.attempt},
                           {create.id, SystemUuidSource().MakeVersion4()}}),
            this->Wrote(1, stamp) + this->Wrote(2, stamp) + this->Wrote(2, stamp) + "nothing\n");
}

TYPED_TEST(RecordStoreReconcile, FindsNoAttemptThatWroteNothing) {
  this->RegisterLiveSet();
  CreateOp first = this->Create("k1", "text");
  first.claim = this->ClaimOf("idem");
  const CreateOp existing = this->Create("k1", "text");
  CreateOp replayed = this->Create("k2", "text");
  replayed.claim = first.claim;
  const CreateOp conflicting = this->Create("k1", "other");
  const UpdateOp stale = this->Update(first, 7);
  EXPECT_THAT(this->Statuses({first, existing, replayed, conflicting, stale}),
              ElementsAre(WriteStatus::kCreated,
                          WriteStatus::kExisting,
                          WriteStatus::kReplayed,
                          WriteStatus::kConflict,
                          WriteStatus::kStale));
  CreateOp fenced = this->Create("k3", "text");
  this->BeginFor(fenced);
  this->CommitOne(AbortIntentOp{fenced.id, *fenced.consumes_intent});
  EXPECT_EQ(this->CommitOne(fenced).status, WriteStatus::kFenced);
  const CreateOp undone = this->Create("k4");
  this->Commit({undone, conflicting}, CommitMode::kAllOrNothing);
  EXPECT_EQ(this->Settled({{existing.id, existing.attempt},
                           {first.id, existing.attempt},
                           {replayed.id, replayed.attempt},
                           {first.id, replayed.attempt},
                           {conflicting.id, conflicting.attempt},
                           {first.id, stale.attempt},
                           {fenced.id, fenced.attempt},
                           {undone.id, undone.attempt}}),
            "nothing\nnothing\nnothing\nnothing\nnothing\nnothing\nnothing\nnothing\n");
}

TYPED_TEST(RecordStoreReconcile, ScansRecordsAndPendingRowsAlike) {
  const VectorSetId set = this->RegisterLiveSet();
  const VectorSetId other = this->RegisterSet("other/t1", VectorSetState::kFilling);
  CreateOp embedded = this->Create("k1", "with");
  embedded.embeddings = {this->Embedded("with")};
  const CreateOp missing = this->Create("k2", "without");
  const CreateOp textless = this->Create("k3");
  const CreateOp parked = this->Create("k4", "parked");
  const std::vector<WriteOutcome> outcomes = this->Commit({embedded, missing, textless, parked});
  const auto leased = this->Lease();
  ASSERT_TRUE(this->store_->Park(std::span(leased).last(1), Deadline::Never()).has_value());
  CreateOp intent = this->Create("k5", "intent");
  const WriteOutcome begun = this->BeginFor(intent);
  const RecordId foreign = SystemUuidSource().MakeVersion7();
  const WriteOutcome enqueued =
      this->CommitOne(EnqueuePendingOp{set, foreign, PendingReason::kReconcile});
  std::vector<StoredId> expected{{embedded.id, outcomes[0].stamp, true, true, std::nullopt},
                                 {missing.id, outcomes[1].stamp, true, false, outcomes[1].stamp},
                                 {textless.id, outcomes[2].stamp, false, false, std::nullopt},
                                 {parked.id, outcomes[3].stamp, true, false, outcomes[3].stamp},
                                 {intent.id, std::nullopt, false, false, begun.stamp},
                                 {foreign, std::nullopt, false, false, enqueued.stamp}};
  const auto by_id = [](const StoredId& a, const StoredId& b) { return a.id < b.id; };
  std::sort(expected.begin(), expected.end(), by_id);
  EXPECT_EQ(TextOf(this->Scan(set)), TextOf(expected));
  // The other set's space has no embedding, and nobody enqueued the foreign id there.
  for (StoredId& stored : expected) stored.has_embedding = false;
  std::erase_if(expected, [&](const StoredId& stored) { return stored.id == foreign; });
  for (StoredId& stored : expected) {
    if (stored.id == embedded.id) stored.pending_stamp = outcomes[0].stamp;
  }
  EXPECT_EQ(TextOf(this->Scan(other)), TextOf(expected));
}

TYPED_TEST(RecordStoreReconcile, ScansAnEmbeddingOnlyOfTheCurrentText) {
  const VectorSetId set = this->RegisterLiveSet();
  CreateOp create = this->Create("k1", "first");
  create.embeddings = {this->Embedded("first")};
  this->CommitOne(create);
  EXPECT_TRUE(this->Scan(set).at(0).has_embedding);
  this->CommitOne(this->Update(create, 1, "second"));
  EXPECT_FALSE(this->Scan(set).at(0).has_embedding);
  this->CommitOne(StoreEmbeddingOp{create.id, this->Embedded("second")});
  EXPECT_TRUE(this->Scan(set).at(0).has_embedding);
  const WriteOutcome erased = this->CommitOne(this->Erase(create));
  ASSERT_EQ(this->Scan(set).size(), 1U);  // Its tombstone is due.
  EXPECT_EQ(this->Scan(set)[0].record_stamp, std::nullopt);
  EXPECT_EQ(this->Scan(set)[0].pending_stamp, erased.stamp);
}

TYPED_TEST(RecordStoreReconcile, ScansWhetherThereIsSomethingToEmbed) {
  const VectorSetId set = this->RegisterLiveSet(PendingRule::kEverySet);
  const CreateOp create = this->Create("k1");
  const auto has_text = [&] { return this->Scan(set).at(0).has_text; };
  this->CommitOne(create);
  EXPECT_FALSE(has_text());
  this->CommitOne(this->Update(create, 1, "text"));
  EXPECT_TRUE(has_text());
  this->CommitOne(StoreEmbeddingOp{create.id, this->Embedded("text")});
  EXPECT_TRUE(has_text());
  this->CommitOne(this->Update(create, 2));
  EXPECT_FALSE(has_text());  // Although its tombstone is due.
  this->CommitOne(this->Update(create, 3, "again"));
  EXPECT_TRUE(has_text());
  this->CommitOne(this->Erase(create));
  EXPECT_FALSE(has_text());
}

TYPED_TEST(RecordStoreReconcile, ScansPageByPageWithoutGapsOrRepeats) {
  const VectorSetId set = this->RegisterLiveSet();
  for (int i = 0; i < 40; ++i) {
    const std::string text = i % 3 == 0 ? "" : "text";
    this->CommitOne(this->Create("k" + std::to_string(i), text));
    const RecordId foreign =
        i % 2 == 0 ? SystemUuidSource().MakeVersion7() : SystemUuidSource().MakeVersion4();
    this->CommitOne(EnqueuePendingOp{set, foreign, PendingReason::kReconcile});
  }
  const std::vector<StoredId> all = this->Scan(set);
  ASSERT_EQ(all.size(), 80U);
  for (const int limit : {1, 7, 79, 80}) {
    std::vector<StoredId> paged;
    for (RecordId after{};;) {
      const std::vector<StoredId> page = this->Scan(set, after, limit);
      if (page.empty()) break;
      ASSERT_LE(page.size(), static_cast<std::size_t>(limit));
      paged.insert(paged.end(), page.begin(), page.end());
      after = page.back().id;
    }
    EXPECT_EQ(TextOf(paged), TextOf(all)) << limit;
  }
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_LT(all[i - 1].id, all[i].id);
}

// One transaction stores record and row, another removes both: never is only one of them seen.
TYPED_TEST(RecordStoreReconcile, ScansOneSnapshot) {
  const VectorSetId set = this->RegisterLiveSet();
  const CreateOp create = this->Create("k1", "text");
  this->CommitOne(create);
  std::jthread writer([&](const std::stop_token& stop) {
    for (int version = 1; version < 300 && !stop.stop_requested(); ++version) {
      this->CommitOne(this->Update(create, version, "text " + std::to_string(version)));
    }
  });
  for (int i = 0; i < 300; ++i) {
    const std::vector<StoredId> page = this->Scan(set);
    ASSERT_EQ(page.size(), 1U);
    EXPECT_EQ(page[0].record_stamp, page[0].pending_stamp);
  }
}

TYPED_TEST(RecordStoreReconcile, RaisesStampsAndNeverLowersThem) {
  EXPECT_EQ(this->Raise(0), 0);
  const Stamp first = this->CommitOne(this->Create("k1")).stamp;
  EXPECT_GT(first, 0);
  const Stamp drawn = this->Raise(0);
  EXPECT_GE(drawn, first);           // A store may draw more than it uses.
  EXPECT_EQ(this->Raise(0), drawn);  // Reading draws none.
  EXPECT_EQ(this->Raise(drawn + 1'000), drawn);
  EXPECT_EQ(this->Raise(0), drawn + 1'000);
  EXPECT_GT(this->CommitOne(this->Create("k2")).stamp, drawn + 1'000);
  const Stamp highest = this->Raise(5);
  EXPECT_GT(highest, drawn + 1'000);
  EXPECT_EQ(this->Raise(highest), highest);
  EXPECT_GT(this->CommitOne(this->Create("k3")).stamp, highest);
  EXPECT_EQ(
      this->store_->RaiseStamps(std::numeric_limits<Stamp>::max(), Deadline::Never()).error().code,
      ErrorCode::kInvalidArgument);
  EXPECT_GT(this->Raise(0), highest);
}

TYPED_TEST(RecordStoreReconcile, AnswersNothingAfterTheDeadline) {
  const Deadline passed = Deadline::At(SteadyTime());
  const AttemptRef ref;
  EXPECT_EQ(this->store_->SettleAttempts({&ref, 1}, passed).error().code,
            ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(this->store_->ScanIds(1, {}, 1, passed).error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(this->store_->RaiseStamps(7, passed).error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(this->Raise(0), 0);
}

}  // namespace
}  // namespace datastorage
