#include "cli/admin_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command_fixture.h"

namespace datastorage::cli {
namespace {

using testing::HasSubstr;

CommandResult RunHere(std::vector<std::string> arguments, const LoopbackServer& server) {
  return RunCommand(AddAdminCommands, std::move(arguments), server.url());
}

TEST(AdminCommands, EraseByIdOrKeyAndSayWho) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(200, R"({"id":"0197","erased":true,"erased_at":"2026-03-01T00:00:00Z"})");
  });
  const CommandResult erased =
      RunHere({"erase", "workflow", "key:w-1", "--why", "asked to", "--yes"}, server);
  EXPECT_EQ(erased.code, ExitCode::kOk) << erased.err;
  EXPECT_EQ(erased.out, "0197\n");
  const SeenRequest seen = server.requests().at(0);
  EXPECT_EQ(seen.target, "/admin/erase");
  EXPECT_EQ(seen.Header("content-type"), "application/json");
  EXPECT_EQ(seen.body, R"({"kind":"workflow","key":"w-1","who":"an-operator","why":"asked to"})");
  RunHere({"erase", "workflow", "0197", "--why", "x", "--who", "me", "--yes"}, server);
  EXPECT_EQ(server.requests().at(1).body,
            R"({"kind":"workflow","id":"0197","who":"me","why":"x"})");
}

TEST(AdminCommands, EraseNothingUnasked) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, "{}"); });
  const CommandResult unsure = RunHere({"erase", "workflow", "w", "--why", "x"}, server);
  EXPECT_EQ(unsure.code, ExitCode::kUsage);
  EXPECT_THAT(unsure.err, HasSubstr("--yes"));
  EXPECT_THROW(RunHere({"erase", "workflow", "w", "--yes"}, server), CLI::RequiredError);
  EXPECT_EQ(server.requests().size(), 0U);
}

TEST(AdminCommands, SayWhatIsNotThereToErase) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(410, R"({"detail":"the record was erased before"})");
  });
  const CommandResult gone = RunHere({"erase", "workflow", "w", "--why", "x", "--yes"}, server);
  EXPECT_EQ(gone.code, ExitCode::kProblem);
  EXPECT_EQ(gone.err, "error: the record was erased before\n");
}

TEST(AdminCommands, NameTheListenerThatIsNotThere) {
  const CommandResult nobody = RunCommand(
      AddAdminCommands, {"erase", "workflow", "w", "--why", "x", "--yes"}, "http://127.0.0.1:1");
  EXPECT_EQ(nobody.code, ExitCode::kUnavailable);
  EXPECT_THAT(nobody.err, HasSubstr("DATASTORAGE_ADMIN"));
}

TEST(AdminCommands, ReconcileAndShowWhatWasFound) {
  const std::string report =
      R"({"checked":9,"missing":1,"stale":2,"altered":3,"foreign":4,"mended":10})";
  LoopbackServer server([&](const SeenRequest&) { return Answer(200, report); });
  const CommandResult found = RunHere({"reconcile", "--deep"}, server);
  EXPECT_EQ(found.out, "checked  9\nmissing  1\nstale  2\naltered  3\nforeign  4\nmended  10\n");
  EXPECT_EQ(RunHere({"reconcile", "--dry-run", "--json"}, server).out, report + "\n");
  EXPECT_EQ(server.requests().at(0).target, "/admin/reconcile");
  EXPECT_EQ(server.requests().at(0).body, R"({"dry_run":false,"deep":true})");
  EXPECT_EQ(server.requests().at(1).body, R"({"dry_run":true,"deep":false})");
}

TEST(AdminCommands, BackUpUnderAName) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(200, R"({"name":"a.db","bytes":4096,"records":7,"schema_version":2})");
  });
  const CommandResult made = RunHere({"backup", "a.db"}, server);
  EXPECT_EQ(made.out, "a.db\n");
  EXPECT_THAT(made.err, HasSubstr("7 records, 4096 bytes"));
  RunHere({"backup"}, server);
  EXPECT_EQ(server.requests().at(0).body, R"({"name":"a.db"})");
  EXPECT_EQ(server.requests().at(1).body, "{}");
}

TEST(AdminCommands, ReleaseParkedVectors) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, R"({"released":4})"); });
  EXPECT_EQ(RunHere({"pending", "release"}, server).out, "released  4\n");
  EXPECT_EQ(RunHere({"pending", "release", "--set", "2", "--json"}, server).out,
            "{\"released\":4}\n");
  EXPECT_EQ(server.requests().at(0).target, "/admin/pending/release");
  EXPECT_EQ(server.requests().at(0).body, "{}");
  EXPECT_EQ(server.requests().at(1).body, R"({"set":2})");
}

}  // namespace
}  // namespace datastorage::cli
