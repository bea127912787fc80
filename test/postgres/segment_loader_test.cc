#include "postgres/segment_loader.h"

#include <gmock/gmock.h>

#include <thread>

#include "postgres/segment_builder.h"
#include "postgres/vector_session.h"

namespace datastorage::postgres {
namespace {

using testing::Contains;
using testing::Not;

constexpr int kRowCount = 200;

// Records whose vectors are in segments that are in memory, and an index that works by these: every
// search is one among many, and no graph has been walked through.
class SegmentLoaderTest : public testing::Test {
 protected:
  std::vector<CreateOp> Create(int count) {
    std::vector<CreateOp> creations;
    for (int i = 0; i < count; ++i) {
      creations.push_back(EmbeddedCreation("r" + std::to_string(++key_), random_.Unit()));
    }
    store_.Commit({creations.begin(), creations.end()});
    return creations;
  }
  std::vector<CreateOp> CreateSegment() {
    std::vector<CreateOp> creations = Create(kRowCount);
    EXPECT_EQ(builder_.Build(Soon()).value(), kRowCount);
    return creations;
  }
  // Returns how many were loaded.
  int Load() {
    int count = 0;
    for (; loader_.LoadOne().value(); ++count) {
    }
    return count;
  }
  static const Embedding& VectorOf(const CreateOp& create) {
    return create.embeddings.front().vector;
  }
  std::vector<RecordId> Nearest(const Embedding& query, int count = 3, const Filter& filter = {}) {
    const auto found = index_.Nearest(query, filter, count, Soon());
    if (!found.has_value()) ADD_FAILURE() << found.error().message;
    std::vector<RecordId> ids;
    if (found.has_value()) {
      for (const Neighbor& hit : found->hits) ids.push_back(hit.id);
    }
    return ids;
  }
  // Makes graphs useless: only what was found by codes, or in the head, can be found.
  void DropGraphs() {
    store_.Ask(
        "DO $$ DECLARE name text; BEGIN FOR name IN SELECT indexrelid::regclass::text FROM pg_index"
        " WHERE indrelid::regclass::text ~ '^vector_body_[1-9]' AND NOT indisprimary LOOP"
        " EXECUTE 'DROP INDEX ' || name; END LOOP; END $$");
  }

