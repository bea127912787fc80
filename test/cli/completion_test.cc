#include "cli/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <fstream>

#include "cli/record_commands.h"

namespace datastorage::cli {
namespace {

using testing::HasSubstr;

std::string Script(std::string_view shell) {
  CLI::App app;
  Action chosen;
  app.add_flag("--json");
  AddRecordCommands(app, chosen);
  app.add_subcommand("config", "Configuration")->add_subcommand("print", "Doesn't change it");
  return CompletionScript(app, shell).value_or("");
}

// What bash itself offers after these words.
std::string Offered(const std::string& words, int index) {
  const std::string path = testing::TempDir() + "completion_test.bash";
  std::ofstream(path) << Script("bash") << "COMP_WORDS=(" << words << ")\nCOMP_CWORD=" << index
                      << "\n_datastorage\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n";
  std::FILE* bash = popen(("bash " + path).c_str(), "r");
  std::string out;
  std::array<char, 4096> part{};
  for (std::size_t n = 0; (n = std::fread(part.data(), 1, part.size(), bash)) > 0;) {
    out.append(part.data(), n);
  }
  EXPECT_EQ(pclose(bash), 0);
  return out;
}

TEST(Completion, OffersInBashWhatMayFollow) {
  EXPECT_EQ(Offered("datastorage hi", 1), "history\n");
  EXPECT_EQ(Offered("datastorage list work", 2), "workflow\n");
  EXPECT_EQ(Offered("datastorage list workflow --so", 3), "--sort\n");
  EXPECT_EQ(Offered("datastorage --json patch workflow x --if", 5), "--if-match\n");
  EXPECT_EQ(Offered("datastorage config pr", 2), "print\n");
}

TEST(Completion, HasAScriptForEachShell) {
  EXPECT_THAT(Script("zsh"), HasSubstr("bashcompinit"));
  EXPECT_THAT(Script("fish"), HasSubstr("-n __fish_use_subcommand -a list -d"));
  EXPECT_THAT(Script("fish"), HasSubstr("'__fish_seen_subcommand_from list' -l sort"));
  EXPECT_EQ(Script("tcsh"), "");
}

}  // namespace
}  // namespace datastorage::cli
