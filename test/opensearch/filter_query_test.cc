#include "opensearch/filter_query.h"

#include <gtest/gtest.h>

#include "schema/json.h"
#include "support/random_points.h"

namespace datastorage::opensearch {
namespace {

std::string QueryOf(const Filter& filter) {
  std::string out;
  AppendQuery(out, filter);
  return out;
}

FilterBound Bound(MemberValue value, bool is_inclusive) {
  return {std::move(value), is_inclusive};
}

TEST(OpensearchFilterQuery, SpellsEachLeaf) {
  using F = Filter;
  const WallTime time{Duration(1'500'000)};
  const std::pair<Filter, const char*> cases[] = {
      {F::Equals(Member::kName, std::string("a\"b")), R"({"terms":{"m.name":["a\"b"]}})"},
      {F::AnyOf(Member::kDuration, {std::int64_t{-1}, std::int64_t{9'007'199'254'740'993}}),
       R"({"terms":{"m.duration":[-1,9007199254740993]}})"},
      {F::AnyOf(Member::kName, {}), R"({"match_none":{}})"},
      {F::Equals(Member::kConfidenceScore, -0.0), R"({"terms":{"m.confidence_score":[0]}})"},
      {F::Equals(Member::kStartTime, time), R"({"terms":{"m.start_time":[1500000]}})"},
      {F::Range(Member::kStartTime, Bound(time, false), std::nullopt),
       R"({"range":{"m.start_time":{"gt":1500000}}})"},
      {F::Range(Member::kName, Bound(std::string("a"), true), Bound(std::string("b"), false)),
       R"({"range":{"m.name":{"gte":"a","lt":"b"}}})"},
      {F::Range(Member::kSuccess, Bound(false, false), std::nullopt),
       R"({"terms":{"m.success":[true]}})"},
      {F::Range(Member::kSuccess, std::nullopt, Bound(false, false)), R"({"match_none":{}})"},
      {F::Prefix(Member::kName, "pr"), R"({"prefix":{"m.name":"pr"}})"},
      {F::Prefix(Member::kName, ""), R"({"exists":{"field":"m.name"}})"}};
  for (const auto& [filter, query] : cases) EXPECT_EQ(QueryOf(filter), query);
}

TEST(OpensearchFilterQuery, SpellsBranches) {
  const Filter leaf = Filter::Equals(Member::kSuccess, true);
  const std::string text = R"({"terms":{"m.success":[true]}})";
  EXPECT_EQ(QueryOf(Filter::And({})), R"({"match_all":{}})");
  EXPECT_EQ(QueryOf(Filter::Or({})), R"({"match_none":{}})");
  EXPECT_EQ(QueryOf(Filter::And({leaf, leaf})),
            R"({"bool":{"filter":[)" + text + "," + text + "]}}");
  EXPECT_EQ(QueryOf(Filter::Or({leaf})),
            R"({"bool":{"should":[)" + text + R"(],"minimum_should_match":1}})");
  EXPECT_EQ(QueryOf(Filter::Not(leaf)), R"({"bool":{"must_not":[)" + text + "]}}");
}

TEST(OpensearchFilterQuery, LeavesWhatItDoesNotKeepOrCannotSend) {
  EXPECT_TRUE(CanDecide(Filter::Prefix(Member::kName, "\xc3\xa9")));
  EXPECT_FALSE(CanDecide(Filter::Prefix(Member::kName, "\xc3")));
  EXPECT_FALSE(CanDecide(Filter::Equals(Member::kName, std::string("\xed\xa0\x80"))));
  EXPECT_FALSE(CanDecide(Filter::Equals(Member::kName, std::string("\xc0\x80"))));
  EXPECT_FALSE(CanDecide(Filter::Equals(Member::kName, std::string("\xf4\x90\x80\x80"))));
  EXPECT_TRUE(CanDecide(Filter::Equals(Member::kName, std::string("\xf0\x9f\x98\x80"))));
  EXPECT_FALSE(
      CanDecide(Filter::Range(Member::kName, Bound(std::string("\xff"), true), std::nullopt)));
  EXPECT_FALSE(CanDecide(Filter::Path("a", {"b"})));
  EXPECT_FALSE(CanDecide(Filter::Equals(Member::kSummary, std::string("a"))));
  EXPECT_FALSE(CanDecide(Filter::Equals(Member::kVector, std::string("synced"))));
  EXPECT_TRUE(CanDecide(Filter::Equals(Member::kId, std::string("a"))));
}

// Whatever the filter: JSON, and of no field that documents lack.
TEST(OpensearchFilterQuery, IsAlwaysJson) {
  RandomPoints random(1);
  const std::vector<RecordId> ids{random.Id(), random.Id()};
  for (int i = 0; i < 2'000; ++i) {
    const std::string query = QueryOf(Widen(random.AFilter(ids), &CanDecide).filter);
    const auto parsed = schema::ParseJson(query);
    ASSERT_TRUE(parsed.has_value()) << query;
    EXPECT_TRUE(parsed->defects.empty());
  }
}

}  // namespace
}  // namespace datastorage::opensearch
