// Creation in SQLite: what the columns hold.
#include "schema/members.h"
#include "sqlite/queries.h"
#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

class Creation : public SqliteFixture {
 protected:
  Creation() { OpenStore(); }

  std::string Column(Member member, RecordId id) {
    std::string hex;
    for (const char c : id.ToString()) {
      if (c != '-') hex.push_back(c);
    }
    return Query("SELECT typeof(v) || ' ' || v FROM (SELECT " + std::string(Describe(member).name) +
                 " AS v FROM record WHERE id = x'" + hex + "') WHERE v IS NOT NULL");
  }
};

std::string Expected(const std::optional<MemberValue>& value) {
  struct Visitor {
    std::string operator()(const std::string& text) const { return "text " + text; }
    std::string operator()(std::int64_t number) const {
      return "integer " + std::to_string(number);
    }
    std::string operator()(double number) const {
      char text[40];
      std::snprintf(text, sizeof text, "real %.15g", number);
      return text;
    }
    std::string operator()(bool truth) const { return truth ? "integer 1" : "integer 0"; }
    std::string operator()(WallTime time) const {
      return "integer " + std::to_string(time.time_since_epoch().count());
    }
  };
  return value.has_value() ? std::visit(Visitor{}, *value) : "";
}

TEST_F(Creation, FillsEveryMemberColumnOfEveryKind) {
  RandomRecords random(7);
  for (int i = 0; i < 40; ++i) {
    CreateOp create = Create("");
    create.body =
        random.Body(static_cast<RecordKind>(i % kRecordKindCount), "key-" + std::to_string(i));
    if (auto* analysis = std::get_if<AiAnalysis>(&create.body)) analysis->confidence_score = 0.25;
    ASSERT_EQ(Commit({create})[0].status, WriteStatus::kCreated);
    Record record;
    record.id = create.id;
    record.body = create.body;
    for (int m = static_cast<int>(Member::kVector) + 1; m < kMemberCount; ++m) {
      const Member member = static_cast<Member>(m);
      EXPECT_EQ(Column(member, create.id), Expected(schema::ValueOf(record, member)))
          << Describe(member).name;
    }
  }
}

TEST_F(Creation, KeepsTheAttemptThatWroteIt) {
  const CreateOp create = Create("k1");
  Commit({create});
  EXPECT_EQ(Query("SELECT lower(hex(attempt)) = replace('" + create.attempt.ToString() +
                  "', '-', '') FROM record"),
            "1");
}

TEST_F(Creation, RefusesAnIdThatIsTaken) {
  const CreateOp create = Create("k1");
  CreateOp other = Create("k2");
  other.id = create.id;
  EXPECT_EQ(Commit({create, other})[1].status, WriteStatus::kConflict);
  EXPECT_EQ(Query("SELECT count(*) FROM natural_key"), "1");
}

}  // namespace
}  // namespace datastorage
