#include "contract/record_store_contract.h"

#include <gmock/gmock.h>

#include <array>
#include <thread>

#include "base/limits.h"

namespace datastorage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

using Stores =
    testing::Types<SqliteRecordStore, PostgresRecordStore, FakeRecordStore, IdleRecordStore>;
TYPED_TEST_SUITE(RecordStoreContract, Stores, StoreNames);

TYPED_TEST(RecordStoreContract, ReadsBackWhatWasCreated) {
  const CreateOp create = this->Create("k1", "the pod restarts");
  const WriteOutcome outcome = this->CommitOne(create);
  EXPECT_EQ(outcome.status, WriteStatus::kCreated);
  EXPECT_EQ(outcome.version, 1);
  for (const RecordRef& ref :
       {RecordRef(create.id), RecordRef(NaturalKey{RecordKind::kRemediation, "k1"})}) {
    const ReadOutcome read = this->Read(ref);
    ASSERT_EQ(read.status, ReadStatus::kFound);
    EXPECT_EQ(read.record.body, create.body);
    EXPECT_EQ(read.record.version, 1);
    EXPECT_EQ(read.record.stamp, outcome.stamp);
    EXPECT_EQ(read.record.created_at, create.now);
    EXPECT_EQ(read.record.updated_at, create.now);
  }
  EXPECT_EQ(this->Read(NaturalKey{RecordKind::kWorkflow, "k1"}).status, ReadStatus::kNotFound);
  EXPECT_EQ(this->Read(RecordId{}).status, ReadStatus::kNotFound);
}

TYPED_TEST(RecordStoreContract, AnswersARepeatedKeyByItsContent) {
  const CreateOp first = this->Create("k1", "same");
  const CreateOp equal = this->Create("k1", "same");
  const CreateOp other = this->Create("k1", "other");
  EXPECT_THAT(this->Statuses({first, equal, other}),
              ElementsAre(WriteStatus::kCreated, WriteStatus::kExisting, WriteStatus::kConflict));
  EXPECT_EQ(this->CommitOne(equal).id, first.id);
  EXPECT_EQ(this->CommitOne(other).id, first.id);
}

TYPED_TEST(RecordStoreContract, ReplaysAnIdempotencyKeyAndRefusesItsReuse) {
  CreateOp first = this->Create("k1");
  first.claim = this->ClaimOf("idem");
  CreateOp again = this->Create("k2");
  again.claim = first.claim;
  CreateOp reused = this->Create("k3");
  reused.claim = this->ClaimOf("idem", "another request");
  EXPECT_EQ(this->CommitOne(first).status, WriteStatus::kCreated);
  const WriteOutcome replayed = this->CommitOne(again);
  EXPECT_EQ(replayed.status, WriteStatus::kReplayed);
  EXPECT_EQ(replayed.id, first.id);
  EXPECT_EQ(replayed.replayed_http_status, 201);
  EXPECT_EQ(this->CommitOne(reused).status, WriteStatus::kKeyReused);
  EXPECT_EQ(this->Read(again.id).status, ReadStatus::kNotFound);
}

TYPED_TEST(RecordStoreContract, ClaimsAnIdempotencyKeyForAnEqualRecord) {
  const CreateOp first = this->Create("k1");
  CreateOp equal = this->Create("k1");
  equal.claim = this->ClaimOf("idem");
  EXPECT_THAT(this->Statuses({first, equal}),
              ElementsAre(WriteStatus::kCreated, WriteStatus::kExisting));
  const WriteOutcome replayed = this->CommitOne(equal);
  EXPECT_EQ(replayed.status, WriteStatus::kReplayed);
  EXPECT_EQ(replayed.replayed_http_status, 200);
}