  VectorSession store_;
  RandomPoints random_{23};
  Metrics metrics_;
  SegmentBuilder builder_{store_.sessions, metrics_, {.row_count = kRowCount, .merge_count = 2}};
  SegmentCodes codes_{std::int64_t{1} << 30};
  SegmentLoader loader_{ThreadRuntime(), store_.sessions, codes_, metrics_, {.page_row_count = 64}};
  PgvectorIndex index_{store_.sessions, {.exact_row_count_least = 10, .codes = &codes_}};
  int key_ = 0;
};

TEST_F(SegmentLoaderTest, LoadsEachSegmentOnce) {
  EXPECT_EQ(Load(), 0);
  CreateSegment();
  CreateSegment();
  EXPECT_EQ(Load(), 2);
  EXPECT_EQ(codes_.RowCount(), 2 * kRowCount);
  EXPECT_EQ(Load(), 0);
  EXPECT_NE(metrics_.Render().find("datastorage_vector_coded_rows 400"), std::string::npos);
}

TEST_F(SegmentLoaderTest, FindsEveryVectorInMemoryInTheHeadAndInNeither) {
  const std::vector<CreateOp> loaded = CreateSegment();
  EXPECT_EQ(Load(), 1);
  const std::vector<CreateOp> not_loaded = CreateSegment();
  const std::vector<CreateOp> in_head = Create(50);
  for (const auto* creations : {&loaded, &not_loaded, &in_head}) {
    for (const CreateOp& create : *creations) {
      const auto found = index_.Nearest(VectorOf(create), {}, 3, Soon()).value();
      ASSERT_EQ(found.hits.size(), 3U);
      EXPECT_EQ(found.hits.front().id, create.id);
      EXPECT_NEAR(found.hits.front().score, 1, found.score_error);
      EXPECT_TRUE(found.may_miss);
    }
  }
}

TEST_F(SegmentLoaderTest, AsksNoGraphForWhatIsInMemory) {
  const std::vector<CreateOp> creations = CreateSegment();
  Load();
  DropGraphs();
  store_.Ask("UPDATE vector_segment SET row_count = row_count");
  const std::string scans =
      "SELECT sum(seq_scan) FROM pg_stat_user_tables WHERE relname ~ '^vector_body_[1-9]'";
  for (const CreateOp& create : creations) {
    EXPECT_EQ(Nearest(VectorOf(create)).front(), create.id);
  }
  EXPECT_EQ(store_.Ask(scans), "0") << "without its graph a segment would be read whole";
}

TEST_F(SegmentLoaderTest, ShowsNoVectorThatWasReplacedOrDropped) {
  const std::vector<CreateOp> creations = CreateSegment();
  Load();
  UpdateOp update = UpdateOf(creations[0], 1);
  update.text_hash = HashOf("another text");
  update.embeddings.push_back({"space", *update.text_hash, random_.Unit()});
  const EraseOp erasure{
      creations[1].id, SystemUuidSource().MakeVersion4(), store_.clock.WallNow(), "a", "b"};
  store_.Commit({update, erasure});
  EXPECT_THAT(Nearest(VectorOf(creations[0])), Not(Contains(creations[0].id)));
  EXPECT_THAT(Nearest(VectorOf(creations[1])), Not(Contains(creations[1].id)));
  EXPECT_EQ(Nearest(update.embeddings.front().vector).front(), creations[0].id);
  // In the next segment, while the old codes of the same id are still in memory.
  Create(kRowCount - 1);
  ASSERT_EQ(builder_.Build(Soon()).value(), kRowCount);
  EXPECT_EQ(Nearest(update.embeddings.front().vector).front(), creations[0].id);
  EXPECT_EQ(Load(), 1);
  EXPECT_EQ(Nearest(update.embeddings.front().vector).front(), creations[0].id);
  EXPECT_THAT(Nearest(VectorOf(creations[0])), Not(Contains(creations[0].id)));
}

TEST_F(SegmentLoaderTest, GivesAsManyAsMatchAFilter) {
  std::vector<WriteOp> operations;
  std::vector<RecordId> rare;
  for (int i = 0; i < kRowCount; ++i) {
    CreateOp create = EmbeddedCreation(std::to_string(i), random_.Unit());
    std::get<Execution>(create.body).cluster_name = i % 10 == 0 ? "rare" : "other";
    if (i % 10 == 0) rare.push_back(create.id);
    operations.emplace_back(std::move(create));
  }
  store_.Commit(operations);
  ASSERT_EQ(builder_.Build(Soon()).value(), kRowCount);
  Load();
  const Filter filter = Filter::Equals(Member::kClusterName, std::string("rare"));
  for (const int count : {1, 5, 19, 20, 21}) {
    std::vector<RecordId> found = Nearest(random_.Unit(), count, filter);
    EXPECT_EQ(found.size(), std::min<std::size_t>(static_cast<std::size_t>(count), 20));
    for (const RecordId& id : found) EXPECT_THAT(rare, Contains(id));
  }
}

TEST_F(SegmentLoaderTest, GoesOnAfterAMerge) {
  const std::vector<CreateOp> creations = CreateSegment();
  CreateSegment();
  Load();
  EXPECT_EQ(Nearest(VectorOf(creations[0])).front(), creations[0].id);
  ASSERT_EQ(builder_.Merge(Soon()).value(), 2 * kRowCount);
  // The codes are those of segments whose rows are gone: the search begins again.
  EXPECT_EQ(Nearest(VectorOf(creations[0])).front(), creations[0].id);
  EXPECT_EQ(Load(), 1);
  EXPECT_EQ(codes_.RowCount(), 2 * kRowCount);
  EXPECT_EQ(Nearest(VectorOf(creations[0])).front(), creations[0].id);
}

// As a database that was put back to an earlier time does it: the number again, with other rows.
TEST_F(SegmentLoaderTest, KnowsASegmentFromAnotherOfItsNumber) {
  CreateSegment();
  Load();
  const std::vector<CreateOp> others = Create(kRowCount);
  EXPECT_EQ(Nearest(VectorOf(others[0])).front(), others[0].id);
  store_.Ask(
      "BEGIN; TRUNCATE vector_body_1;"
      "INSERT INTO vector_body_1 (record_id, v) SELECT record_id, v FROM vector_head;"
      "TRUNCATE vector_head; UPDATE vector_segment SET made = made + 1; COMMIT");
  for (const CreateOp& other : others) {
    ASSERT_EQ(Nearest(VectorOf(other)).front(), other.id);
  }
  EXPECT_EQ(Load(), 1);
  EXPECT_EQ(Nearest(VectorOf(others[0])).front(), others[0].id);
}

TEST_F(SegmentLoaderTest, LoadsByItselfWhatIsBuiltLater) {
  loader_.Start();
  CreateSegment();
  const Deadline deadline = Soon();
  while (codes_.RowCount() != kRowCount) {
    ASSERT_FALSE(deadline.HasPassed());
    std::this_thread::yield();
  }
  loader_.Stop();
}

TEST_F(SegmentLoaderTest, HoldsNothingOfAPageThatFailed) {
  CreateSegment();
  store_.Ask("ALTER TABLE vector_body RENAME TO away");
  EXPECT_FALSE(loader_.LoadOne().has_value());
  EXPECT_EQ(codes_.RowCount(), 0);
  store_.Ask("ALTER TABLE away RENAME TO vector_body");
  EXPECT_EQ(Load(), 1);
  EXPECT_EQ(codes_.RowCount(), kRowCount);
}

}  // namespace
}  // namespace datastorage::postgres
