#include "cli/record_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command_fixture.h"

namespace datastorage::cli {
namespace {

using testing::HasSubstr;

CommandResult RunHere(std::vector<std::string> arguments,
                      const LoopbackServer& server,
                      const std::string& input = {}) {
  return RunCommand(AddRecordCommands, std::move(arguments), server.url(), input);
}

TEST(RecordCommands, StoreWhatIsOnStandardInput) {
  LoopbackServer server(
      [](const SeenRequest&) { return Answer(201, R"({"id":"0197","vector":"synced"})"); });
  const CommandResult stored =
      RunHere({"record", "workflow", "--strict", "--idempotency-key", "k"}, server, "{\"a\":1}");
  EXPECT_EQ(stored.code, ExitCode::kOk);
  EXPECT_EQ(stored.out, "0197\n");
  EXPECT_EQ(stored.err, "stored, vector synced\n");
  const SeenRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.target, "/api/v1/audit/workflow");
  EXPECT_EQ(seen.body, "{\"a\":1}");
  EXPECT_EQ(seen.Header("idempotency-key"), "k");
  EXPECT_EQ(seen.Header("prefer"), "write=strict");
  EXPECT_EQ(RunHere({"record", "workflow", "--json"}, server, "{}").out,
            "{\"id\":\"0197\",\"vector\":\"synced\"}\n");
}

TEST(RecordCommands, TellARefusedRecordByExitCode65) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(
        422, R"({"detail":"see errors","errors":[{"pointer":"/name","message":"is required"}]})");
  });
  const CommandResult refused = RunHere({"record", "remediation"}, server, "{}");
  EXPECT_EQ(refused.code, ExitCode::kBadInput);
  EXPECT_EQ(refused.out, "");
  EXPECT_EQ(refused.err, "error: see errors\n  /name: is required\n");
  EXPECT_EQ(RunHere({"record", "remediation", "-f", "/nowhere"}, server).code, ExitCode::kBadInput);
}

TEST(RecordCommands, GetByIdOrKey) {
  LoopbackServer server([](const SeenRequest& request) {
    const bool is_known = request.target.ends_with("/key%3Ar-1");
    return is_known ? Answer(200, R"({"id":"0197"})")
                    : Answer(404, R"({"detail":"no such remediation"})");
  });
  EXPECT_EQ(RunHere({"get", "remediation", "key:r-1"}, server).out, "id  0197\n");
  EXPECT_EQ(RunHere({"get", "remediation", "key:r-1", "--json"}, server).out,
            "{\"id\":\"0197\"}\n");
  const CommandResult missing = RunHere({"get", "remediation", "0198"}, server);
  EXPECT_EQ(missing.code, ExitCode::kProblem);
  EXPECT_EQ(missing.err, "error: no such remediation\n");
}

TEST(RecordCommands, RefuseWrongUsageBeforeAskingTheServer) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, "{}"); });
  EXPECT_THROW(RunHere({"get", "pod", "x"}, server), CLI::ValidationError);
  EXPECT_THROW(RunHere({"get", "workflow"}, server), CLI::RequiredError);
  EXPECT_THROW(RunHere({"patch", "workflow", "x"}, server), CLI::RequiredError);
  EXPECT_EQ(server.requests().size(), 0U);
}

TEST(RecordCommands, PatchTheVersionThatWasNamed) {
  LoopbackServer server([](const SeenRequest& request) {
    return request.Header("if-match") == "\"2.n\""
               ? Answer(200, R"({"version":3})")
               : Answer(412, R"({"detail":"the record has version 2"})");
  });
  EXPECT_EQ(RunHere({"patch", "workflow", "w", "--if-match", "2"}, server, "{}").out,
            "version  3\n");
  const CommandResult stale = RunHere({"patch", "workflow", "w", "--if-match", "1"}, server, "{}");
  EXPECT_EQ(stale.code, ExitCode::kBadInput);
  EXPECT_THAT(stale.err, HasSubstr("the record has version 2"));
}

std::string TwoPages(const SeenRequest& request) {
  const bool is_second = request.target.find("cursor=c2") != std::string::npos;
  return Answer(200,
                is_second ? R"({"items":[{"id":"3","workflow_id":"w3"}],"next_cursor":null})"
                          : R"({"items":[{"id":"1","workflow_id":"w1"},
                               {"id":"2","workflow_id":"w2"}],"next_cursor":"c2","count":3})");
}

TEST(RecordCommands, ListAPageAndSayThatThereAreMore) {
  LoopbackServer server(TwoPages);
  const CommandResult page = RunHere({"list",
                                      "workflow",
                                      "--filter",
                                      "phase=failed",
                                      "--sort",
                                      "-created_at",
                                      "--limit",
                                      "2",
                                      "--count",
                                      "--where",
                                      "actor:x"},
                                     server);
  EXPECT_EQ(page.code, ExitCode::kOk);
  EXPECT_THAT(page.out, HasSubstr("w2"));
  EXPECT_THAT(page.err, HasSubstr("3 match\n"));
  EXPECT_THAT(page.err, HasSubstr("--cursor c2"));
  EXPECT_EQ(server.requests().at(0).target,
            "/api/v1/audit/workflow?where=actor%3Ax&phase=failed&sort=-created_at&limit=2"
            "&count=exact");
  const CommandResult json = RunHere({"list", "workflow", "--json", "--cursor", "c2"}, server);
  EXPECT_EQ(json.out, "{\"items\":[{\"id\":\"3\",\"workflow_id\":\"w3\"}],\"next_cursor\":null}\n");
}

TEST(RecordCommands, ListEveryPage) {
  LoopbackServer server(TwoPages);
  const CommandResult all = RunHere({"list", "workflow", "--all", "--json"}, server);
  EXPECT_EQ(all.code, ExitCode::kOk);
  EXPECT_EQ(all.out,
            "{\"id\":\"1\",\"workflow_id\":\"w1\"}\n{\"id\":\"2\",\"workflow_id\":\"w2\"}\n"
            "{\"id\":\"3\",\"workflow_id\":\"w3\"}\n");
}

TEST(RecordCommands, TakeABadFilterForWrongUsage) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(
        400,
        R"({"detail":"see errors","errors":[{"parameter":"where","message":"is no filter"}]})");
  });
  const CommandResult refused = RunHere({"list", "workflow", "--where", "(("}, server);
  EXPECT_EQ(refused.code, ExitCode::kUsage);
  EXPECT_THAT(refused.err, HasSubstr("where: is no filter"));
}

TEST(RecordCommands, ShowTheHistory) {
  LoopbackServer server(
      [](const SeenRequest&) { return Answer(200, R"({"items":[{"version":2},{"version":1}]})"); });
  EXPECT_EQ(RunHere({"history", "workflow", "w"}, server).out, "version  2\n\nversion  1\n");
  EXPECT_EQ(RunHere({"history", "workflow", "w", "--json"}, server).out,
            "{\"items\":[{\"version\":2},{\"version\":1}]}\n");
}

TEST(RecordCommands, TellAnUnreachableServiceByExitCode69) {
  const CommandResult failed =
      RunCommand(AddRecordCommands, {"get", "workflow", "w"}, test::DeadUrl());
  EXPECT_EQ(failed.code, ExitCode::kUnavailable);
  EXPECT_THAT(failed.err, HasSubstr("next: is the service running?"));
}

}  // namespace
}  // namespace datastorage::cli