TYPED_TEST(RecordStoreContract, ClaimsAnIdempotencyKeyForAnUpdateThatChangesNothing) {
  const CreateOp create = this->Create("k1", "first");
  const WriteOutcome created = this->CommitOne(create);
  UpdateOp unchanged = this->Update(create, 1, "not written");
  unchanged.claims_only = true;
  unchanged.claim = this->ClaimOf("idem");
  UpdateOp stale = unchanged;
  stale.expected_version = 2;
  EXPECT_EQ(this->CommitOne(stale).status, WriteStatus::kStale);
  const WriteOutcome existing = this->CommitOne(unchanged);
  EXPECT_EQ(existing.status, WriteStatus::kExisting);
  EXPECT_EQ(existing.version, 1);
  EXPECT_EQ(existing.stamp, created.stamp);
  EXPECT_FALSE(existing.has_pending);
  EXPECT_EQ(this->Read(create.id).record.body, create.body);
  EXPECT_EQ(this->Read(create.id).record.stamp, created.stamp);
  EXPECT_EQ(this->store_->History(create.id, Deadline::Never())->size(), 1U);

  this->CommitOne(this->Update(create, 1, "second"));
  const WriteOutcome replayed = this->CommitOne(unchanged);
  EXPECT_EQ(replayed.status, WriteStatus::kReplayed);
  EXPECT_EQ(replayed.replayed_http_status, 200);
  EXPECT_EQ(replayed.version, 1);
  UpdateOp reused = this->Update(create, 2, "third");
  reused.claim = this->ClaimOf("idem", "another request");
  EXPECT_EQ(this->CommitOne(reused).status, WriteStatus::kKeyReused);
}

TYPED_TEST(RecordStoreContract, ForgetsAnIdempotencyKeyAfterItsLifetime) {
  CreateOp first = this->Create("k1");
  first.claim = this->ClaimOf("idem");
  this->CommitOne(first);
  this->clock_.Advance(limits::kIdempotencyKeyLifetime - std::chrono::seconds(1));
  CreateOp early = this->Create("k2");
  early.claim = first.claim;
  EXPECT_EQ(this->CommitOne(early).status, WriteStatus::kReplayed);
  this->clock_.Advance(std::chrono::seconds(1));
  CreateOp late = this->Create("k2");
  late.claim = this->ClaimOf("idem", "another request");
  EXPECT_EQ(this->CommitOne(late).status, WriteStatus::kCreated);
}

TYPED_TEST(RecordStoreContract, KeepsEveryVersion) {
  const CreateOp create = this->Create("k1", "first");
  const WriteOutcome created = this->CommitOne(create);
  this->clock_.Advance(std::chrono::seconds(1));
  const UpdateOp update = this->Update(create, 1, "second");
  const WriteOutcome updated = this->CommitOne(update);
  EXPECT_EQ(updated.status, WriteStatus::kUpdated);
  EXPECT_EQ(updated.version, 2);
  EXPECT_GT(updated.stamp, created.stamp);
  const auto history = this->store_->History(create.id, Deadline::Never());
  ASSERT_TRUE(history.has_value());
  ASSERT_EQ(history->size(), 2U);
  EXPECT_EQ(history->at(0).body, update.body);
  EXPECT_EQ(history->at(0).updated_at, update.now);
  EXPECT_EQ(history->at(1).body, create.body);
  EXPECT_EQ(history->at(1).version, 1);
  EXPECT_EQ(history->at(1).created_at, create.now);
  EXPECT_EQ(this->Read(create.id).record.created_at, create.now);
  EXPECT_EQ(this->store_->History(RecordId{}, Deadline::Never()).error().code,
            ErrorCode::kNotFound);
}

TYPED_TEST(RecordStoreContract, RefusesAnUpdateOfAnotherVersion) {
  const CreateOp create = this->Create("k1");
  EXPECT_EQ(this->CommitOne(this->Update(create, 1)).status, WriteStatus::kNotFound);
  this->CommitOne(create);
  this->CommitOne(this->Update(create, 1));
  const WriteOutcome stale = this->CommitOne(this->Update(create, 1));
  EXPECT_EQ(stale.status, WriteStatus::kStale);
  EXPECT_EQ(stale.version, 2);
}

