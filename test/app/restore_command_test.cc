#include "app/restore_command.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "sqlite/sqlite_record_store.h"
#include "support/temporary_folder.h"

namespace datastorage::app {
namespace {

int RunRestore(std::vector<std::string> arguments) {
  cli::LocalCommands local;
  AddRestoreCommand(local);
  CLI::App command;
  local.commands.front().add_options(command);
  std::ranges::reverse(arguments);  // As CLI11 wants them.
  command.parse(std::move(arguments));
  return local.commands.front().run();
}

TEST(RestoreCommand, TellsByItsExitCodeWhyItRefuses) {
  TemporaryFolder used;
  TemporaryFolder empty;
  const std::string file = used.path() + "/backups/a.db";
  auto store = SqliteRecordStore::Open({.directory = used.path()});
  ASSERT_TRUE((*store)->Backup("a.db", Deadline::Never()).has_value());
  EXPECT_EQ(RunRestore({file, "--data", used.path(), "--force"}), 69);
  EXPECT_EQ(RunRestore({"/nowhere.db", "--data", empty.path()}), 65);
  EXPECT_EQ(RunRestore({file, "--data", empty.path()}), 0);
  EXPECT_EQ(RunRestore({file, "--data", empty.path()}), 1);
  EXPECT_EQ(RunRestore({file, "--data", empty.path(), "--force"}), 0);
  EXPECT_THROW(RunRestore({file}), CLI::RequiredError);
}

}  // namespace
}  // namespace datastorage::app
