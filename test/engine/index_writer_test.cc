#include "engine/index_writer.h"

#include <gmock/gmock.h>

#include "engine/engine_fixture.h"

namespace datastorage {
namespace {

using IndexWriterTest = EngineFixture;

TEST_F(IndexWriterTest, AppliesRecordsAsTheyAreNow) {
  const Record record = Create("rr-1", "disk full");
  const auto patched = writes_->Patch(PatchFor(record, R"({"summary":"network down"})"), Soon());
  ScanIndex empty(ScanIndex::Options{});
  VectorSets sets(ThreadRuntime(), *store_, {{"scan", &empty}}, embedding_->Space());
  ASSERT_TRUE(sets.Open(Soon()).has_value());
  IndexWriter writer(*store_);
  const std::vector<RecordId> ids{record.id, SystemUuidSource().MakeVersion7()};
  ASSERT_TRUE(writer.ApplyCurrent(*sets.Live(), ids, Soon()).has_value());
  ASSERT_EQ(empty.Size(), 1);
  const auto hit = empty.Nearest(FakeEmbedder::VectorOf("network down"), {}, 1, Soon());
  EXPECT_EQ(hit->hits.front().stamp, patched->record.stamp);
  EXPECT_NEAR(hit->hits.front().score, 1.0F, 0.02F);
}

TEST_F(IndexWriterTest, LeavesAPendingRowForTheRelay) {
  const Record record = Create("rr-1", "disk full");
  IndexWriter writer(*store_);
  ASSERT_TRUE(writer.LeaveToRelay(*sets_->Live(), {&record.id, 1}, Soon()).has_value());
  EXPECT_EQ(StateOf(record.id), VectorState::kPending);
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_EQ(StateOf(record.id), VectorState::kSynced);
}

}  // namespace
}  // namespace datastorage