TYPED_TEST(RecordStoreContract, ErasesContentAndRefusesItsKeyForGood) {
  const CreateOp create = this->Create("k1", "zanzibar outage");
  this->CommitOne(create);
  this->CommitOne(this->Update(create, 1, "zanzibar again"));
  EXPECT_EQ(this->CommitOne(this->Erase(create)).status, WriteStatus::kErasedNow);
  EXPECT_EQ(this->Read(create.id).status, ReadStatus::kErased);
  EXPECT_EQ(this->Read(NaturalKey{RecordKind::kRemediation, "k1"}).id, create.id);
  EXPECT_THAT(*this->store_->History(create.id, Deadline::Never()), IsEmpty());
  EXPECT_THAT(this->TextHits("zanzibar"), IsEmpty());
  EXPECT_THAT(this->Statuses({this->Create("k1", "new"),
                              this->Update(create, 2),
                              this->Erase(create),
                              this->Erase(this->Create("k2"))}),
              ElementsAre(WriteStatus::kErased,
                          WriteStatus::kErased,
                          WriteStatus::kErased,
                          WriteStatus::kNotFound));
}

TYPED_TEST(RecordStoreContract, UndoesAllWhenOneFails) {
  const CreateOp kept = this->Create("k1");
  this->CommitOne(kept);
  const CreateOp good = this->Create("k2", "unique");
  const CreateOp bad = this->Create("k1", "other");
  EXPECT_THAT(this->Statuses({good, bad}, CommitMode::kAllOrNothing),
              ElementsAre(WriteStatus::kNotAttempted, WriteStatus::kConflict));
  EXPECT_EQ(this->Read(good.id).status, ReadStatus::kNotFound);
  EXPECT_THAT(this->TextHits("unique"), IsEmpty());
  EXPECT_THAT(this->Statuses({good, bad}),
              ElementsAre(WriteStatus::kCreated, WriteStatus::kConflict));
}

TYPED_TEST(RecordStoreContract, LeavesPendingRowsWhereAnEmbeddingIsMissing) {
  const VectorSetId set = this->RegisterLiveSet();
  CreateOp embedded = this->Create("k1", "with");
  embedded.embeddings = {this->Embedded("with")};
  CreateOp missing = this->Create("k2", "without");
  missing.pending_reason = PendingReason::kEmbedderBusy;
  const CreateOp textless = this->Create("k3");
  const std::vector<WriteOutcome> outcomes = this->Commit({embedded, missing, textless});
  EXPECT_FALSE(outcomes[0].has_pending);
  EXPECT_TRUE(outcomes[1].has_pending);
  EXPECT_FALSE(outcomes[2].has_pending);
  EXPECT_EQ(this->Read(embedded.id).record.vector, VectorState::kSynced);
  EXPECT_EQ(this->Read(embedded.id).embedding->vector, embedded.embeddings[0].vector);
  EXPECT_EQ(this->Read(missing.id).record.vector, VectorState::kPending);
  EXPECT_EQ(this->Read(missing.id).record.vector_reason, PendingReason::kEmbedderBusy);
  EXPECT_EQ(this->Read(textless.id).record.vector, VectorState::kNone);
  EXPECT_EQ(TextOf(this->store_->PendingIds(set, Deadline::Never())),
            missing.id.ToString() + " " + std::to_string(outcomes[1].stamp) + "\ncomplete live");
}

TYPED_TEST(RecordStoreContract, StoresAnEmbeddingOnlyForTheCurrentText) {
  this->RegisterLiveSet();
  const CreateOp create = this->Create("k1", "first");
  const WriteOutcome created = this->CommitOne(create);
  this->CommitOne(this->Update(create, 1, "second"));
  EXPECT_EQ(this->CommitOne(StoreEmbeddingOp{create.id, this->Embedded("first")}).status,
            WriteStatus::kEmbeddingSuperseded);
  EXPECT_EQ(this->Read(create.id).record.vector, VectorState::kPending);
  const WriteOutcome stored =
      this->CommitOne(StoreEmbeddingOp{create.id, this->Embedded("second")});
  EXPECT_EQ(stored.status, WriteStatus::kEmbeddingStored);
  EXPECT_GT(stored.stamp, created.stamp);
  EXPECT_EQ(stored.version, 2);
  EXPECT_EQ(this->Read(create.id).record.vector, VectorState::kSynced);
  EXPECT_EQ(this->Read(create.id).record.stamp, stored.stamp);
  EXPECT_THAT(this->Lease(), IsEmpty());
  // A patch that leaves the text alone keeps its embedding, another text drops it.
  this->CommitOne(this->Update(create, 2, "second"));
  EXPECT_TRUE(this->Read(create.id).embedding.has_value());
  this->CommitOne(this->Update(create, 3, ""));
  EXPECT_FALSE(this->Read(create.id).embedding.has_value());
  EXPECT_EQ(this->Read(create.id).record.vector, VectorState::kNone);
  EXPECT_THAT(this->Lease(), IsEmpty());
}

