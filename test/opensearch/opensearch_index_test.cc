#include "opensearch/opensearch_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>

#include "contract/vector_index_contract.h"
#include "support/loopback_server.h"
#include "support/opensearch_server.h"
#include "support/random_points.h"

namespace datastorage::opensearch {
namespace {

using Index = std::unique_ptr<OpenSearchIndex>;

Index Made(const std::string& address, int candidate_count_least = 512) {
  OpenSearchIndex::Options options;
  options.refresh_pause = Duration(0);
  options.candidate_count_least = candidate_count_least;
  return OpenSearchIndex::Make(ParseAddress(address).value(), options).value();
}

ErrorCode CodeOf(const auto& result) {
  EXPECT_FALSE(result.has_value());
  return result.has_value() ? ErrorCode::kInternal : result.error().code;
}

// What a search says of itself, from what the server says: hits, and how many pass.
TEST(OpensearchIndexAnswers, SaysWhatASearchMayHaveMissed) {
  std::string answer;
  test::LoopbackServer node([&](const test::SeenRequest&) { return test::Answer(200, answer); });
  const Index index = Made("opensearch+" + node.url() + "/i", 8);
  const auto says = [&](int hit_count, int passing_count, int count_max) {
    std::string hits;
    for (int i = 0; i < hit_count; ++i) {
      hits += std::string(i == 0 ? "" : ",") + R"({"_score":0.75,"fields":{"stamp":[1],"live":)" +
              R"([true],"id":["0190c0de-0000-7000-8000-00000000000a"]}})";
    }
    answer = R"({"timed_out":false,"_shards":{"failed":0},"hits":{"hits":[)" + hits +
             R"(]},"aggregations":{"all":{"passing":{"doc_count":)" +
             std::to_string(passing_count) + "}}}}";
    return index->Nearest(RandomPoints(1).Unit(), {}, count_max, Deadline::Never()).value();
  };
  const Neighbors all = says(2, 2, 2);
  EXPECT_TRUE(all.is_exhausted);
  EXPECT_FALSE(all.may_miss);
  EXPECT_FLOAT_EQ(all.hits.at(0).score, 0.5F);
  const Neighbors compared = says(2, 8, 2);  // As many as candidates.
  EXPECT_FALSE(compared.is_exhausted);
  EXPECT_FALSE(compared.may_miss);
  EXPECT_TRUE(says(2, 9, 2).may_miss);
  const Neighbors lost = says(1, 2, 2);  // Of two that pass the graph found one.
  EXPECT_FALSE(lost.is_exhausted);
  EXPECT_TRUE(lost.may_miss);
}

TEST(OpensearchIndexAnswers, TakesNoSearchesForAnswersThatAreNone) {
  int status = 200;
  std::string answer = "<html>";
  test::LoopbackServer node([&](const test::SeenRequest&) { return test::Answer(status, answer); });
  const Index index = Made("opensearch+" + node.url() + "/i");
  const Embedding query = RandomPoints(1).Unit();
  for (const auto& [each_status, each] : std::initializer_list<std::pair<int, std::string>>{
           {200, "<html>"},
           {200, R"({"timed_out":false,"_shards":{"failed":1},"hits":{"hits":[]}})"},
           {400, R"({"error":{"type":"parsing_exception"},"status":400})"},
           {404, R"({"error":{"type":"index_not_found_exception"},"status":404})"},
           {503, R"({"error":{"type":"search_phase_execution_exception"},"status":503})"}}) {
    status = each_status;
    answer = each;
    const Deadline deadline = Deadline::Never();
    EXPECT_EQ(CodeOf(index->Nearest(query, {}, 1, deadline)), ErrorCode::kUnavailable);
    EXPECT_EQ(CodeOf(index->Scan({}, 1, true, deadline)), ErrorCode::kUnavailable);
    EXPECT_EQ(CodeOf(index->HighestStamp(deadline)), ErrorCode::kUnavailable);
    EXPECT_EQ(CodeOf(index->PurgeTombstones(1, deadline)), ErrorCode::kUnavailable);
    EXPECT_EQ(CodeOf(index->Claim(1, deadline)), ErrorCode::kUnavailable);
    EXPECT_EQ(index->Size(), 0);
  }
}

class OpensearchIndexOnANode : public testing::Test {
 protected:
  test::OpensearchServer& node_ = test::OpensearchServer::Shared();
  const std::string address_ = node_.NewAddress();
  const std::string name_ = ParseAddress(address_).value().index;
  RandomPoints random_{11};
};

TEST_F(OpensearchIndexOnANode, IsMadeAndClaimedOnceByReplicasThatStartAtOnce) {
  std::vector<std::thread> replicas;
  std::vector<VectorSetId> held(4);
  for (std::size_t i = 0; i < held.size(); ++i) {
    replicas.emplace_back([&, i] {
      const auto claimed =
          Made(address_)->Claim(static_cast<VectorSetId>(i) + 1, Deadline::Never());
      ASSERT_TRUE(claimed.has_value()) << claimed.error().message;
      held[i] = *claimed;
    });
  }
  for (std::thread& replica : replicas) replica.join();
  EXPECT_EQ(std::set<VectorSetId>(held.begin(), held.end()).size(), 1u);
  EXPECT_EQ(Made(address_)->Claim(9, Deadline::Never()).value(), held[0]);
}

// Nothing may be written to an index of that name that the server would make by itself.
TEST_F(OpensearchIndexOnANode, SaysThatTheIndexIsGone) {
  const Index index = Made(address_);
  ASSERT_EQ(index->Claim(3, Deadline::Never()).value(), 3);
  const std::vector<VectorWrite> writes{random_.Point(1)};
  ASSERT_TRUE(index->Apply(writes, Deadline::Never()).has_value());
  node_.Ask("DELETE", "/" + name_ + "-1");
  EXPECT_EQ(CodeOf(index->AwaitVisible(Deadline::Never())), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(index->Apply(writes, Deadline::Never())), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(index->Nearest(random_.Unit(), {}, 1, Deadline::Never())),
            ErrorCode::kUnavailable);
  EXPECT_NE(node_.Ask("GET", "/" + name_).find("index_not_found"), std::string::npos);
}

// What was applied to the old one is not in the new one: nothing may count as visible.
TEST_F(OpensearchIndexOnANode, SaysThatTheIndexWasMadeAnew) {
  const Index index = Made(address_);
  ASSERT_EQ(index->Claim(3, Deadline::Never()).value(), 3);
  const std::vector<VectorWrite> writes{random_.Point(1)};
  ASSERT_TRUE(index->Apply(writes, Deadline::Never()).has_value());
  ASSERT_TRUE(index->AwaitVisible(Deadline::Never()).has_value());
  node_.Ask("DELETE", "/" + name_ + "-1");
  const Index other = Made(address_);
  ASSERT_TRUE(other->Prepare(Deadline::Never()).has_value());
  ASSERT_TRUE(index->Apply(writes, Deadline::Never()).has_value());
  EXPECT_EQ(CodeOf(index->AwaitVisible(Deadline::Never())), ErrorCode::kUnavailable);
  ASSERT_EQ(other->Claim(4, Deadline::Never()).value(), 4);
  EXPECT_EQ(CodeOf(index->AwaitVisible(Deadline::Never())), ErrorCode::kUnavailable);
}

TEST_F(OpensearchIndexOnANode, LeavesAnIndexOfSomeoneElseAlone) {
  node_.Ask("PUT", "/" + name_);
  EXPECT_EQ(CodeOf(Made(address_)->Claim(3, Deadline::Never())), ErrorCode::kUnavailable);
  EXPECT_EQ(node_.Ask("GET", "/" + name_ + "/_count").find("\"count\":0"), 1u);
}

// A document of someone else's hand, whose version is not its stamp.
TEST_F(OpensearchIndexOnANode, TakesNoForeignVersionForAStamp) {
  const Index index = Made(address_);
  ASSERT_TRUE(index->Prepare(Deadline::Never()).has_value());
  VectorWrite write = random_.Point(1);
  ASSERT_TRUE(index->Apply({&write, 1}, Deadline::Never()).has_value());
  const std::string id = write.id.ToString();
  node_.Ask("PUT", "/" + name_ + "/_doc/" + id, R"({"id":")" + id + R"(","stamp":1,"live":false})");
  write.stamp = 2;
  const auto met = index->Apply({&write, 1}, Deadline::Never());
  EXPECT_EQ(met->at(0), (ApplyResult{ApplyStatus::kRefused, 1}));
  write.stamp = 3;
  const auto taken = index->Apply({&write, 1}, Deadline::Never());
  EXPECT_EQ(taken->at(0), (ApplyResult{ApplyStatus::kApplied, 3}));
}

// Whatever part of the points passes, as many come back as were asked for, or all that pass; and
// of the nearest ten at least 98 in 100.
TEST_F(OpensearchIndexOnANode, FindsTheNearestOfEveryPartOfThePoints) {
  constexpr int kPointCount = 3'000;
  const Index index = Made(address_, 256);
  ASSERT_TRUE(index->Prepare(Deadline::Never()).has_value());
  std::vector<VectorWrite> points;
  for (int i = 0; i < kPointCount; ++i) {
    points.push_back(random_.Point(i + 1));
    points.back().members.values = {{Member::kDuration, std::int64_t{i}}};
  }
  ASSERT_TRUE(index->Apply(points, Deadline::Never()).has_value());
  ASSERT_TRUE(index->AwaitVisible(Deadline::Never()).has_value());
  int found_count = 0, wanted_count = 0;
  for (const int passing_count : {3, 30, 300, kPointCount}) {
    const Filter filter = Filter::Range(
        Member::kDuration, std::nullopt, FilterBound{std::int64_t{passing_count}, false});
    for (int trial = 0; trial < 20; ++trial) {
      const Embedding query = random_.Unit();
      std::vector<std::pair<double, RecordId>> exact;
      for (int i = 0; i < passing_count; ++i) {
        const VectorWrite& point = points[static_cast<std::size_t>(i)];
        exact.emplace_back(-CosineOf(query, *point.embedding), point.id);
      }
      std::sort(exact.begin(), exact.end());
      exact.resize(std::min<std::size_t>(10, exact.size()));
      const auto found = index->Nearest(query, filter, 10, Deadline::Never());
      ASSERT_EQ(found->hits.size(), exact.size());
      EXPECT_EQ(found->is_exhausted, passing_count <= 10);
      EXPECT_EQ(found->may_miss, passing_count > 256);
      std::set<RecordId> ids;
      for (const Neighbor& hit : found->hits) ids.insert(hit.id);
      for (const auto& [cosine, id] : exact) found_count += ids.contains(id) ? 1 : 0;
      wanted_count += static_cast<int>(exact.size());
    }
  }
  RecordProperty("recall_per_mille", found_count * 1'000 / wanted_count);
  EXPECT_GE(found_count * 100, wanted_count * 98);
}

}  // namespace
}  // namespace datastorage::opensearch
