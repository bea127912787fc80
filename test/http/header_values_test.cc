// What headers say, by tables.
#include "http/header_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace datastorage::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Request With(std::string_view name, std::string_view value) {
  Request request;
  request.headers.push_back({std::string(name), std::string(value)});
  return request;
}

Record ARecord(std::int64_t version, VectorState vector) {
  Record record;
  record.version = version;
  record.vector = vector;
  return record;
}

TEST(HeaderValues, MakeTagsThatChangeWithTheVector) {
  EXPECT_EQ(EntityTag(ARecord(3, VectorState::kPending)), "\"3.p\"");
  EXPECT_EQ(EntityTag(ARecord(3, VectorState::kSynced)), "\"3.s\"");
  EXPECT_EQ(EntityTag(ARecord(12, VectorState::kNone)), "\"12.n\"");
}

TEST(HeaderValues, CompareTagsForReading) {
  const Record record = ARecord(3, VectorState::kPending);
  for (const char* tags : {"\"3.p\"", "W/\"3.p\"", "*", "\"1.s\" , \"3.p\""}) {
    EXPECT_TRUE(IsUnchanged(With("if-none-match", tags), record)) << tags;
  }
  for (const char* tags : {"\"3.s\"", "3.p", "\"13.p\"", ""}) {
    EXPECT_FALSE(IsUnchanged(With("if-none-match", tags), record)) << tags;
  }
  EXPECT_FALSE(IsUnchanged(Request(), record));
}

TEST(HeaderValues, ReadTheVersionsToMatch) {
  EXPECT_FALSE(IfMatch(Request()).has_value());
  EXPECT_TRUE(IfMatch(With("if-match", "*"))->is_any);
  EXPECT_THAT(IfMatch(With("if-match", "\"3.p\", \"4\""))->versions, ElementsAre(3, 4));
  for (const char* tags : {"W/\"3.p\"",
                           "3",
                           "\"3.x\"",
                           "\"x\"",
                           "\"\"",
                           "\"",
                           "\"3.pp\"",
                           "\"03.p\"",
                           "\"0\"",
                           "\"-3.p\""}) {
    EXPECT_THAT(IfMatch(With("if-match", tags))->versions, IsEmpty()) << tags;
  }
}

TEST(HeaderValues, ReadPreferences) {
  const Preferences both = PreferencesOf(With("prefer", "return=minimal, write=\"strict\""));
  EXPECT_TRUE(both.wants_minimal);
  EXPECT_EQ(both.mode, WriteMode::kStrict);
  const Preferences none = PreferencesOf(With("prefer", "write=default, return=representation, x"));
  EXPECT_FALSE(none.wants_minimal);
  EXPECT_EQ(none.mode, WriteMode::kDefault);
  EXPECT_EQ(PreferencesOf(With("prefer", "x")).mode, std::nullopt);
}

TEST(HeaderValues, ReadMediaTypes) {
  EXPECT_EQ(MediaTypeOf(With("content-type", "Application/JSON ; Charset=UTF-8")),
            "application/json");
  EXPECT_EQ(MediaTypeOf(With("content-type", "application/json; charset=utf-16")), "?");
  EXPECT_EQ(MediaTypeOf(Request()), "");
}

TEST(HeaderValues, LetTheMostSpecificRangeDecide) {
  const std::string_view json = "application/json";
  EXPECT_TRUE(Accepts(Request(), json));
  EXPECT_TRUE(Accepts(With("accept", "text/html, */*;q=0.1"), json));
  EXPECT_TRUE(Accepts(With("accept", "*/*;q=0, application/json"), json));
  EXPECT_FALSE(Accepts(With("accept", "*/*, application/json;q=0.000"), json));
  EXPECT_FALSE(Accepts(With("accept", "text/*"), json));
}

TEST(HeaderValues, ReadTraceContext) {
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  const auto good = ParseTraceParent("00-" + trace + "-b7ad6b7169203331-01");
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->trace_id, trace);
  EXPECT_EQ(good->flags, "01");
  EXPECT_TRUE(ParseTraceParent("cc-" + trace + "-b7ad6b7169203331-01-later").has_value());
  const std::string zeros(32, '0');
  for (const std::string& bad : {"00-" + zeros + "-b7ad6b7169203331-01",
                                 "00-" + trace + "-0000000000000000-01",
                                 "ff-" + trace + "-b7ad6b7169203331-01",
                                 "00-" + trace + "-b7ad6b7169203331-01-more",
                                 "00-" + trace + "-B7AD6B7169203331-01",
                                 "00-" + trace + "-b7ad6b7169203331-0",
                                 "00_" + trace + "-b7ad6b7169203331-01",
                                 std::string()}) {
    EXPECT_FALSE(ParseTraceParent(bad).has_value()) << bad;
  }
}

TEST(HeaderValues, MakeTraceContextThatCanBeRead) {
  const std::string trace = MakeTraceId();
  const auto parsed = ParseTraceParent(MakeTraceParent(trace, "01"));
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->trace_id, trace);
  EXPECT_NE(MakeTraceParent(trace, "01"), MakeTraceParent(trace, "01"));
}

}  // namespace
}  // namespace datastorage::http