TYPED_TEST(RecordStoreContract, LeasesSettlesFailsAndParksPendingRows) {
  const VectorSetId set = this->RegisterLiveSet();
  for (const char* key : {"k1", "k2", "k3"}) {
    this->CommitOne(this->Create(key, std::string("text of ") + key));
    this->clock_.Advance(std::chrono::seconds(1));
  }
  const std::vector<PendingVector> first = this->Lease(2);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_LT(first[0].stamp, first[1].stamp);
  EXPECT_EQ(this->Lease().size(), 1U);
  EXPECT_THAT(this->Lease(), IsEmpty());

  ASSERT_TRUE(this->store_->Settle(std::span(first).first(1), Deadline::Never()).has_value());
  ASSERT_TRUE(this->store_
                  ->Fail(std::span(first).last(1),
                         PendingReason::kEmbedderUnavailable,
                         this->clock_.WallNow() + std::chrono::seconds(10),
                         Deadline::Never())
                  .has_value());
  this->clock_.Advance(std::chrono::seconds(10));
  const std::vector<PendingVector> failed = this->Lease();
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].attempt_count, 1);
  EXPECT_EQ(failed[0].reason, PendingReason::kEmbedderUnavailable);

  ASSERT_TRUE(this->store_->Park(failed, Deadline::Never()).has_value());
  this->clock_.Advance(std::chrono::hours(1));
  EXPECT_EQ(this->Lease().size(), 1U);  // The third one; the parked one rests.
  const auto tallies = this->store_->TallyPending(Deadline::Never());
  ASSERT_EQ(tallies->size(), 2U);
  EXPECT_TRUE(tallies->at(1).is_parked);
  EXPECT_EQ(*this->store_->Release(set, this->clock_.WallNow(), Deadline::Never()), 1);
  EXPECT_EQ(this->Lease().size(), 1U);
}

TYPED_TEST(RecordStoreContract, DoesNotSettleARowThatWasRenewed) {
  this->RegisterLiveSet();
  const CreateOp create = this->Create("k1", "first");
  this->CommitOne(create);
  const std::vector<PendingVector> leased = this->Lease();
  const WriteOutcome updated = this->CommitOne(this->Update(create, 1, "second"));
  ASSERT_TRUE(this->store_->Settle(leased, Deadline::Never()).has_value());
  const std::vector<PendingVector> renewed = this->Lease();
  ASSERT_EQ(renewed.size(), 1U);
  EXPECT_EQ(renewed[0].stamp, updated.stamp);
}

TYPED_TEST(RecordStoreContract, FencesAnAbortedIntentAndFreesItsKeys) {
  this->RegisterLiveSet();
  CreateOp create = this->Create("k1", "text");
  BeginIntentOp begin{.id = create.id,
                      .kind = RecordKind::kRemediation,
                      .natural_key = "k1",
                      .content_hash = create.content_hash,
                      .claim = this->ClaimOf("idem"),
                      .now = this->clock_.WallNow(),
                      .lease_until = this->clock_.WallNow() + std::chrono::seconds(30)};
  const WriteOutcome begun = this->CommitOne(begin);
  ASSERT_EQ(begun.status, WriteStatus::kIntentBegun);
  EXPECT_TRUE(begun.has_pending);
  EXPECT_EQ(this->Read(create.id).status, ReadStatus::kNotFound);
  EXPECT_EQ(this->CommitOne(this->Create("k1", "text")).status, WriteStatus::kConflict);
  EXPECT_THAT(this->Lease(), IsEmpty());  // An intent is not due.
  // Whoever begins it again, since the answer was lost, learns its stamp.
  const WriteOutcome again = this->CommitOne(begin);
  EXPECT_EQ(again.status, WriteStatus::kIntentBegun);
  EXPECT_EQ(again.id, create.id);
  EXPECT_TRUE(again.has_pending);
  EXPECT_EQ(again.version, 0);
  EXPECT_EQ(again.stamp, begun.stamp);

  const WriteOutcome aborted = this->CommitOne(AbortIntentOp{create.id, begun.stamp});
  EXPECT_EQ(aborted.status, WriteStatus::kIntentAborted);
  EXPECT_GT(aborted.stamp, begun.stamp);
  create.consumes_intent = begun.stamp;
  EXPECT_EQ(this->CommitOne(create).status, WriteStatus::kFenced);
  EXPECT_EQ(this->CommitOne(AbortIntentOp{create.id, begun.stamp}).status, WriteStatus::kFenced);
  EXPECT_EQ(this->Lease().size(), 1U);  // The relay writes the tombstone.

  CreateOp retry = this->Create("k1", "text");
  retry.claim = begin.claim;
  EXPECT_EQ(this->CommitOne(retry).status, WriteStatus::kCreated);
}

