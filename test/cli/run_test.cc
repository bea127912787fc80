#include "cli/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "support/loopback_server.h"

namespace datastorage::cli {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct RunResult {
  int code = 0;
  std::string out;
  std::string err;
};

RunResult RunProgram(std::vector<const char*> arguments, const LocalCommands& local) {
  arguments.insert(arguments.begin(), "datastorage");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  RunResult result;
  result.code = RunCommandLine(static_cast<int>(arguments.size()), arguments.data(), local);
  result.out = testing::internal::GetCapturedStdout();
  result.err = testing::internal::GetCapturedStderr();
  return result;
}

LocalCommands SomeLocalCommands(std::string& ran) {
  LocalCommands local;
  local.version = "1.2.3";
  local.commands.push_back({"serve",
                            "Run",
                            [&ran](CLI::App& app) { app.add_option("--data", ran); },
                            [] { return 78; }});
  local.commands.push_back({"config print", "Print", {}, [&ran] {
                              ran = "printed";
                              return 0;
                            }});
  local.commands.push_back(
      {"config check", "Check", {}, []() -> int { throw std::runtime_error("cannot start"); }});
  local.doctor_checks = [] {
    return std::vector<Finding>{{FindingState::kOk, "local", "looked at", ""}};
  };
  return local;
}

TEST(CommandLine, RunsLocalCommandsAndGivesTheirExitCode) {
  std::string ran;
  const LocalCommands local = SomeLocalCommands(ran);
  EXPECT_EQ(RunProgram({"serve", "--data", "folder"}, local).code, 78);
  EXPECT_EQ(ran, "folder");
  EXPECT_EQ(RunProgram({"config", "print"}, local).code, 0);
  EXPECT_EQ(ran, "printed");
  const RunResult failed = RunProgram({"config", "check"}, local);
  EXPECT_EQ(failed.code, 1);
  EXPECT_EQ(failed.err, "error: cannot start\n");
}

TEST(CommandLine, TellsWrongUsageByExitCode2) {
  std::string ran;
  const LocalCommands local = SomeLocalCommands(ran);
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{},
                                             {"fly"},
                                             {"config"},
                                             {"get", "workflow"},
                                             {"version", "--unknown"},
                                             {"completion", "tcsh"}}) {
    const RunResult result = RunProgram(arguments, local);
    EXPECT_EQ(result.code, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_NE(result.err, "");
  }
}

TEST(CommandLine, TellsAWordThatIsNoCommand) {
  std::string ran;
  const LocalCommands local = SomeLocalCommands(ran);
  const RunResult misspelt = RunProgram({"--json", "serch", "a pod"}, local);
  EXPECT_EQ(misspelt.code, 2);
  EXPECT_THAT(misspelt.err, HasSubstr("no command serch; did you mean search?"));
  EXPECT_THAT(RunProgram({"config", "pint"}, local).err, HasSubstr("did you mean print?"));
  EXPECT_THAT(RunProgram({"help", "serch"}, local).err, HasSubstr("did you mean search?"));
  EXPECT_THAT(RunProgram({"help"}, local).out, HasSubstr("similar"));
  EXPECT_THAT(RunProgram({"help", "config", "print"}, local).out, HasSubstr("config print"));
}

TEST(CommandLine, ShowsHelpOnStandardOutput) {
  std::string ran;
  const RunResult help = RunProgram({"--help"}, SomeLocalCommands(ran));
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.out, HasSubstr("serve"));
  EXPECT_THAT(help.out, HasSubstr("search"));
  EXPECT_EQ(help.err, "");
}

TEST(CommandLine, TellsItsVersion) {
  std::string ran;
  const LocalCommands local = SomeLocalCommands(ran);
  EXPECT_EQ(RunProgram({"version"}, local).out, "datastorage 1.2.3\n");
  EXPECT_EQ(RunProgram({"--version"}, local).out, "datastorage 1.2.3\n");
  EXPECT_EQ(RunProgram({"version", "--json"}, local).out, "{\"version\":\"1.2.3\"}\n");
}

TEST(CommandLine, TakesGlobalOptionsBeforeAndAfterTheCommand) {
  test::LoopbackServer server(
      [](const test::SeenRequest&) { return test::Answer(200, "{\"openapi\":\"3.1.0\"}"); });
  const std::string url = server.url();
  std::string ran;
  const LocalCommands local = SomeLocalCommands(ran);
  EXPECT_EQ(RunProgram({"--server", url.c_str(), "openapi"}, local).out,
            "{\"openapi\":\"3.1.0\"}\n");
  EXPECT_EQ(RunProgram({"openapi", "--server", url.c_str()}, local).code, 0);
  setenv("DATASTORAGE_SERVER", url.c_str(), 1);
  EXPECT_EQ(RunProgram({"openapi"}, local).code, 0);
  EXPECT_EQ(RunProgram({"openapi", "--server", test::DeadUrl().c_str()}, local).code, 69);
  unsetenv("DATASTORAGE_SERVER");
}

TEST(CommandLine, AsksBothTheServerAndThisMachineForDoctor) {
  std::string ran;
  const RunResult result =
      RunProgram({"doctor", "--server", test::DeadUrl().c_str()}, SomeLocalCommands(ran));
  EXPECT_EQ(result.code, 1);
  EXPECT_THAT(result.out, StartsWith("problem  server"));
  EXPECT_THAT(result.out, HasSubstr("ok       local   looked at\n"));
}

TEST(CommandLine, WritesCompletionForItsOwnCommands) {
  std::string ran;
  const RunResult script = RunProgram({"completion", "bash"}, SomeLocalCommands(ran));
  EXPECT_EQ(script.code, 0);
  EXPECT_THAT(script.out, HasSubstr("config print"));
}

}  // namespace
}  // namespace datastorage::cli
