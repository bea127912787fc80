#include "cli/transfer_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "cli/command_fixture.h"

namespace datastorage::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string WrittenFile(std::string_view text) {
  std::string path = testing::TempDir() + "transfer." +
                     testing::UnitTest::GetInstance()->current_test_info()->name();
  std::ofstream(path) << text;
  return path;
}

std::string SomeRefused(const SeenRequest&) {
  return Answer(200,
                "{\"index\":0,\"status\":201,\"id\":\"a\"}\n"
                "{\"index\":1,\"status\":422,\"error\":{\"detail\":\"see errors\",\"errors\":"
                "[{\"pointer\":\"/record/name\",\"message\":\"is required\"}]}}\n");
}

TEST(Import, PrintsCountsAndEachRefusedLine) {
  LoopbackServer server(SomeRefused);
  const std::string file = WrittenFile("{\"a\":1}\n{\"a\":2}\n");
  const CommandResult done =
      RunCommand(AddTransferCommands, {"import", file, "--kind", "workflow"}, server.url());
  EXPECT_EQ(done.code, ExitCode::kBadInput);
  EXPECT_THAT(done.out, StartsWith("stored 1, existing 0, refused 1 ("));
  EXPECT_EQ(done.err, "line 2: see errors: /record/name is required\n");
  const CommandResult json = RunCommand(
      AddTransferCommands, {"import", file, "--kind", "workflow", "--json"}, server.url());
  EXPECT_EQ(json.out, "{\"stored\":1,\"existing\":0,\"refused\":1}\n");
}

TEST(Import, SaysWhereItStopped) {
  const std::string file = WrittenFile("{\"a\":1}\n");
  const CommandResult failed =
      RunCommand(AddTransferCommands, {"import", file, "--kind", "workflow"}, test::DeadUrl());
  EXPECT_EQ(failed.code, ExitCode::kUnavailable);
  EXPECT_THAT(failed.err, HasSubstr("stopped before line 1; repeating the command goes on"));
  EXPECT_EQ(RunCommand(AddTransferCommands, {"import", "/nowhere/x"}, "http://h").code,
            ExitCode::kBadInput);
}

std::string Pages(const SeenRequest& request) {
  if (!request.target.starts_with("/api/v1/audit/remediation")) {
    return Answer(200, R"({"items":[],"next_cursor":null})");
  }
  if (request.target.find("cursor=c2") != std::string::npos) {
    return Answer(200, R"({"items":[{"id":"2","name":"b"}],"next_cursor":null})");
  }
  return Answer(200,
                R"({"items":[{"id":"1","version":1,"created_at":"t","updated_at":"t",)"
                R"("vector":"pending","vector_reason":"not_yet","name":"a","duration":1.50}],)"
                R"("next_cursor":"c2"})");
}

TEST(Export, WritesWhatImportTakes) {
  LoopbackServer server(Pages);
  const CommandResult done =
      RunCommand(AddTransferCommands, {"export", "--where", "a:b"}, server.url());
  EXPECT_EQ(done.code, ExitCode::kOk);
  EXPECT_EQ(done.out,
            "{\"kind\":\"remediation\",\"record\":{\"name\":\"a\",\"duration\":1.50}}\n"
            "{\"kind\":\"remediation\",\"record\":{\"name\":\"b\"}}\n");
  EXPECT_EQ(done.err, "exported 2\n");
  EXPECT_EQ(server.requests().at(0).target,
            "/api/v1/audit/remediation?where=a%3Ab&sort=created_at&limit=100");
  EXPECT_EQ(server.requests().size(), 5U);
}

TEST(Export, KeepsEverythingWhereAskedTo) {
  LoopbackServer server(Pages);
  const CommandResult done =
      RunCommand(AddTransferCommands, {"export", "--full", "--kind", "remediation"}, server.url());
  EXPECT_THAT(done.out, HasSubstr("\"vector_reason\":\"not_yet\",\"name\":\"a\""));
  EXPECT_EQ(server.requests().size(), 2U);
}

}  // namespace
}  // namespace datastorage::cli
