// What every VectorIndex promises, run over each implementation and the fake.
#include "contract/vector_index_contract.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <thread>

#include "engine/batched_vector_index.h"
#include "fake/fake_vector_index.h"
#include "fake/forwarding_vector_index.h"
#include "opensearch/opensearch_index.h"
#include "postgres/pgvector_index.h"
#include "postgres/pgvector_schema.h"
#include "scan/scan_index.h"
#include "sim/sim_vector_store.h"
#include "support/opensearch_server.h"
#include "support/postgres_server.h"

namespace datastorage {
namespace {

TEST_P(VectorIndexContract, AnswersNothingWhenEmpty) {
  const Neighbors found = Nearest(random_.Unit());
  EXPECT_TRUE(found.hits.empty());
  EXPECT_TRUE(found.is_exhausted);
  EXPECT_EQ(index_->Size(), 0);
}

// Every score lies within the bound of the true cosine, the order is by score, and no point that
// was left out can be better than a listed one by more than both errors.
TEST_P(VectorIndexContract, RanksWithinItsOwnErrorBound) {
  const std::vector<VectorWrite> points = Points(500);
  Apply(points);
  for (int trial = 0; trial < 20; ++trial) {
    const Embedding query = random_.Near(*points[random_.Below(500)].embedding, 0.8);
    const Neighbors found = Nearest(query, {}, 25);
    ASSERT_EQ(found.hits.size(), 25u);
    EXPECT_FALSE(found.is_exhausted);
    std::map<RecordId, float> scores;
    for (const Neighbor& hit : found.hits) scores[hit.id] = hit.score;
    const double worst = double{found.hits.back().score};
    EXPECT_TRUE(std::is_sorted(
        found.hits.begin(), found.hits.end(), [](auto& a, auto& b) { return a.score > b.score; }));
    for (const VectorWrite& point : points) {
      const double cosine = CosineOf(query, *point.embedding);
      const auto listed = scores.find(point.id);
      if (listed != scores.end()) {
        EXPECT_NEAR(double{listed->second}, cosine, double{found.score_error});
      } else {
        EXPECT_LE(cosine, worst + double{found.score_error});
      }
    }
  }
}

TEST_P(VectorIndexContract, SaysExhaustedWhenFewerPassThanWereAskedFor) {
  Apply(Points(10));
  EXPECT_TRUE(Nearest(random_.Unit(), {}, 11).is_exhausted);
  EXPECT_FALSE(Nearest(random_.Unit(), {}, 9).is_exhausted);
  EXPECT_TRUE(Nearest(random_.Unit(), Filter::Or({}), 1).is_exhausted);
}

TEST_P(VectorIndexContract, TakesAWriteAgainWithoutAChange) {
  VectorWrite write = random_.Point(5);
  EXPECT_EQ(Apply({write}).at(0), (ApplyResult{ApplyStatus::kApplied, 5}));
  const Embedding first = *write.embedding;
  write.embedding = random_.Unit();
  EXPECT_EQ(Apply({write}).at(0), (ApplyResult{ApplyStatus::kApplied, 5}));
  EXPECT_NEAR(Nearest(first).hits.at(0).score, 1, 0.02);
  EXPECT_EQ(index_->Size(), 1);
}

TEST_P(VectorIndexContract, KeepsTheHigherStampWhicheverComesFirst) {
  VectorWrite older = random_.Point(5);
  VectorWrite newer = random_.Point(9);
  newer.id = older.id;
  newer.members = {};
  EXPECT_EQ(
      Apply({older, newer, older}),
      (std::vector<ApplyResult>{
          {ApplyStatus::kApplied, 5}, {ApplyStatus::kApplied, 9}, {ApplyStatus::kSuperseded, 9}}));
  const Neighbors found = Nearest(*newer.embedding);
  ASSERT_EQ(found.hits.size(), 1u);
  EXPECT_EQ(found.hits[0].stamp, 9);
  EXPECT_NEAR(found.hits[0].score, 1, 0.02);
  EXPECT_EQ(index_->Size(), 1);
}

TEST_P(VectorIndexContract, RefusesALateOlderWriteAfterATombstone) {
  const VectorWrite point = random_.Point(5);
  EXPECT_EQ(Apply({point, Tombstone(point.id, 7)}).at(1), (ApplyResult{ApplyStatus::kApplied, 7}));
  EXPECT_EQ(index_->Size(), 0);
  VectorWrite late = point;
  late.stamp = 6;
  EXPECT_EQ(Apply({late}).at(0), (ApplyResult{ApplyStatus::kSuperseded, 7}));
  EXPECT_TRUE(Listed().empty());
  late.stamp = 8;
  EXPECT_EQ(Apply({late}).at(0), (ApplyResult{ApplyStatus::kApplied, 8}));
  EXPECT_EQ(Listed(), (std::map<RecordId, Stamp>{{point.id, 8}}));
}

TEST_P(VectorIndexContract, RemembersATombstoneOfAPointItNeverHeld) {
  const VectorWrite point = random_.Point(5);
  EXPECT_EQ(Apply({Tombstone(point.id, 7)}).at(0), (ApplyResult{ApplyStatus::kApplied, 7}));
  EXPECT_EQ(Apply({point}).at(0), (ApplyResult{ApplyStatus::kSuperseded, 7}));
  EXPECT_TRUE(Listed().empty());
}

TEST_P(VectorIndexContract, RefusesWhatIsNotAUnitVectorOrNamesAnotherId) {
  const VectorWrite held = random_.Point(5);
  Apply({held});
  std::vector<VectorWrite> bad(4, held);
  for (VectorWrite& write : bad) write.stamp = 6;
  bad[0].embedding = Embedding{};
  bad[1].embedding->at(3) = std::numeric_limits<float>::quiet_NaN();
  bad[2].embedding->at(3) += 0.5F;
  bad[3].members.values = {{Member::kId, random_.Id().ToString()}};
  EXPECT_EQ(Apply(bad), std::vector<ApplyResult>(4, {ApplyStatus::kRefused, 5}));
  EXPECT_EQ(Listed(), (std::map<RecordId, Stamp>{{held.id, 5}}));
}

TEST_P(VectorIndexContract, ChangesNothingOnceTheDeadlineHasPassed) {
  const Deadline past = Deadline::At(SteadyTime());
  const std::vector<VectorWrite> writes = Points(1);
  const auto applied = index_->Apply(writes, past);
  ASSERT_FALSE(applied.has_value());
  EXPECT_EQ(applied.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(index_->Size(), 0);
  const auto found = index_->Nearest(random_.Unit(), {}, 1, past);
  ASSERT_FALSE(found.has_value());
  EXPECT_EQ(found.error().code, ErrorCode::kDeadlineExceeded);

  EXPECT_FALSE(index_->AwaitVisible(past).has_value());
  EXPECT_FALSE(index_->Scan({}, 1, false, past).has_value());
  EXPECT_FALSE(index_->HighestStamp(past).has_value());
  EXPECT_FALSE(index_->PurgeTombstones(9, past).has_value());
  EXPECT_FALSE(index_->Claim(3, past).has_value());
  EXPECT_EQ(index_->Claim(4, Deadline::Never()).value(), 4);
}

// Points are moved, buried and raised, then read back in pages of sizes that divide the count or
// do not.
TEST_P(VectorIndexContract, ScansWhatItHoldsByIdInPages) {
  std::vector<VectorWrite> points = Points(60);
  Apply(points);
  for (std::size_t i = 0; i < 20; ++i) {
    points[i].stamp += 1'000;
    points[i].members = random_.Members(points[i].id);
    if (i % 2 == 0) points[i] = Tombstone(points[i].id, points[i].stamp);
  }
  Apply(points);
  std::sort(points.begin(), points.end(), [](auto& a, auto& b) { return a.id < b.id; });
  for (const int limit : {1, 7, 20, 1'000}) {
    const std::vector<HeldPoint> held = Scanned(limit, limit != 7);
    ASSERT_EQ(held.size(), points.size());
    for (std::size_t i = 0; i < held.size(); ++i) {
      EXPECT_EQ(held[i].id, points[i].id);
      EXPECT_EQ(held[i].stamp, points[i].stamp);
      EXPECT_EQ(held[i].is_tombstone, !points[i].embedding.has_value());
      EXPECT_EQ(held[i].embedding.has_value(), limit != 7 && points[i].embedding.has_value());
    }
  }
  EXPECT_EQ(index_->HighestStamp(Deadline::Never()).value(), 1'020);
}

TEST_P(VectorIndexContract, GivesVectorsAndMembersBackAsNearAsItSays) {
  std::map<RecordId, VectorWrite> points;
  for (const VectorWrite& point : Points(200)) points[point.id] = point;
  for (const auto& [id, point] : points) Apply({point});
  std::size_t value_count = 0;
  for (const HeldPoint& held : Scanned(64, true)) {
    const VectorWrite& point = points.at(held.id);
    EXPECT_LT(held.embedding_error, 0.01F);
    for (std::size_t d = 0; d < kEmbeddingDimensionCount; ++d) {
      const double off = double{(*held.embedding)[d]} - double{(*point.embedding)[d]};
      ASSERT_LE(std::abs(off), double{held.embedding_error});
    }
    EXPECT_EQ(Kept(held.members).values, Kept(point.members).values);
    value_count += held.members.values.size();
  }
  if (DecidesMembers()) {
    EXPECT_GT(value_count, 200u * 10) << "hardly any members came back";
  }
}

TEST_P(VectorIndexContract, KnowsItsHighestStampOfPointsAndTombstones) {
  EXPECT_EQ(index_->HighestStamp(Deadline::Never()).value(), 0);
  const VectorWrite point = random_.Point(5);
  Apply({point});
  EXPECT_EQ(index_->HighestStamp(Deadline::Never()).value(), 5);
  Apply({Tombstone(random_.Id(), 9), random_.Point(7)});
  EXPECT_EQ(index_->HighestStamp(Deadline::Never()).value(), 9);
}

TEST_P(VectorIndexContract, PurgesTombstonesBelowTheFloorAndNothingElse) {
  const VectorWrite live = random_.Point(1);
  const VectorWrite revived = random_.Point(2);
  const VectorWrite old_one = random_.Point(3);
  const VectorWrite young_one = random_.Point(4);
  VectorWrite back = revived;
  back.stamp = 8;
  Apply({live,
         Tombstone(revived.id, 6),
         back,
         Tombstone(old_one.id, 9),
         Tombstone(young_one.id, 10)});
  EXPECT_EQ(index_->PurgeTombstones(10, Deadline::Never()).value(), 1);
  EXPECT_EQ(index_->PurgeTombstones(10, Deadline::Never()).value(), 0);
  EXPECT_EQ(Listed(), (std::map<RecordId, Stamp>{{live.id, 1}, {revived.id, 8}}));
  EXPECT_EQ(Apply({young_one}).at(0), (ApplyResult{ApplyStatus::kSuperseded, 10}));
  EXPECT_EQ(Apply({old_one}).at(0), (ApplyResult{ApplyStatus::kApplied, 3}));
  EXPECT_EQ(Scanned(10, false).size(), 4u);
}

TEST_P(VectorIndexContract, BelongsToTheSetThatClaimedItFirst) {
  EXPECT_EQ(index_->Claim(3, Deadline::Never()).value(), 3);
  EXPECT_EQ(index_->Claim(3, Deadline::Never()).value(), 3);
  EXPECT_EQ(index_->Claim(4, Deadline::Never()).value(), 3);
}

// 300 filters over 500 points: 150,000 decisions, each as Matches() decides.
TEST_P(VectorIndexContract, DecidesEveryFilterLikeTheReference) {
  std::vector<VectorWrite> points = Points(500);
  Apply(points);
  for (std::size_t i = 0; i < 100; ++i) {  // Members change with a write, too.
    points[i].stamp += 1'000;
    points[i].members = random_.Members(points[i].id);
    Apply({points[i]});
  }
  std::vector<RecordId> ids;
  for (const VectorWrite& point : points) ids.push_back(point.id);
  int mixed_count = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const WidenedFilter widened = Widen(random_.AFilter(ids), index_->Capabilities().can_decide);
    std::map<RecordId, Stamp> expected;
    for (const VectorWrite& point : points) {
      if (Matches(widened.filter, point.members)) expected[point.id] = point.stamp;
    }
    ASSERT_EQ(Listed(widened.filter), expected) << CanonicalText(widened.filter);
    mixed_count += expected.empty() || expected.size() == points.size() ? 0 : 1;
  }
  if (DecidesMembers()) {
    EXPECT_GT(mixed_count, 100) << "the filters do not tell points apart";
  }
}

// Whatever the order and however often, what counts is the highest stamp of each id.
TEST_P(VectorIndexContract, ForgetsTheOrderInWhichWritesArrive) {
  std::vector<VectorWrite> writes = Points(600);
  std::vector<RecordId> ids;
  for (std::size_t i = 0; i < 60; ++i) ids.push_back(writes[i].id);
  std::map<RecordId, VectorWrite> last;
  for (VectorWrite& write : writes) {
    write.id = ids[random_.Below(ids.size())];
    write.members = random_.Members(write.id);
    if (random_.Below(3) == 0) write.embedding.reset();
    last[write.id] = write;
  }
  for (int i = 0; i < 600; ++i) writes.push_back(writes[random_.Below(600)]);
  for (std::size_t i = writes.size() - 1; i > 0; --i) {
    std::swap(writes[i], writes[random_.Below(i + 1)]);
  }
  Apply(writes);
  std::map<RecordId, Stamp> expected;
  for (const auto& [id, write] : last) {
    if (write.embedding.has_value()) expected[id] = write.stamp;
  }
  EXPECT_EQ(Listed(), expected);
  EXPECT_EQ(index_->Size(), static_cast<std::int64_t>(expected.size()));
}

// Two writers move every point again and again, and two readers look on: each search must
// list each point exactly once, under a stamp that was acknowledged or is being written, and no
// point's stamp may fall from one search of a reader to the next.
TEST_P(VectorIndexContract, ShowsEachPointExactlyOnceWhileItIsUpdated) {
  constexpr std::size_t kPointCount = 40;
  const std::vector<VectorWrite> points = Points(kPointCount);
  Apply(points);
  ASSERT_TRUE(index_->AwaitVisible(Deadline::Never()).has_value());
  // Some indexes take thousands of writes in these seconds, some hundreds; both are enough.
  const Deadline enough = Deadline::In(std::chrono::seconds(4));
  std::atomic<int> writers_left = 2;
  std::vector<std::thread> threads;
  for (std::size_t writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      RandomPoints random(writer + 100);
      for (Stamp stamp = 1'000; stamp < 4'000 && !enough.HasPassed(); ++stamp) {
        VectorWrite write = points[2 * random.Below(kPointCount / 2) + writer];
        write.stamp = stamp;
        const auto applied = index_->Apply({&write, 1}, Deadline::Never());
        EXPECT_TRUE(applied.has_value() && applied->at(0).held_stamp == stamp);
      }
      --writers_left;
    });
  }
  std::atomic<int> search_count = 0;
  for (std::uint64_t reader = 0; reader < 2; ++reader) {
    threads.emplace_back([&, reader] {
      RandomPoints random(reader + 200);
      const Embedding query = random.Unit();
      std::map<RecordId, Stamp> seen;
      while (writers_left > 0 || search_count < 10) {
        const auto found = index_->Nearest(query, {}, 1'000, Deadline::Never());
        ASSERT_TRUE(found.has_value());
        ASSERT_EQ(found->hits.size(), kPointCount);
        for (const Neighbor& hit : found->hits) {
          Stamp& last = seen[hit.id];
          ASSERT_LE(last, hit.stamp);
          last = hit.stamp;
        }
        ASSERT_EQ(seen.size(), kPointCount);
        ++search_count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(index_->Size(), static_cast<std::int64_t>(kPointCount));
}

// Never run: outside of fibers nothing goes wrong.
FiberRuntime& IdleFibers() {
  static FiberRuntime runtime({});
  return runtime;
}

std::unique_ptr<VectorIndex> Simulated(bool is_visible_at_once) {
  static FaultCounts counts;
  SimVectorStore::Options options;
  options.is_visible_at_once = is_visible_at_once;
  return std::make_unique<SimVectorStore>(IdleFibers(), counts, options);
}

// pgvector in a database of its own, without records.
struct VectorDatabase {
  explicit VectorDatabase(const std::string& conninfo)
      : sessions({.connection = {.conninfo = conninfo}, .has_records = false}) {
    const auto owner = postgres::Connection::Open({.conninfo = conninfo}, Deadline::Never());
    EXPECT_TRUE(owner.has_value());
    const auto installed = postgres::InstallPgvector(**owner, "", Deadline::Never());
    EXPECT_TRUE(installed.has_value()) << installed.error().message;
  }

  postgres::Sessions sessions;
};

class SeparatePgvector : private VectorDatabase, public postgres::PgvectorIndex {
 public:
  SeparatePgvector()
      : VectorDatabase(
            test::PostgresServer::Shared().Conninfo(test::PostgresServer::Shared().MakeDatabase())),
        PgvectorIndex(sessions, {.joins_records = false}) {}
};

// In an index of its own.
std::unique_ptr<VectorIndex> InOpensearch() {
  const auto address = opensearch::ParseAddress(test::OpensearchServer::Shared().NewAddress());
  EXPECT_TRUE(address.has_value());
  opensearch::OpenSearchIndex::Options options;
  options.refresh_pause = Duration(0);
  auto index = opensearch::OpenSearchIndex::Make(*address, options);
  EXPECT_TRUE(index.has_value());
  const auto prepared = (*index)->Prepare(Deadline::Never());
  EXPECT_TRUE(prepared.has_value()) << prepared.error().message;
  return *std::move(index);
}

// Has its index with it.
class BatchedFake final : public ForwardingVectorIndex {
 public:
  BatchedFake() : ForwardingVectorIndex(Placement::kInProcess) {}
  Result<std::vector<ApplyResult>> Apply(std::span<const VectorWrite> writes,
                                         Deadline deadline) override {
    return batched_.Apply(writes, deadline);
  }

 private:
  BatchedVectorIndex batched_{ThreadRuntime(), inner};
};

INSTANTIATE_TEST_SUITE_P(
    Each,
    VectorIndexContract,
    testing::Values(VectorIndexFactory{"fake", [] { return std::make_unique<FakeVectorIndex>(); }},
                    VectorIndexFactory{"scan",
                                       [] {
                                         return std::make_unique<ScanIndex>(
                                             ScanIndex::Options{.point_count_max = 1'000});
                                       }},
                    VectorIndexFactory{"batched", [] { return std::make_unique<BatchedFake>(); }},
                    VectorIndexFactory{"pgvector",
                                       [] { return std::make_unique<SeparatePgvector>(); }},
                    VectorIndexFactory{"opensearch", [] { return InOpensearch(); }},
                    VectorIndexFactory{"simulated", [] { return Simulated(true); }},
                    VectorIndexFactory{"refreshing", [] { return Simulated(false); }}),
    [](const auto& made) { return made.param.name; });

}  // namespace
}  // namespace datastorage
