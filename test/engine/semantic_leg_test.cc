#include "engine/semantic_leg.h"

#include <gmock/gmock.h>

#include "engine/separate_fixture.h"
#include "fake/forwarding_record_store.h"
#include "fake/forwarding_vector_index.h"

namespace datastorage {
namespace {

class SemanticLegTest : public EngineFixture {
 protected:
  SemanticQuery Query(const std::string& text, int count) {
    SemanticQuery query;
    query.vector = FakeEmbedder::VectorOf(text);
    query.count = count;
    return query;
  }
};

TEST_F(SemanticLegTest, AgreesWithTheExactSearchOfTheRecordStore) {
  for (int i = 0; i < 400; ++i) {
    const std::string n = std::to_string(i);
    Create("rr-" + n, "w" + n + " w" + std::to_string(i % 20) + " w" + std::to_string(i % 7));
  }
  SemanticLeg leg(ThreadRuntime(), *store_, *sets_, metrics_);
  for (int i = 0; i < 20; ++i) {
    const SemanticQuery query = Query("w" + std::to_string(i) + " w" + std::to_string(i % 5), 10);
    const auto answer = leg.Nearest(query, Soon());
    const auto exact = store_->ExactNearest(query.vector, sets_->Space(), {}, 10, Soon());
    ASSERT_EQ(answer->nearest.size(), 10U);
    EXPECT_TRUE(answer->used_index);
    for (std::size_t k = 0; k < 10; ++k) {
      EXPECT_NEAR(*answer->nearest[k].similarity, (*exact)[k].similarity, 1e-6);
    }
  }
}

TEST_F(SemanticLegTest, SearchesTheRecordStoreWhileTheIndexIsNotFilled) {
  const Record record = Create("rr-1", "disk full");
  ScanIndex empty(ScanIndex::Options{});
  VectorSets sets(ThreadRuntime(), *store_, {{"scan", &empty}}, embedding_->Space());
  ASSERT_TRUE(sets.Open(Soon()).has_value());
  SemanticLeg leg(ThreadRuntime(), *store_, sets, metrics_);
  const auto answer = leg.Nearest(Query("disk full", 5), Soon());
  ASSERT_EQ(answer->nearest.size(), 1U);
  EXPECT_EQ(answer->nearest[0].record.id, record.id);
  EXPECT_TRUE(answer->is_exact);
  EXPECT_FALSE(answer->used_index);
}

TEST_F(SemanticLegTest, AsksTheIndexHoweverManySearchesRanOutOfTime) {
  Create("rr-1", "disk full");
  SemanticLeg leg(ThreadRuntime(), *store_, *sets_, metrics_);
  for (int i = 0; i < 20; ++i) {
    const Deadline passed = Deadline::At(ThreadRuntime().Now());
    EXPECT_FALSE(leg.Nearest(Query("disk full", 5), passed).has_value());
  }
  EXPECT_TRUE(leg.Nearest(Query("disk full", 5), Soon())->used_index);
}

TEST_F(SemanticLegTest, DropsAPointWhoseRecordWasNeverCommitted) {
  const Record record = Create("rr-1", "disk full");
  const VectorWrite orphan{
      SystemUuidSource().MakeVersion7(), 1'000'000, FakeEmbedder::VectorOf("disk full"), {}};
  ASSERT_TRUE(index_->Apply({&orphan, 1}, Soon()).has_value());
  SemanticLeg leg(ThreadRuntime(), *store_, *sets_, metrics_);
  const auto answer = leg.Nearest(Query("disk full", 5), Soon());
  ASSERT_EQ(answer->nearest.size(), 1U);
  EXPECT_EQ(answer->nearest[0].record.id, record.id);
}

TEST_F(SemanticLegTest, FindsAnUnappliedRecordThatTheIndexDoesNotHold) {
  const Record record = Create("rr-1", "disk full");
  const VectorWrite tombstone{record.id, record.stamp + 1, std::nullopt, {}};
  ASSERT_TRUE(index_->Apply({&tombstone, 1}, Soon()).has_value());
  SemanticLeg leg(ThreadRuntime(), *store_, *sets_, metrics_);
  EXPECT_TRUE(leg.Nearest(Query("disk full", 5), Soon())->nearest.empty());
  const auto unapplied = sets_->unapplied().Enter({record.id});
  EXPECT_EQ(leg.Nearest(Query("disk full", 5), Soon())->nearest.size(), 1U);
}

TEST_F(SemanticLegTest, FindsWhatAFullIndexRefused) {
  index_ = std::make_unique<ScanIndex>(ScanIndex::Options{.point_count_max = 1});
  VectorSets sets(ThreadRuntime(), *store_, {{"scan", index_.get()}}, embedding_->Space());
  ASSERT_TRUE(sets.Open(Soon()).has_value());
  sets.StartFilling();
  ASSERT_TRUE(sets.AwaitFilled(Soon()));
  DualWriter writer(ThreadRuntime(), *store_, sets, embedding_.get(), *settler_, metrics_, {});
  WriteService writes(ThreadRuntime(), *store_, writer, SystemUuidSource(), metrics_);
  ASSERT_TRUE(writes.Create(RequestFor(ARemediation("rr-1", "pod evicted")), Soon()).has_value());
  const auto refused = writes.Create(RequestFor(ARemediation("rr-2", "disk full")), Soon());
  EXPECT_EQ(refused->record.vector, VectorState::kPending);
  SemanticLeg leg(ThreadRuntime(), *store_, sets, metrics_);
  const auto answer = leg.Nearest(Query("disk full", 1), Soon());
  ASSERT_EQ(answer->nearest.size(), 1U);
  EXPECT_EQ(answer->nearest[0].record.id, refused->record.id);
  EXPECT_TRUE(answer->used_index);
}

TEST_F(SemanticLegTest, ProvesExactnessOnlyFromTheErrorBound) {
  for (int i = 0; i < 200; ++i) Create("rr-" + std::to_string(i), "n" + std::to_string(i));
  Create("rr-twin", "disk full");
  SemanticLeg leg(ThreadRuntime(), *store_, *sets_, metrics_);
  // The nearest is far ahead of all the rest, so the bound proves it.
  EXPECT_TRUE(leg.Nearest(Query("disk full", 1), Soon())->is_exact);
}

// An index that finds its way through a graph.
class GraphIndex final : public ForwardingVectorIndex {
 public:
  Result<Neighbors> Nearest(const Embedding& query,
                            const Filter& filter,
                            int count_max,
                            Deadline deadline) override {
    auto found = inner.Nearest(query, filter, count_max, deadline);
    if (found.has_value()) found->may_miss = !found->is_exhausted;
    return found;
  }
};

TEST_F(SemanticLegTest, CallsNothingExactThatAGraphMayHaveMissed) {
  GraphIndex graph;
  VectorSets sets(ThreadRuntime(), *store_, {{"graph", &graph}}, embedding_->Space());
  ASSERT_TRUE(sets.Open(Soon(), [](const VectorSet&) { return true; }).has_value());
  sets.StartFilling();
  DualWriter writer(
      ThreadRuntime(), *store_, sets, embedding_.get(), *settler_, metrics_, DualWriter::Options{});
  WriteService writes(ThreadRuntime(), *store_, writer, SystemUuidSource(), metrics_);
  const auto create = [&](const std::string& key, const std::string& summary) {
    ASSERT_TRUE(writes.Create(RequestFor(ARemediation(key, summary)), Soon()).has_value());
  };
  create("rr-twin", "disk full");
  SemanticLeg leg(ThreadRuntime(), *store_, sets, metrics_);
  EXPECT_TRUE(leg.Nearest(Query("disk full", 1), Soon())->is_exact) << "all that there is";
  for (int i = 0; i < 100; ++i) create("rr-" + std::to_string(i), "n" + std::to_string(i));
  const auto answer = leg.Nearest(Query("disk full", 1), Soon());
  EXPECT_TRUE(answer->used_index);
  EXPECT_FALSE(answer->is_exact);
  // Nothing else is near enough: no reason to ask for more.
  SemanticQuery choosy = Query("disk full", 5);
  choosy.least_similarity = 0.9;
  EXPECT_TRUE(leg.Nearest(choosy, Soon())->used_index);
  EXPECT_FALSE(leg.Nearest(choosy, Soon())->is_exact);
}

// Notes how many records a search reads whole.
class ReadingsStore final : public ForwardingRecordStore {
 public:
  using ForwardingRecordStore::ForwardingRecordStore;