TYPED_TEST(RecordStoreContract, FinishesAnIntentUnderItsOwnStamp) {
  this->RegisterLiveSet(PendingRule::kEverySet);
  CreateOp create = this->Create("k1", "text");
  const BeginIntentOp begin{.id = create.id,
                            .kind = RecordKind::kRemediation,
                            .natural_key = "k1",
                            .content_hash = create.content_hash,
                            .claim = this->ClaimOf("idem"),
                            .now = this->clock_.WallNow(),
                            .lease_until = this->clock_.WallNow() + std::chrono::seconds(30)};
  const WriteOutcome begun = this->CommitOne(begin);
  create.embeddings = {this->Embedded("text")};
  create.consumes_intent = begun.stamp;
  const WriteOutcome created = this->CommitOne(create);
  EXPECT_EQ(created.status, WriteStatus::kCreated);
  EXPECT_EQ(created.stamp, begun.stamp);
  const std::vector<PendingVector> due = this->Lease();
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].stamp, begun.stamp);
  CreateOp again = this->Create("k9");
  again.claim = begin.claim;
  const WriteOutcome replayed = this->CommitOne(again);
  EXPECT_EQ(replayed.status, WriteStatus::kReplayed);
  EXPECT_EQ(replayed.replayed_http_status, 201);
}

TYPED_TEST(RecordStoreContract, EnqueuesForRecordsAndForVectorsWithoutOne) {
  const VectorSetId set = this->RegisterLiveSet();
  const CreateOp create = this->Create("k1");
  const WriteOutcome created = this->CommitOne(create);
  const EnqueuePendingOp known{set, create.id, PendingReason::kReconcile};
  const EnqueuePendingOp foreign{set, SystemUuidSource().MakeVersion7(), PendingReason::kReconcile};
  const EnqueuePendingOp nowhere{set + 1, create.id, PendingReason::kReconcile};
  EXPECT_THAT(this->Statuses({known, known, foreign, nowhere}),
              ElementsAre(WriteStatus::kEnqueued,
                          WriteStatus::kAlreadyPending,
                          WriteStatus::kEnqueued,
                          WriteStatus::kNotFound));
  EXPECT_GT(this->Read(create.id).record.stamp, created.stamp);
  EXPECT_EQ(this->Lease().size(), 2U);
}

