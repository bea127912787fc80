#include "schema/members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "schema/sample_bodies.h"
#include "schema/time.h"
#include "schema/validate.h"

namespace datastorage {

// For readable failures and for ElementsAre.
static bool operator==(const MetadataScalar& a, const MetadataScalar& b) {
  return a.path == b.path && a.text == b.text;
}
static void PrintTo(const MetadataScalar& scalar, std::ostream* out) {
  *out << scalar.path << "=" << scalar.text;
}

namespace schema {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Record RecordOf(RecordKind kind) {
  Record record;
  record.id = Uuid::Parse("0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b").value();
  record.version = 3;
  record.created_at = ParseTime("2026-03-01T00:00:00Z").value();
  record.updated_at = ParseTime("2026-03-02T00:00:00Z").value();
  record.vector = VectorState::kPending;
  record.body = ParseCreate(kind, Parsed(FullBodyOf(kind))).body.value();
  return record;
}

MemberValue SentValue(const Json& json, MemberType type) {
  switch (type) {
    case MemberType::kText: return json.text;
    case MemberType::kInteger: return json.AsInteger().value();
    case MemberType::kNumber: return json.AsDouble().value();
    case MemberType::kBoolean: return json.boolean;
    case MemberType::kTime: return ParseTime(json.text).value();
  }
  return "";
}

TEST(Members, OfAKindAreTheServersThenItsOwn) {
  std::vector<std::string_view> names;
  for (const Member member : MembersOf(RecordKind::kWorkflow))
    names.push_back(Describe(member).name);
  EXPECT_THAT(names,
              ElementsAre("id",
                          "kind",
                          "version",
                          "created_at",
                          "updated_at",
                          "vector",
                          "remediation_request_id",
                          "workflow_id",
                          "phase",
                          "total_steps",
                          "completed_steps",
                          "start_time",
                          "end_time",
                          "summary",
                          "trace_id",
                          "actor"));
}

// The full bodies have every member, so each must give a value of its type, and a field that is
// tied to another member's enumerator shows as a wrong name or type.
TEST(Members, HaveValuesOfTheirTypeUnderTheirOwnName) {
  for (const RecordKind kind : kAllKinds) {
    const Record record = RecordOf(kind);
    const FilterMembers all = FilterMembersOf(record);
    EXPECT_EQ(all.values.size(), MembersOf(kind).size());
    EXPECT_TRUE(std::is_sorted(all.values.begin(),
                               all.values.end(),
                               [](const auto& a, const auto& b) { return a.first < b.first; }));
    const Json sent = Parsed(FullBodyOf(kind)).value;
    for (const Member member : MembersOf(kind)) {
      const std::optional<MemberValue> value = ValueOf(record, member);
      ASSERT_TRUE(value.has_value()) << Describe(member).name;
      EXPECT_EQ(*all.Find(member), *value) << Describe(member).name;
      const Json* json = sent.Find(Describe(member).name);
      if (json == nullptr) continue;
      EXPECT_EQ(*value, SentValue(*json, Describe(member).type)) << Describe(member).name;
    }
  }
}

TEST(Members, ThatAreAbsentOrForeignHaveNoValue) {
  Record record = RecordOf(RecordKind::kWorkflow);
  std::get<Workflow>(record.body).end_time.reset();
  EXPECT_EQ(ValueOf(record, Member::kEndTime), std::nullopt);
  EXPECT_EQ(ValueOf(record, Member::kSuccess), std::nullopt);
  EXPECT_EQ(FilterMembersOf(record).Find(Member::kEndTime), nullptr);
  EXPECT_EQ(ValueOf(record, Member::kVector), MemberValue(std::string("pending")));
  EXPECT_EQ(ValueOf(record, Member::kKind), MemberValue(std::string("workflow")));
}

TEST(Members, FlattenMetadataToPathsAndTexts) {
  using S = MetadataScalar;
  EXPECT_THAT(FlattenMetadata(
                  R"({"team":"payments","a":{"b":[1,{"c":true},[false]],"n":null},"x.y":"dot"})"),
              ElementsAre(S{"team", "payments"},
                          S{"a.b", "1"},
                          S{"a.b.c", "true"},
                          S{"a.b", "false"},
                          S{"x.y", "dot"}));
  EXPECT_THAT(FlattenMetadata(R"({"n":[1.0,1e0,-0,0.50,1e3,12345678901234567890,1e21,1e-6,1e-7,
                                       -1.25e-9,1.5e300]})"),
              ElementsAre(S{"n", "1"},
                          S{"n", "1"},
                          S{"n", "0"},
                          S{"n", "0.5"},
                          S{"n", "1000"},
                          S{"n", "12345678901234567890"},
                          S{"n", "1e+21"},
                          S{"n", "0.000001"},
                          S{"n", "1e-7"},
                          S{"n", "-1.25e-9"},
                          S{"n", "1.5e+300"}));
  EXPECT_THAT(FlattenMetadata("{}"), IsEmpty());
}

}  // namespace
}  // namespace schema
}  // namespace datastorage
