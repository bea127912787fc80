#include "schema/openapi_schemas.h"

#include <gtest/gtest.h>

#include "schema/members.h"
#include "schema/sample_bodies.h"

namespace datastorage::schema {
namespace {

std::string Property(RecordKind kind, SchemaUse use, std::string_view name) {
  const Json schema = RecordSchema(kind, use);
  const Json* property = schema.Find("properties")->Find(name);
  return property == nullptr ? "absent" : ToText(*property);
}

TEST(OpenApiSchemas, CarryTheRulesOfTheFields) {
  const auto create = [](std::string_view name) {
    return Property(RecordKind::kRemediation, SchemaUse::kCreate, name);
  };
  EXPECT_EQ(create("name"),
            R"({"type":"string","minLength":1,"maxLength":255,)"
            R"("description":"Name of what was remediated."})");
  EXPECT_EQ(create("status"),
            R"({"type":"string","enum":["success","failure","pending","running"],)"
            R"("description":"How it went."})");
  EXPECT_EQ(create("start_time"),
            R"({"type":"string","format":"date-time","description":"When it began."})");
  EXPECT_EQ(create("severity"),
            R"({"anyOf":[{"type":"null"},{"type":"string","maxLength":50}],)"
            R"("description":"Severity of the alert."})");
  EXPECT_EQ(create("id"), "absent");
  EXPECT_EQ(Property(RecordKind::kAiAnalysis, SchemaUse::kStored, "confidence_score"),
            R"({"type":"number","format":"double","minimum":0,"maximum":1,)"
            R"("description":"How sure the model was, from 0 to 1."})");
  EXPECT_EQ(Property(RecordKind::kWorkflow, SchemaUse::kCreate, "total_steps"),
            R"({"type":"integer","format":"int64","minimum":0,"maximum":9007199254740991,)"
            R"("description":"Steps planned.","default":0})");
}

TEST(OpenApiSchemas, OfAPatchHaveTheUpdatableMembersOnly) {
  std::string names;
  const Json schema = RecordSchema(RecordKind::kRemediation, SchemaUse::kPatch);
  for (const auto& property : schema.Find("properties")->members) names += property.first + " ";
  EXPECT_EQ(names, "phase status end_time duration error_message metadata summary ");
  EXPECT_EQ(schema.Find("required"), nullptr);
}

TEST(OpenApiSchemas, RequireWhatIsRequired) {
  const Json create = RecordSchema(RecordKind::kWorkflow, SchemaUse::kCreate);
  EXPECT_EQ(ToText(*create.Find("required")),
            R"(["remediation_request_id","workflow_id","phase","start_time"])");
  EXPECT_FALSE(create.Find("additionalProperties")->boolean);
  const Json stored = RecordSchema(RecordKind::kWorkflow, SchemaUse::kStored);
  EXPECT_EQ(ToText(*stored.Find("required")),
            R"(["id","version","created_at","updated_at","vector","remediation_request_id",)"
            R"("workflow_id","phase","total_steps","completed_steps","start_time"])");
}

TEST(OpenApiSchemas, DescribeEveryMemberThatIsAnswered) {
  for (const RecordKind kind : kAllKinds) {
    const Json schema = RecordSchema(kind, SchemaUse::kStored);
    for (const auto& [name, property] : schema.Find("properties")->members) {
      EXPECT_NE(property.Find("description"), nullptr) << name;
    }
    for (const auto& member : Parsed(FullBodyOf(kind)).value.members) {
      EXPECT_NE(schema.Find("properties")->Find(member.first), nullptr) << member.first;
    }
  }
}

TEST(OpenApiSchemas, DescribeFilterValues) {
  EXPECT_EQ(ToText(MemberSchema(Member::kVersion)), R"({"type":"integer","format":"int64"})");
  EXPECT_EQ(ToText(MemberSchema(Member::kDuration)), R"({"type":"string"})");
  EXPECT_EQ(ToText(MemberSchema(Member::kVector)),
            R"({"type":"string","enum":["none","pending","synced"]})");
  EXPECT_EQ(ToText(MemberSchema(Member::kPhase)),
            R"({"type":"string","enum":["pending","processing","completed","failed","planning",)"
            R"("executing"]})");
}

}  // namespace
}  // namespace datastorage::schema