TYPED_TEST(RecordStoreContract, BackfillsANewSetAndMovesToIt) {
  const VectorSetId old_set = this->RegisterLiveSet();
  CreateOp embedded = this->Create("k1", "text");
  embedded.embeddings = {this->Embedded("text")};
  this->Commit({embedded, this->Create("k2")});
  const VectorSet wanted{
      .engine = "scan", .space = "other/t1", .projection = "", .state = VectorSetState::kFilling};
  const auto filling = this->store_->RegisterSet(wanted, Deadline::Never());
  ASSERT_TRUE(filling.has_value());
  EXPECT_EQ(this->store_->RegisterSet(wanted, Deadline::Never()).error().code,
            ErrorCode::kConflict);
  const std::vector<PendingVector> rows = this->Lease(100, filling->id);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].set, filling->id);
  EXPECT_EQ(rows[0].reason, PendingReason::kBackfill);
  EXPECT_EQ(this->Read(embedded.id).record.vector, VectorState::kSynced);

  ASSERT_TRUE(
      this->store_
          ->ChangeSetState(
              filling->id, VectorSetState::kFilling, VectorSetState::kLive, Deadline::Never())
          .has_value());
  EXPECT_EQ(this->Read(embedded.id).record.vector, VectorState::kPending);
  EXPECT_EQ(this->store_
                ->ChangeSetState(
                    old_set, VectorSetState::kFilling, VectorSetState::kLive, Deadline::Never())
                .error()
                .code,
            ErrorCode::kConflict);
  EXPECT_EQ(
      this->store_
          ->ChangeSetState(99, VectorSetState::kFilling, VectorSetState::kLive, Deadline::Never())
          .error()
          .code,
      ErrorCode::kNotFound);
}

TYPED_TEST(RecordStoreContract, FindsAnyWordBestFirst) {
  const CreateOp both = this->Create("k1", "zebra meets walrus on the shore");
  const CreateOp one = this->Create("k2", "walrus alone on a long and quiet and sandy beach");
  CreateOp error = this->Create("k3");
  std::get<Remediation>(error.body).error_message = "zebra not found";
  this->Commit({both,
                one,
                error,
                this->Create("k4", "nothing of interest"),
                this->Create("k5", "still nothing"),
                this->Create("k6", "and nothing more")});
  EXPECT_EQ(this->TextHits("zebra walrus").at(0), both.id);
  EXPECT_THAT(this->TextHits("ZEBRA, walrus?"), UnorderedElementsAre(both.id, one.id, error.id));
  EXPECT_EQ(this->TextHits("zebra walrus", {}, 2).size(), 2U);
  EXPECT_THAT(this->TextHits("giraffe"), IsEmpty());
  EXPECT_THAT(this->TextHits(""), IsEmpty());
  EXPECT_THAT(this->TextHits("\" OR * NEAR( zebra* -:^ summary:"),
              UnorderedElementsAre(both.id, error.id));
  // The limit counts records that pass the filter.
  const Filter only = Filter::Equals(Member::kRemediationRequestId, std::string("k2"));
  EXPECT_THAT(this->TextHits("walrus zebra", only, 1), ElementsAre(one.id));
}

TYPED_TEST(RecordStoreContract, FindsTheNewTextAndNotTheOld) {
  const CreateOp create = this->Create("k1", "giraffe");
  this->CommitOne(create);
  this->CommitOne(this->Update(create, 1, "flamingo"));
  EXPECT_THAT(this->TextHits("giraffe"), IsEmpty());
  EXPECT_THAT(this->TextHits("flamingo"), ElementsAre(create.id));
}

TYPED_TEST(RecordStoreContract, RanksByCosineAmongThoseThatMatch) {
  std::vector<CreateOp> creates;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string text = "text " + std::to_string(i);
    CreateOp create = this->Create("k" + std::to_string(i), text);
    create.embeddings = {this->Embedded(text, i)};
    creates.push_back(create);
  }
  this->Commit({creates[0], creates[1], creates[2], this->Create("k9", "no vector")});
  Embedding query = this->Axis(1);
  query[0] = 0.5F;
  const auto hits = this->store_->ExactNearest(query, kContractSpace, {}, 2, Deadline::Never());
  ASSERT_EQ(hits->size(), 2U);
  EXPECT_EQ(hits->at(0).id, creates[1].id);
  EXPECT_FLOAT_EQ(hits->at(0).similarity, 1.0F);
  EXPECT_EQ(hits->at(1).id, creates[0].id);
  const auto other = this->store_->ExactNearest(
      query,
      kContractSpace,
      Filter::Not(Filter::Equals(Member::kRemediationRequestId, std::string("k1"))),
      5,
      Deadline::Never());
  ASSERT_EQ(other->size(), 2U);
  EXPECT_EQ(other->at(0).id, creates[0].id);
  EXPECT_THAT(*this->store_->ExactNearest(query, "unknown", {}, 5, Deadline::Never()), IsEmpty());
}

