// Filters in SQL select what the reference evaluator matches, on a real server.
#include "postgres/filter_sql.h"

#include <gmock/gmock.h>

#include <set>

#include "base/limits.h"
#include "postgres/search_session.h"
#include "schema/members.h"
#include "support/random_filters.h"

namespace datastorage::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string TextOf(const Filter& filter) {
  Parameters parameters;
  const Result<std::string> text = CompileFilter(filter, parameters);
  EXPECT_TRUE(text.has_value());
  return *text;
}

TEST(FilterSql, BindsEveryValue) {
  const std::string hostile = "'; DROP TABLE record; --";
  Parameters parameters;
  parameters.Add(1);
  const auto text = CompileFilter(Filter::And({Filter::Equals(Member::kName, hostile),
                                               Filter::Prefix(Member::kName, hostile),
                                               Filter::Path(hostile, {hostile})}),
                                  parameters);
  EXPECT_EQ(
      *text,
      "((r.name = $2::text) AND (r.name ^@ $3::text) AND (r.metadata_scalars && $4::text[]))");
  EXPECT_EQ(parameters.size(), 4U);
}

TEST(FilterSql, WrapsLeavesUnderNotOnly) {
  const Filter leaf = Filter::Equals(Member::kName, std::string("x"));
  EXPECT_EQ(TextOf(Filter::Not(leaf)), "(r.name = $1::text) IS NOT TRUE");
  EXPECT_EQ(TextOf(Filter::Not(Filter::Not(leaf))), "(r.name = $1::text)");
  EXPECT_EQ(TextOf(Filter::Not(Filter::And({leaf, leaf}))),
            "((r.name = $1::text) IS NOT TRUE OR (r.name = $2::text) IS NOT TRUE)");
}

TEST(FilterSql, KnowsTheEmptyBranches) {
  EXPECT_EQ(TextOf(Filter::And({})), "TRUE");
  EXPECT_EQ(TextOf(Filter::Or({})), "FALSE");
  EXPECT_EQ(TextOf(Filter::Not(Filter::And({}))), "FALSE");
  EXPECT_EQ(TextOf(Filter::Not(Filter::Or({}))), "TRUE");
}

TEST(FilterSql, ReadsTheViewOnlyForTheStateOfVectors) {
  const Filter by_name = Filter::Equals(Member::kName, std::string("x"));
  const Filter by_vector = Filter::Equals(Member::kVector, std::string("synced"));
  EXPECT_EQ(RelationOf({}), "record");
  EXPECT_EQ(RelationOf(Filter::And({by_name, Filter::Not(by_name)})), "record");
  EXPECT_EQ(RelationOf(Filter::And({by_name, Filter::Not(by_vector)})), "record_now");
}

TEST(FilterSql, RefusesTooManyValues) {
  const std::vector<MemberValue> values(limits::kFilterParameterCountMax + 1, std::int64_t{1});
  Parameters parameters;
  EXPECT_EQ(CodeOf(CompileFilter(Filter::AnyOf(Member::kDuration, values), parameters)),
            ErrorCode::kInvalidArgument);
}

class RandomFilterSql : public testing::Test {
 protected:
  static constexpr std::uint64_t kSeed = 20'240'607;
  static constexpr int kRecordCount = 200;

  RandomFilterSql() {
    store_.AllowEveryValue();
    store_.MakeLiveSet();
    store_.Commit(RandomCreations(random_, kRecordCount), CommitMode::kAllOrNothing);
    ListQuery everything;
    everything.limit = kRecordCount;
    const auto page = store_.search.List(everything, Soon());
    EXPECT_TRUE(page.has_value());
    for (const Record& record : page->records) {
      ids_.push_back(record.id);
      members_.push_back(schema::FilterMembersOf(record));
    }
  }

  std::set<RecordId> Select(const Filter& filter) {
    Call call;
    const auto condition = CompileFilter(filter, call.parameters);
    EXPECT_TRUE(condition.has_value());
    call.sql = "SELECT r.id FROM " + std::string(RelationOf(filter)) + " AS r WHERE " + *condition;
    const auto rows = store_.sessions.ReadOne("select", call, Soon());
    EXPECT_TRUE(rows.has_value()) << rows.error().message;
    std::set<RecordId> selected;
    for (int row = 0; rows.has_value() && row < rows->count(); ++row) {
      selected.insert(rows->Id(row, 0));
    }
    return selected;
  }

  // How many of the records match; both must say the same of each.
  std::size_t ExpectSame(const Filter& filter) {
    const std::set<RecordId> selected = Select(filter);
    std::size_t matches = 0;
    for (std::size_t i = 0; i < ids_.size(); ++i) {
      const bool is_match = Matches(filter, members_[i]);
      EXPECT_EQ(selected.contains(ids_[i]), is_match)
          << CanonicalText(filter) << " about " << ids_[i].ToString();
      matches += is_match ? 1 : 0;
    }
    return matches;
  }

  SearchSession store_;
  RandomRecords random_{kSeed};
  std::vector<RecordId> ids_;
  std::vector<FilterMembers> members_;
};

TEST_F(RandomFilterSql, SelectsWhatTheReferenceEvaluatorMatches) {
  ASSERT_EQ(ids_.size(), std::size_t{kRecordCount});
  std::set<std::string> states;
  for (const FilterMembers& members : members_) {
    states.insert(std::get<std::string>(*members.Find(Member::kVector)));
  }
  EXPECT_EQ(states.size(), 3U);
  RandomFilters filters(kSeed, members_);
  std::size_t decisions = 0;
  std::size_t matches = 0;
  while (decisions < 200'000 && !HasFailure()) {
    matches += ExpectSame(filters.Next(4));
    decisions += ids_.size();
  }
  // A test in which nearly all or nearly nothing matches would prove little.
  EXPECT_GT(matches, decisions / 10);
  EXPECT_LT(matches, decisions * 9 / 10);
}

TEST_F(RandomFilterSql, ComparesTextsThatTheServerDoesNotTake) {
  for (const std::string& text : {std::string("\xC3"),
                                  std::string("a\0b", 3),
                                  std::string("\xFF"),
                                  std::string("\xED\xA0\x80"),
                                  std::string("w\xE9")}) {
    for (const Member member : {Member::kName, Member::kSummary, Member::kId, Member::kActor}) {
      const FilterBound bound{text, true};
      ExpectSame(Filter::Equals(member, text));
      ExpectSame(Filter::Prefix(member, text));
      ExpectSame(Filter::Range(member, bound, std::nullopt));
      ExpectSame(Filter::Range(member, std::nullopt, bound));
    }
    ExpectSame(Filter::Path("team", {text}));
    ExpectSame(Filter::Path(text, {"1"}));
  }
}

}  // namespace
}  // namespace datastorage::postgres
