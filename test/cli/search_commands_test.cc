#include "cli/search_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command_fixture.h"

namespace datastorage::cli {
namespace {

using testing::HasSubstr;

constexpr std::string_view kAnswer =
    R"({"hits":[{"kind":"workflow","score":1,"similarity":0.5,"record":{"id":"0197"},)"
    R"("explain":{"text":{"rank":2}}}],"completeness":"exact"})";

TEST(SearchCommands, SendEveryOptionAsAParameter) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, kAnswer); });
  const CommandResult found =
      RunCommand(AddSearchCommands,
                 {"search",          "killed",   "for memory",       "--mode",      "semantic",
                  "--kind",          "workflow", "--kind",           "remediation", "--where",
                  "-status:success", "--filter", "namespace=prod",   "--since",     "7d",
                  "--limit",         "3",        "--min-similarity", "0.25",        "--explain"},
                 server.url());
  EXPECT_EQ(found.code, ExitCode::kOk);
  EXPECT_EQ(server.requests().at(0).target,
            "/api/v1/audit/search?q=killed%20for%20memory&mode=semantic&kind=workflow"
            "&kind=remediation&where=-status%3Asuccess&namespace=prod&since=7d&limit=3"
            "&min_similarity=0.25&explain=true");
  EXPECT_THAT(found.out, HasSubstr("0.500       workflow"));
  EXPECT_EQ(found.err, "1 hit\n0197 {\"text\":{\"rank\":2}}\n");
}

TEST(SearchCommands, AnswerProgramsWithTheServersWords) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, kAnswer); });
  const CommandResult found =
      RunCommand(AddSearchCommands, {"search", "x", "--json"}, server.url());
  EXPECT_EQ(found.out, std::string(kAnswer) + "\n");
  EXPECT_EQ(found.err, "");
}

TEST(SearchCommands, FindWhatIsSimilarToARecord) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, kAnswer); });
  const CommandResult found = RunCommand(
      AddSearchCommands, {"similar", "remediation", "key:r-1", "--limit", "2"}, server.url());
  EXPECT_EQ(found.code, ExitCode::kOk);
  EXPECT_EQ(server.requests().at(0).target, "/api/v1/audit/remediation/key%3Ar-1/similar?limit=2");
}

TEST(SearchCommands, RefuseWrongUsage) {
  EXPECT_THROW(RunCommand(AddSearchCommands, {"search"}, ""), CLI::RequiredError);
  EXPECT_THROW(RunCommand(AddSearchCommands, {"search", "x", "--mode", "magic"}, ""),
               CLI::ValidationError);
}

}  // namespace
}  // namespace datastorage::cli
