#include "app/config_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace datastorage::app {
namespace {

using testing::HasSubstr;

struct RunResult {
  int code = 0;
  std::string out;
  std::string err;
};

RunResult RunProgram(std::vector<const char*> arguments) {
  ConfigFlags flags;
  cli::LocalCommands local;
  AddConfigCommands(local, flags);
  arguments.insert(arguments.begin(), "datastorage");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  RunResult result;
  result.code = cli::RunCommandLine(static_cast<int>(arguments.size()), arguments.data(), local);
  result.out = testing::internal::GetCapturedStdout();
  result.err = testing::internal::GetCapturedStderr();
  return result;
}

TEST(ConfigPrint, ShowsEachValueWithItsOrigin) {
  LoadedConfig loaded;
  loaded.values = {{"listen", "127.0.0.1:1", ValueOrigin::kFlag, "--listen"},
                   {"data", "a: b", ValueOrigin::kFile, "conf.yaml:3"}};
  std::ostringstream out;
  PrintConfig(loaded, out);
  EXPECT_EQ(out.str(),
            "listen: 127.0.0.1:1  # --listen\n"
            "data: \"a: b\"         # conf.yaml:3\n");
}

TEST(ConfigPrint, ShowsTheValuesEvenOfAWrongConfiguration) {
  const RunResult result = RunProgram({"config", "print", "--workers", "none"});
  EXPECT_EQ(result.code, 78);
  EXPECT_THAT(result.out, HasSubstr("workers: none"));
  EXPECT_THAT(result.out, HasSubstr("# --workers\n"));
  EXPECT_THAT(result.err, HasSubstr("configuration: --workers: \"none\" must be"));
  EXPECT_EQ(RunProgram({"config", "print"}).code, 0);
}

TEST(ConfigCheck, TellsAllThatIsWrong) {
  const RunResult wrong =
      RunProgram({"config", "check", "--listen", "0.0.0.0:1", "--embedder", "gpt"});
  EXPECT_EQ(wrong.code, 78);
  EXPECT_EQ(wrong.out, "");
  EXPECT_THAT(wrong.err, HasSubstr("0.0.0.0:1"));
  EXPECT_THAT(wrong.err, HasSubstr("gpt"));
  const RunResult right = RunProgram({"config", "check", "--embedder", "none"});
  EXPECT_EQ(right.code, 0);
  EXPECT_EQ(right.err, "the configuration is valid\n");
}

TEST(ConfigCheck, RefusesAnOptionThatDoesNotExist) {
  EXPECT_EQ(RunProgram({"config", "check", "--lisen", "x"}).code, 2);
}

}  // namespace
}  // namespace datastorage::app