TYPED_TEST(RecordStoreContract, KeepsOneSecretAName) {
  const auto secret = this->store_->Secret("cursor", Deadline::Never());
  ASSERT_TRUE(secret.has_value());
  EXPECT_EQ(secret->size(), 32U);
  EXPECT_EQ(*this->store_->Secret("cursor", Deadline::Never()), *secret);
  EXPECT_NE(*this->store_->Secret("other", Deadline::Never()), *secret);
}

TYPED_TEST(RecordStoreContract, KeepsTheLastNoteOfAName) {
  EXPECT_EQ(*this->store_->Note("purge", Deadline::Never()), "");
  for (const std::string text : {"first", "second, which is longer", "", "third"}) {
    ASSERT_TRUE(this->store_->KeepNote("purge", text, Deadline::Never()).has_value());
    ASSERT_TRUE(this->store_->KeepNote("other", "another", Deadline::Never()).has_value());
    EXPECT_EQ(*this->store_->Note("purge", Deadline::Never()), text);
  }
}

TYPED_TEST(RecordStoreContract, ChangesNothingWhenTheDeadlineHasPassed) {
  const CreateOp create = this->Create("k1");
  const WriteOp operation = create;
  const Deadline passed = Deadline::At(SteadyTime());
  EXPECT_EQ(this->store_->Commit(std::span(&operation, 1), CommitMode::kEachForItself, passed)
                .error()
                .code,
            ErrorCode::kDeadlineExceeded);
  ListQuery list;
  list.limit = 1;
  EXPECT_EQ(this->store_->List(list, passed).error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(this->Read(create.id).status, ReadStatus::kNotFound);
}

TYPED_TEST(RecordStoreContract, GivesOneKeyToOneOfManyWriters) {
  constexpr int kWriterCount = 8;
  constexpr int kKeyCount = 20;
  std::array<std::array<WriteStatus, kKeyCount>, kWriterCount> statuses{};
  {
    std::vector<std::jthread> writers;
    for (auto& own : statuses) {
      writers.emplace_back([this, &own] {
        for (int key = 0; key < kKeyCount; ++key) {
          own[static_cast<std::size_t>(key)] =
              this->CommitOne(this->Create("k" + std::to_string(key))).status;
        }
      });
    }
  }
  for (std::size_t key = 0; key < kKeyCount; ++key) {
    int created = 0;
    for (const auto& own : statuses) {
      created += own[key] == WriteStatus::kCreated ? 1 : 0;
      EXPECT_TRUE(own[key] == WriteStatus::kCreated || own[key] == WriteStatus::kExisting);
    }
    EXPECT_EQ(created, 1);
  }
  EXPECT_EQ(*this->store_->Count({}, 100, Deadline::Never()), kKeyCount);
}

// What the hook of the fake is for: another task runs between the steps of a commit.
TEST(FakeRecordStore, ShowsNothingOfACommitBeforeItsEnd) {
  FakeRecordStore* store = nullptr;
  CreateOp create;
  create.id = SystemUuidSource().MakeVersion7();
  create.body = Execution{};
  int step_count = 0;
  bool is_inside = false;
  FakeRecordStore interleaved(SystemClock(), [&] {
    if (is_inside) return;  // Reads call the hook too.
    is_inside = true;
    const RecordRef ref = create.id;
    const auto read = store->Read(std::span(&ref, 1), "", Deadline::Never());
    EXPECT_EQ(read->at(0).status, ReadStatus::kNotFound);
    ++step_count;
    is_inside = false;
  });
  store = &interleaved;
  const WriteOp operation = create;
  ASSERT_TRUE(store->Commit(std::span(&operation, 1), CommitMode::kEachForItself, Deadline::Never())
                  .has_value());
  EXPECT_GE(step_count, 3);
  is_inside = true;
  const RecordRef ref = create.id;
  EXPECT_EQ(store->Read(std::span(&ref, 1), "", Deadline::Never())->at(0).status,
            ReadStatus::kFound);
  store->FailWith(Unavailable("down"));
  EXPECT_EQ(store->Sets(Deadline::Never()).error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace datastorage
