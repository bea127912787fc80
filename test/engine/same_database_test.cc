// DualWriter, Relay and Reconciler where the record store writes vectors itself, in the records'
// own transactions.
#include <gmock/gmock.h>

#include "engine/separate_fixture.h"

namespace datastorage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Writes each committed record's vector into the index, as a database does that has both.
class SelfWritingStore final : public ForwardingRecordStore {
 public:
  SelfWritingStore(RecordStore& inner, VectorIndex& index, std::string space)
      : ForwardingRecordStore(inner), index_(index), space_(std::move(space)) {}

  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
                                           Deadline deadline) override {
    intent_count +=
        std::count_if(operations.begin(), operations.end(), [](const WriteOp& operation) {
          return std::holds_alternative<BeginIntentOp>(operation);
        });
    auto outcomes = ForwardingRecordStore::Commit(operations, mode, deadline);
    if (!outcomes.has_value()) return outcomes;
    for (const WriteOutcome& outcome : *outcomes) {
      const bool is_write = outcome.status == WriteStatus::kCreated ||
                            outcome.status == WriteStatus::kUpdated ||
                            outcome.status == WriteStatus::kErasedNow ||
                            outcome.status == WriteStatus::kEmbeddingStored;
      if (!is_write) continue;
      VectorWrite write{outcome.id, outcome.stamp, std::nullopt, {}};
      const RecordRef ref = outcome.id;
      const auto read = ForwardingRecordStore::Read({&ref, 1}, space_, deadline);
      if (read->front().embedding.has_value()) write.embedding = read->front().embedding->vector;
      EXPECT_TRUE(index_.Apply({&write, 1}, deadline).has_value());
    }
    return outcomes;
  }
  Result<std::vector<StoredId>> ScanIds(VectorSetId set,
                                        RecordId after,
                                        int limit,
                                        Deadline deadline) override {
    auto ids = ForwardingRecordStore::ScanIds(set, after, limit, deadline);
    if (const auto hook = std::exchange(after_scan, nullptr)) hook();
    return ids;
  }

  std::ptrdiff_t intent_count = 0;
  std::function<void()> after_scan;  // Once.

 private:
  VectorIndex& index_;
  const std::string space_;
};

class SameDatabaseTest : public SeparateFixture {
 protected:
  SameDatabaseTest() {
    engines_ = {{"beside", &beside_}};
    gated_.SetInner(writing_);
    Reopen();
    relay_ = std::make_unique<Relay>(
        ThreadRuntime(), writing_, *sets_, embedding_.get(), *settler_, metrics_);
  }
  ~SameDatabaseTest() override {
    writes_.reset();
    writer_.reset();
  }

  std::optional<VectorWrite> Beside(RecordId id) {
    const std::map<RecordId, VectorWrite> points = beside_.inner.Points();
    const auto found = points.find(id);
    return found == points.end() ? std::nullopt : std::optional(found->second);
  }
  void FailToEmbed() {
    embedder_->FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  }
  ReconcileReport Reconcile() {
    Reconciler reconciler(ThreadRuntime(), writing_);
    return reconciler.Run(*sets_->Live(), {}, Soon()).value();
  }

  SwitchedVectorIndex beside_{Placement::kSameDatabase};
  SelfWritingStore writing_{*store_, beside_.inner, Space()};
};

TEST_F(SameDatabaseTest, SendsNothingAndIsSyncedWithTheCommit) {
  const Record record = Create("rr-1", "disk full");
  EXPECT_EQ(record.vector, VectorState::kSynced);
  EXPECT_EQ(Beside(record.id)->stamp, record.stamp);
  EXPECT_THAT(sets_->unapplied().Ids(), IsEmpty());
  EXPECT_THAT(Pending(), IsEmpty());
  EXPECT_THAT(IdsOf(Search("disk full", SearchMode::kSemantic)), ElementsAre(record.id));

  const auto patched =
      writes_->Patch(PatchFor(record, R"({"summary":"no route to host"})"), Soon());
  ASSERT_TRUE(patched.has_value()) << patched.error().message;
  EXPECT_EQ(patched->record.vector, VectorState::kSynced);
  EXPECT_EQ(Beside(record.id)->stamp, patched->record.stamp);
  EraseOp erase{record.id, SystemUuidSource().MakeVersion4(), WallTime(), "a", "b"};
  ASSERT_TRUE(writer_->Erase(erase, Soon()).has_value());
  EXPECT_FALSE(Beside(record.id)->embedding.has_value());
  EXPECT_EQ(beside_.apply_count, 0);
}

TEST_F(SameDatabaseTest, LetsTheRelayStoreAMissingEmbeddingWithItsVector) {
  FailToEmbed();
  const Record record = Create("rr-1", "disk full");
  EXPECT_EQ(record.vector, VectorState::kPending);
  EXPECT_FALSE(Beside(record.id)->embedding.has_value());
  embedder_->Heal();
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_TRUE(Beside(record.id)->embedding.has_value());
  EXPECT_EQ(StateOf(record.id), VectorState::kSynced);
  EXPECT_EQ(beside_.apply_count, 0);
}

TEST_F(SameDatabaseTest, NeedsNoIntentForAStrictCreationButItsEmbedding) {
  const auto reply = CreateStrictly("rr-1");
  ASSERT_TRUE(reply.has_value()) << reply.error().message;
  EXPECT_EQ(reply->record.vector, VectorState::kSynced);
  FailToEmbed();
  EXPECT_FALSE(CreateStrictly("rr-2").has_value());
  EXPECT_FALSE(IsStored("rr-2"));
  EXPECT_EQ(writing_.intent_count, 0);
}

TEST_F(SameDatabaseTest, TakesNoWriteBetweenTwoReadingsForADifference) {
  const Record kept = Create("rr-1", "disk full");
  const Record changed = Create("rr-2", "no route to host");
  const Record lost = Create("rr-3", "out of memory");
  beside_.inner.Forget(lost.id);
  writing_.after_scan = [&] {
    Create("rr-4", "too many files");
    ASSERT_TRUE(writes_->Patch(PatchFor(changed, R"({"summary":"certificate expired"})"), Soon())
                    .has_value());
  };
  const ReconcileReport report = Reconcile();
  EXPECT_EQ(report.missing_count, 1);
  EXPECT_EQ(report.stale_count + report.foreign_count, 0);
  EXPECT_EQ(report.mended_count, 1);
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_TRUE(Beside(lost.id)->embedding.has_value());
  EXPECT_EQ(Reconcile().mended_count, 0);
}

}  // namespace
}  // namespace datastorage
