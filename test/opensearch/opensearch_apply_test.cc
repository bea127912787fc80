// OpenSearchIndex::Apply, over answers made up and over a node that is killed and stopped.
#include <gtest/gtest.h>

#include <algorithm>

#include "contract/vector_index_contract.h"
#include "opensearch/journalled_writers.h"
#include "opensearch/opensearch_index.h"
#include "support/loopback_server.h"
#include "support/opensearch_server.h"
#include "support/random_points.h"

namespace datastorage::opensearch {
namespace {

// A node that answers each bulk request of one write with the next of these items, and _mget with
// `held`.
class MadeUpNode {
 public:
  explicit MadeUpNode(std::vector<std::string> items, std::string held = "")
      : items_(std::move(items)), held_(std::move(held)) {}

  Result<std::vector<ApplyResult>> Apply() {
    const auto index = IndexAt("opensearch+" + server_.url() + "/i?wait_for_active_shards=2");
    VectorWrite write = RandomPoints(1).Point(5);
    id_ = write.id.ToString();
    return index->Apply({&write, 1}, Deadline::In(std::chrono::seconds(10)));
  }
  std::vector<test::SeenRequest> requests() const { return server_.requests(); }

 private:
  std::string Answer(const test::SeenRequest& request) {
    if (request.target.starts_with("/i/_mget")) {
      return test::Answer(200, R"({"docs":[{"_id":")" + id_ + "\"," + held_ + "}]}");
    }
    const std::string& item = items_[std::min(bulk_count_++, items_.size() - 1)];
    return test::Answer(200, R"({"items":[{"index":)" + item + "}]}");
  }

  std::vector<std::string> items_;
  std::string held_;
  std::string id_;
  std::size_t bulk_count_ = 0;
  test::LoopbackServer server_{
      [this](const test::SeenRequest& request) { return Answer(request); }};
};

std::string Held(int version, int stamp) {
  return R"("found":true,"_version":)" + std::to_string(version) + R"(,"_source":{"stamp":)" +
         std::to_string(stamp) + "}";
}

const std::string kConflict =
    R"({"status":409,"error":{"type":"version_conflict_engine_exception"}})";

TEST(OpensearchApply, TellsItsOwnWriteFromANewerOneWhenItMeetsAConflict) {
  EXPECT_EQ(MadeUpNode({kConflict}, Held(5, 5)).Apply()->at(0),
            (ApplyResult{ApplyStatus::kApplied, 5}));
  EXPECT_EQ(MadeUpNode({kConflict}, Held(8, 8)).Apply()->at(0),
            (ApplyResult{ApplyStatus::kSuperseded, 8}));
  EXPECT_EQ(MadeUpNode({kConflict}, Held(8, 2)).Apply()->at(0),
            (ApplyResult{ApplyStatus::kRefused, 2}));
}

// A conflict with what is not there: the server remembers a deletion a moment longer.
TEST(OpensearchApply, SendsAgainWhatMeetsAPurgedTombstone) {
  MadeUpNode node({kConflict, kConflict, R"({"status":201})"}, R"("found":false)");
  EXPECT_EQ(node.Apply()->at(0), (ApplyResult{ApplyStatus::kApplied, 5}));
  const std::vector<test::SeenRequest> requests = node.requests();
  ASSERT_EQ(requests.size(), 5u);
  EXPECT_NE(requests[0].target.find("require_alias=true"), std::string::npos);
  EXPECT_NE(requests[0].target.find("wait_for_active_shards=2"), std::string::npos);
  EXPECT_NE(requests[1].target.find("preference=_primary"), std::string::npos);
}

TEST(OpensearchApply, RefusesADocumentAloneAndFailsWhereTheServerIsToBlame) {
  const std::string refused = R"({"status":400,"error":{"type":"mapper_parsing_exception"}})";
  EXPECT_EQ(MadeUpNode({refused}, Held(3, 3)).Apply()->at(0),
            (ApplyResult{ApplyStatus::kRefused, 3}));
  for (const char* item : {R"({"status":429,"error":{"type":"rejected_execution_exception"}})",
                           R"({"status":503,"error":{"type":"unavailable_shards_exception"}})",
                           R"({"status":403,"error":{"type":"cluster_block_exception"}})",
                           R"({"status":404,"error":{"type":"index_not_found_exception"}})",
                           R"({"status":500})",
                           R"({})"}) {
    const auto applied = MadeUpNode({item}, Held(3, 3)).Apply();
    ASSERT_FALSE(applied.has_value()) << item;
    EXPECT_EQ(applied.error().code, ErrorCode::kUnavailable);
  }
}

// Four writers move 200 points again and again; the node is killed under them, three times. What
// was acknowledged is held when it is up again, under that stamp or a higher one.
TEST(OpensearchApplyFaults, LosesNoAcknowledgedWriteWhenTheNodeIsKilled) {
  test::OpensearchServer node;
  const std::string address = node.NewAddress();
  ASSERT_EQ(IndexAt(address)->Claim(3, Deadline::Never()).value(), 3);
  JournalledWriters writers(address, std::chrono::seconds(2));
  int kills_with_writes = 0;
  for (int kill = 0; kill < 3; ++kill) {
    ASSERT_TRUE(writers.GoOn(400)) << "writes do not go on";
    kills_with_writes += writers.HasWriteInFlight() ? 1 : 0;
    node.Kill();
    node.Start();
  }
  writers.Stop();
  EXPECT_GE(kills_with_writes, 1);
  EXPECT_EQ(writers.CountLost(), 0);
  RecordProperty("kills_with_writes_in_flight", kills_with_writes);
  RecordProperty("acknowledged", writers.acknowledged_count());
}

// Stopped, it takes what was sent when it goes on; the caller, who was told nothing, sends it again
// and meets a conflict with itself.
TEST(OpensearchApplyFaults, EndsAtTheDeadlineWhileTheNodeHangsAndThenTakesTheSameAgain) {
  test::OpensearchServer& node = test::OpensearchServer::Shared();
  const auto index = IndexAt(node.NewAddress());
  ASSERT_TRUE(index->Prepare(Deadline::Never()).has_value());
  RandomPoints random(5);
  const std::vector<VectorWrite> writes{random.Point(7)};
  ASSERT_TRUE(index->Apply(writes, Deadline::Never()).has_value());
  std::vector<VectorWrite> next = writes;
  next[0].stamp = 8;
  node.Pause();
  const auto hung = index->Apply(next, Deadline::In(std::chrono::milliseconds(200)));
  const auto search =
      index->Nearest(random.Unit(), {}, 1, Deadline::In(std::chrono::milliseconds(200)));
  node.Resume();
  ASSERT_FALSE(hung.has_value());
  EXPECT_EQ(hung.error().code, ErrorCode::kDeadlineExceeded);
  ASSERT_FALSE(search.has_value());
  EXPECT_EQ(search.error().code, ErrorCode::kDeadlineExceeded);
  const auto again = index->Apply(next, Deadline::Never());
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(again->at(0), (ApplyResult{ApplyStatus::kApplied, 8}));
}

}  // namespace
}  // namespace datastorage::opensearch