  Result<std::vector<ReadOutcome>> Read(std::span<const RecordRef> refs,
                                        std::string_view space,
                                        Deadline deadline) override {
    most_read = std::max(most_read, refs.size());
    return ForwardingRecordStore::Read(refs, space, deadline);
  }

  std::size_t most_read = 0;
};

class SemanticLegSeparateTest : public SeparateFixture {};

TEST_F(SemanticLegSeparateTest, ComparesALargeBacklogWithoutReadingAllOfIt) {
  constexpr int kBacklog = 500;
  for (int i = 0; i < 30; ++i) Create("rr-" + std::to_string(i), "w" + std::to_string(i));
  ASSERT_TRUE(settler_->RunOnce().has_value());
  remote_.is_down = true;
  for (int i = 0; i < kBacklog; ++i) {
    const std::string n = std::to_string(i);
    Remediation record = ARemediation("late-" + n, "w" + n + " w" + std::to_string(i % 30));
    if (i % 50 == 0) record.severity = "critical";
    ASSERT_TRUE(writes_->Create(RequestFor(record), Soon()).has_value());
  }
  remote_.is_down = false;
  sets_->Live()->breaker->Succeeded();
  ASSERT_GE(Pending().size(), std::size_t{kBacklog});
  ReadingsStore store(*store_);
  SemanticLeg leg(ThreadRuntime(), store, *sets_, metrics_);
  const Filter critical = Filter::Equals(Member::kSeverity, std::string("critical"));
  for (int i = 0; i < 20; ++i) {
    SemanticQuery query;
    query.vector = FakeEmbedder::VectorOf("w" + std::to_string(25 * i) + " w" + std::to_string(i));
    query.count = 10;
    if (i % 2 == 1) query.filter = critical;
    const auto answer = leg.Nearest(query, Soon());
    const auto exact = store_->ExactNearest(query.vector, sets_->Space(), query.filter, 10, Soon());
    EXPECT_TRUE(answer->used_index);
    ASSERT_EQ(answer->nearest.size(), 10U);
    for (std::size_t k = 0; k < 10; ++k) {
      EXPECT_NEAR(*answer->nearest[k].similarity, (*exact)[k].similarity, 1e-6);
    }
  }
  EXPECT_LT(store.most_read, std::size_t{kBacklog} / 2);
}

}  // namespace
}  // namespace datastorage
