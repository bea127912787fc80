#include <gtest/gtest.h>

#include "schema/record_json.h"
#include "schema/sample_bodies.h"
#include "schema/validate.h"

namespace datastorage::schema {
namespace {

RecordBody BodyOf(RecordKind kind, std::string_view text) {
  return ParseCreate(kind, Parsed(text)).body.value();
}

RecordBody FullRemediation() {
  return BodyOf(RecordKind::kRemediation, kFullRemediation);
}

// The member of the full remediation after a patch, as JSON; "absent", or the violations.
std::string Patched(const RecordBody& body, std::string_view patch, std::string_view member) {
  const ParsedPatch parsed = ApplyPatch(body, Parsed(patch));
  std::string told;
  for (const Violation& violation : parsed.violations) {
    told += violation.pointer + " " + violation.code + ";";
  }
  if (!told.empty()) return told;
  const Json json = BodyToJson(parsed.body.value());
  const Json* value = json.Find(member);
  return value == nullptr ? "absent" : ToText(*value);
}

struct PatchCase {
  const char* patch;
  const char* member;
  const char* expected;
};

TEST(Patch, ChangesUpdatableMembers) {
  const std::vector<PatchCase> cases{
      {R"({"phase":"failed"})", "phase", R"("failed")"},
      {R"({"status":"failure"})", "status", R"("failure")"},
      {R"({"summary":"s"})", "summary", R"("s")"},
      {R"({"summary":null})", "summary", "absent"},
      {R"({"error_message":""})", "error_message", R"("")"},
      {R"({"error_message":null})", "error_message", "absent"},
      {R"({"phase":null})", "phase", "/phase required;"},
      {R"({"status":"done"})", "status", "/status not_allowed;"},
      {R"({"phase":{"a":1}})", "phase", "/phase wrong_type;"},
      {R"({"name":"x"})", "name", "/name not_updatable;"},
      {R"({"name":"checkout"})", "name", "/name not_updatable;"},
      {R"({"actor":null})", "actor", "/actor not_updatable;"},
      {R"({"version":3})", "version", "/version server_set;"},
      {R"({"colour":1,"phase":"x","trace_id":"y"})",
       "",
       "/phase not_allowed;/trace_id not_updatable;/colour unknown_member;"},
      {R"({"summary":"a\u0000b"})", "", "/summary nul_character;"},
      {R"({"summary":"a","summary":"b"})", "", "/summary duplicate_member;"},
  };
  for (const PatchCase& c : cases) {
    EXPECT_EQ(Patched(FullRemediation(), c.patch, c.member), c.expected) << c.patch;
  }
}

TEST(Patch, LetsDurationFollowEndTime) {
  const std::vector<PatchCase> cases{
      {R"({"end_time":"2026-03-01T00:02:00Z"})", "duration", "120000"},
      {R"({"end_time":"2026-03-01T00:02:00Z","duration":5})", "duration", "5"},
      {R"({"end_time":"2026-03-01T00:02:00Z","duration":null})", "duration", "120000"},
      // The same moment: nothing changed, so the given duration stands.
      {R"({"end_time":"2026-03-01T01:01:00+01:00"})", "duration", "59000"},
      {R"({"end_time":null})", "duration", "absent"},
      {R"({"end_time":null,"duration":5})", "duration", "5"},
      {R"({"duration":null})", "duration", "60000"},
      {R"({"duration":1.5})", "duration", "/duration wrong_type;"},
      {R"({"end_time":"2026-02-28T00:00:00Z"})", "", "/end_time before_start;"},
      {R"({"end_time":"2026-02-28"})", "", "/end_time bad_time;"},
  };
  for (const PatchCase& c : cases) {
    EXPECT_EQ(Patched(FullRemediation(), c.patch, c.member), c.expected) << c.patch;
  }
}

// The examples of RFC 7396, appendix A, that are objects, under `metadata`.
struct MergeCase {
  const char* before;
  const char* patch;
  const char* after;
};

TEST(Patch, MergesMetadata) {
  const std::vector<MergeCase> cases{
      {R"({"a":"b"})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"b"})", R"({"b":"c"})", R"({"a":"b","b":"c"})"},
      {R"({"a":"b"})", R"({"a":null})", R"({})"},
      {R"({"a":"b","b":"c"})", R"({"a":null})", R"({"b":"c"})"},
      {R"({"a":["b"]})", R"({"a":"c"})", R"({"a":"c"})"},
      {R"({"a":"c"})", R"({"a":["b"]})", R"({"a":["b"]})"},
      {R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})", R"({"a":{"b":"d"}})"},
      {R"({"a":[{"b":"c"}]})", R"({"a":[1]})", R"({"a":[1]})"},
      {R"({"e":null})", R"({"a":1})", R"({"e":null,"a":1})"},
      {R"({})", R"({"a":{"bb":{"ccc":null}}})", R"({"a":{"bb":{}}})"},
      {R"({"n":1.50})", R"({"m":[1.0,null]})", R"({"n":1.50,"m":[1.0,null]})"},
      {R"({"a":1})", R"("{\"a\":null,\"b\":2.0}")", R"({"b":2.0})"},
      {R"({"a":1})", "null", "absent"},
      {R"({"a":1})", "7", "/metadata wrong_type;"},
      {R"({"a":1})", R"("{")", "/metadata bad_json;"},
      {R"({"a":1})", R"({"b":"\u0000"})", "/metadata/b nul_character;"},
      {R"({"a":1})", R"("{\"b\":1,\"b\":2}")", "/metadata/b duplicate_member;"},
  };
  for (const MergeCase& c : cases) {
    RecordBody body = FullRemediation();
    std::get<Remediation>(body).metadata = JsonObjectText{c.before};
    EXPECT_EQ(Patched(body, std::string(R"({"metadata":)") + c.patch + "}", "metadata"), c.after)
        << c.before << " + " << c.patch;
  }
}

TEST(Patch, HoldsTheMergedMetadataToItsLimits) {
  RecordBody body = FullRemediation();
  std::get<Remediation>(body).metadata =
      JsonObjectText{R"({"a":")" + std::string(200'000, 'x') + R"("})"};
  const std::string patch = R"({"metadata":{"b":")" + std::string(70'000, 'y') + R"("}})";
  EXPECT_EQ(Patched(body, patch, "metadata"), "/metadata too_large;");
}

TEST(Patch, CreatesMetadataThatIsAbsent) {
  RecordBody body = FullRemediation();
  std::get<Remediation>(body).metadata.reset();
  EXPECT_EQ(Patched(body, R"({"metadata":{"a":null,"b":1}})", "metadata"), R"({"b":1})");
  EXPECT_EQ(Patched(body, R"({"metadata":null})", "metadata"), "absent");
}

TEST(Patch, MergesLargeObjectsInLinearTime) {
  std::string members;
  for (int i = 0; i < 20'000; ++i) members += "\"m" + std::to_string(i) + "\":1,";
  RecordBody body = FullRemediation();
  std::get<Remediation>(body).metadata = JsonObjectText{"{" + members + "\"z\":1}"};
  EXPECT_EQ(Patched(body, "{\"metadata\":{" + members + "\"z\":null}}", "summary"),
            R"("The pod ran out of memory.")");
}

TEST(Patch, SaysThatItChangesNothing) {
  for (const char* patch : {"{}",
                            R"({"phase":"completed"})",
                            R"({"end_time":"2026-03-01T01:01:00+01:00"})",
                            R"({"metadata":{}})",
                            R"({"metadata":{"n":1.5}})",
                            R"({"metadata":{"absent":null}})",
                            R"({"duration":5.9e4})"}) {
    const ParsedPatch parsed = ApplyPatch(FullRemediation(), Parsed(patch));
    EXPECT_TRUE(parsed.changes_nothing) << patch;
    EXPECT_EQ(parsed.body, FullRemediation()) << patch;
  }
  const ParsedPatch parsed = ApplyPatch(FullRemediation(), Parsed(R"({"phase":"failed"})"));
  EXPECT_FALSE(parsed.changes_nothing);
}

TEST(Patch, OfAWorkflowHoldsItsOwnRules) {
  const RecordBody workflow = BodyOf(RecordKind::kWorkflow, kFullWorkflow);
  EXPECT_EQ(Patched(workflow, R"({"completed_steps":5})", "completed_steps"), "5");
  EXPECT_EQ(Patched(workflow, R"({"completed_steps":null})", "completed_steps"), "0");
  EXPECT_EQ(Patched(workflow, R"({"completed_steps":6})", ""), "/completed_steps out_of_range;");
  EXPECT_EQ(Patched(workflow, R"({"total_steps":9})", ""), "/total_steps not_updatable;");
  EXPECT_EQ(Patched(workflow, R"({"status":"success"})", ""), "/status unknown_member;");
  EXPECT_EQ(Patched(workflow, R"({"end_time":"2020-01-01T00:00:00Z"})", ""),
            "/end_time before_start;");
}

TEST(Patch, RefusesARootThatIsNoObject) {
  const ParsedPatch parsed = ApplyPatch(FullRemediation(), Parsed("[]"));
  EXPECT_FALSE(parsed.body.has_value());
  EXPECT_EQ(parsed.violations.size(), 1U);
}

bool MayFollow(RecordKind kind, std::string_view from, std::string_view to) {
  const auto body = [&](std::string_view phase) {
    RecordBody made = BodyOf(kind, FullBodyOf(kind));
    if (kind == RecordKind::kWorkflow) {
      std::get<Workflow>(made).phase = phase;
    } else {
      std::get<Remediation>(made).phase = phase;
    }
    return made;
  };
  return PhaseMayFollow(body(from), body(to));
}

// Row: from; column: to; in the order of the ways, "y" where it is allowed.
TEST(Phase, GoesForwardOnly) {
  const std::vector<std::string> remediation{"pending", "processing", "completed", "failed"};
  const std::vector<std::string> workflow{"planning", "executing", "completed", "failed"};
  const std::vector<std::string> allowed{"yyyy", "nyyy", "nnyn", "nnny"};
  for (std::size_t from = 0; from < 4; ++from) {
    for (std::size_t to = 0; to < 4; ++to) {
      const bool expected = allowed[from][to] == 'y';
      EXPECT_EQ(MayFollow(RecordKind::kRemediation, remediation[from], remediation[to]), expected);
      EXPECT_EQ(MayFollow(RecordKind::kWorkflow, workflow[from], workflow[to]), expected);
    }
  }
}

TEST(Phase, IsFreeForKindsWithoutOne) {
  const RecordBody execution = BodyOf(RecordKind::kExecution, kFullExecution);
  EXPECT_TRUE(PhaseMayFollow(execution, execution));
}

}  // namespace
}  // namespace datastorage::schema
