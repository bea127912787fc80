#include "sqlite/filter_sql.h"

#include "base/limits.h"
#include "sqlite/sqlite_fixture.h"

namespace datastorage::sqlite {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string TextOf(const Filter& filter) {
  const Result<SqlPart> part = CompileFilter(filter);
  EXPECT_TRUE(part.has_value());
  return part->text;
}

TEST(FilterSql, BindsEveryValue) {
  const std::string hostile = "'; DROP TABLE record; --";
  const auto part = CompileFilter(Filter::And({Filter::Equals(Member::kName, hostile),
                                               Filter::Prefix(Member::kName, hostile),
                                               Filter::Path(hostile, {hostile})}));
  EXPECT_THAT(part->text, Not(HasSubstr("DROP")));
  EXPECT_EQ(part->values.size(), 5U);
}

TEST(FilterSql, WrapsLeavesUnderNotOnly) {
  const Filter leaf = Filter::Equals(Member::kName, std::string("x"));
  EXPECT_EQ(TextOf(leaf), "(r.name = (?))");
  EXPECT_EQ(TextOf(Filter::Not(leaf)), "(r.name = (?)) IS NOT TRUE");
  EXPECT_EQ(TextOf(Filter::Not(Filter::Not(leaf))), "(r.name = (?))");
  EXPECT_EQ(TextOf(Filter::Not(Filter::And({leaf, leaf}))),
            "((r.name = (?)) IS NOT TRUE OR (r.name = (?)) IS NOT TRUE)");
}

TEST(FilterSql, KnowsTheEmptyBranches) {
  EXPECT_EQ(TextOf(Filter::And({})), "TRUE");
  EXPECT_EQ(TextOf(Filter::Or({})), "FALSE");
  EXPECT_EQ(TextOf(Filter::Not(Filter::And({}))), "FALSE");
  EXPECT_EQ(TextOf(Filter::Not(Filter::Or({}))), "TRUE");
}

TEST(FilterSql, RefusesTooManyValues) {
  const std::vector<MemberValue> values(limits::kFilterParameterCountMax + 1, std::int64_t{1});
  EXPECT_EQ(CompileFilter(Filter::AnyOf(Member::kDuration, values)).error().code,
            ErrorCode::kInvalidArgument);
}

class Plans : public SqliteFixture {
 protected:
  Plans() { OpenStore(); }

  std::string PlanOf(const Filter& filter, const SortOrder& order) {
    const auto connection = Connect();
    std::string sql =
        Substitute(SqlOf(sqlite::Query::kListRecords), "{filter}", CompileFilter(filter)->text);
    sql = Substitute(Substitute(sql, "{after}", CompileAfter(order, {{}, {}}).text),
                     "{order}",
                     CompileOrder(order));
    auto statement = Statement::Prepare(connection->handle(), "plan", "EXPLAIN QUERY PLAN " + sql);
    EXPECT_TRUE(statement.has_value());
    StatementRun run(*statement);
    std::string plan;
    while (*run.Next()) plan.append(run.Text(3)).append("\n");
    return plan;
  }
};

TEST_F(Plans, OfListsInDefaultOrderReadAnIndexInThatOrder) {
  const std::string all = PlanOf({}, {});
  EXPECT_THAT(all, HasSubstr("USING INDEX record_by_created_at"));
  EXPECT_THAT(all, Not(HasSubstr("TEMP B-TREE")));
  const std::string of_kind = PlanOf(Filter::Equals(Member::kKind, std::string("workflow")), {});
  EXPECT_THAT(of_kind, HasSubstr("USING INDEX record_by_kind (kind=?"));
  EXPECT_THAT(of_kind, Not(HasSubstr("TEMP B-TREE")));
}

TEST_F(Plans, OfRelationsUseTheirIndexes) {
  for (const auto& [member, index] :
       {std::pair(Member::kRemediationRequestId, "record_by_remediation_request_id"),
        std::pair(Member::kWorkflowId, "record_by_workflow_id")}) {
    EXPECT_THAT(PlanOf(Filter::Equals(member, std::string("x")), {Member::kName, false}),
                HasSubstr(index));
  }
}

}  // namespace
}  // namespace datastorage::sqlite
