#include "opensearch/answers.h"

#include <gtest/gtest.h>

#include <functional>

namespace datastorage::opensearch {
namespace {

constexpr std::string_view kId = "0190c0de-0000-7000-8000-00000000000a";

std::vector<RecordId> Ids() {
  return {*Uuid::Parse(kId), *Uuid::Parse("0190c0de-0000-7000-8000-00000000000b")};
}

// As a node of version 2.19 answers.
const std::string kBulk =
    R"({"took":3,"errors":true,"items":[{"index":{"_index":"t-1","_id":"a","_version":5,)"
    R"("result":"created","_shards":{"total":1,"successful":1,"failed":0},"_seq_no":0,)"
    R"("_primary_term":1,"status":201}},{"index":{"_index":"t-1","_id":"a","status":409,"error":)"
    R"({"type":"version_conflict_engine_exception","reason":"[a]: conflict","shard":"0"}}}]})";
const std::string kHeld =
    R"({"docs":[{"_index":"t-1","_id":"0190c0de-0000-7000-8000-00000000000a","_version":9,)"
    R"("_seq_no":1,"_primary_term":1,"found":true,"_source":{"stamp":9}},)"
    R"({"_index":"t-1","_id":"0190c0de-0000-7000-8000-00000000000b","found":false}]})";
const std::string kPage =
    R"({"took":7,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},)"
    R"("hits":{"max_score":0.8,"hits":[{"_index":"t-1","_score":0.8,"_seq_no":4,)"
    R"("_primary_term":2,"_source":{"m":{"name":"x","success":true,"start_time":-5,"zz":1,)"
    R"("duration":"text","confidence_score":1e+300}},"fields":{"stamp":[9],)"
    R"("id":["0190c0de-0000-7000-8000-00000000000a"],"live":[true]}}]},)"
    R"("aggregations":{"all":{"doc_count":2,"passing":{"doc_count":1}}}})";
const std::string kRefresh = R"({"_shards":{"total":2,"successful":1,"failed":0}})";
const std::string kCount = R"({"count":1,"_shards":{"total":1,"successful":1,"failed":0}})";
const std::string kMark = R"({"_index":"t-1","_id":"mark","found":true,"_source":{"set":3}})";

struct Case {
  std::string body;
  std::function<bool(std::string_view)> reads;
};

std::vector<Case> Cases() {
  return {{kBulk, [](auto body) { return ParseBulk(body, 2).has_value(); }},
          {kHeld, [](auto body) { return ParseHeld(body, Ids()).has_value(); }},
          {kPage, [](auto body) { return ParsePage(body).has_value(); }},
          {kRefresh, [](auto body) { return ParseRefresh(body).has_value(); }},
          {kCount, [](auto body) { return ParseCount(body).has_value(); }},
          {kMark, [](auto body) { return ParseMark(body).has_value(); }}};
}

TEST(OpensearchAnswers, ReadWhatTheServerSays) {
  const auto bulk = ParseBulk(kBulk, 2);
  EXPECT_EQ(bulk->at(0).status, 201);
  EXPECT_EQ(bulk->at(1).status, 409);
  EXPECT_EQ(bulk->at(1).reason, "version_conflict_engine_exception");
  const auto held = ParseHeld(kHeld, Ids());
  EXPECT_TRUE(held->at(0).is_found);
  EXPECT_EQ(held->at(0).stamp, 9);
  EXPECT_EQ(held->at(0).version, 9);
  EXPECT_FALSE(held->at(1).is_found);
  EXPECT_EQ(ParseCount(kCount).value(), 1);
  EXPECT_EQ(ParseMark(kMark).value(), 3);
  EXPECT_EQ(ParseMark(R"({"_id":"mark","found":false})").value(), std::nullopt);
  EXPECT_TRUE(ParseRefresh(kRefresh).has_value());
  EXPECT_EQ(ErrorTypeOf(R"({"error":{"type":"x_exception"},"status":404})"), "x_exception");
  EXPECT_EQ(ErrorTypeOf("<html>"), "");
}

// Members that this version does not know, or of another type, count as absent.
TEST(OpensearchAnswers, ReadAHit) {
  const auto page = ParsePage(kPage);
  ASSERT_TRUE(page.has_value());
  EXPECT_EQ(page->passing_count, 1);
  ASSERT_EQ(page->points.size(), 1u);
  const FoundPoint& found = page->points[0];
  EXPECT_EQ(found.point.id, Ids()[0]);
  EXPECT_EQ(found.point.stamp, 9);
  EXPECT_FALSE(found.point.is_tombstone);
  EXPECT_FLOAT_EQ(found.score, 0.8F);
  EXPECT_EQ(found.seq_no, 4);
  EXPECT_EQ(found.primary_term, 2);
  using Values = std::vector<std::pair<Member, MemberValue>>;
  EXPECT_EQ(found.point.members.values,
            (Values{{Member::kName, std::string("x")},
                    {Member::kStartTime, WallTime(Duration(-5))},
                    {Member::kConfidenceScore, 1e300},
                    {Member::kSuccess, true}}));
}

// Cut anywhere, or with a part put out of shape: an error, not a crash and not an answer.
TEST(OpensearchAnswers, TakeNothingMalformed) {
  for (const Case& each : Cases()) {
    ASSERT_TRUE(each.reads(each.body)) << each.body;
    for (std::size_t size = 0; size < each.body.size(); ++size) {
      EXPECT_FALSE(each.reads(each.body.substr(0, size))) << each.body.substr(0, size);
    }
    for (const char* other : {"[]",
                              "null",
                              "{}",
                              "\"x\"",
                              "<html></html>",
                              R"({"items":{}})",
                              R"({"error":{"type":"x"},"status":400})"}) {
      EXPECT_FALSE(each.reads(other)) << other;
    }
  }
  const std::pair<std::string, std::string> breaks[] = {
      {"\"status\":201", "\"status\":\"x\""},
      {"\"status\":201", "\"status\":0"},
      {"\"_version\":9", "\"_version\":null"},
      {"-00000000000a\",\"_version", "-00000000000c\",\"_version"},
      {",\"found\":false", ""},
      {"\"stamp\":[9]", "\"stamp\":[]"},
      {"\"stamp\":[9]", "\"stamp\":[9.5]"},
      {"\"live\":[true]", "\"live\":[1]"},
      {"\"id\":[\"0190", "\"id\":[\"x190"},
      {"\"passing\":{\"doc_count\":1}", "\"passing\":{}"},
      {"{\"m\":", "{\"vector\":[1,2],\"m\":"},
      {"\"set\":3", "\"set\":\"3\""},
      {"\"count\":1,", "\"count\":-1,"}};
  for (const auto& [from, to] : breaks) {
    int hit_count = 0;
    for (const Case& each : Cases()) {
      std::string body = each.body;
      const std::size_t at = body.find(from);
      if (at == std::string::npos) continue;
      ++hit_count;
      EXPECT_FALSE(each.reads(body.replace(at, from.size(), to))) << body;
    }
    EXPECT_GE(hit_count, 1) << from;
  }
  EXPECT_FALSE(ParseBulk(kBulk, 3).has_value());
}

// A shard that did not answer may hold what matters.
TEST(OpensearchAnswers, TakeNoPartForTheWhole) {
  for (const Case& each : Cases()) {
    std::string body = each.body;
    const std::size_t at = body.rfind("\"failed\":0");
    if (at == std::string::npos || body == kBulk) continue;
    body.replace(at, 10, "\"failed\":1");
    EXPECT_FALSE(each.reads(body)) << body;
  }
  std::string late = kPage;
  EXPECT_FALSE(ParsePage(late.replace(late.find("false"), 5, "true")).has_value());
}

}  // namespace
}  // namespace datastorage::opensearch
