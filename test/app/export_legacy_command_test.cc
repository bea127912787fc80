#include "app/export_legacy_command.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "support/legacy_tables.h"
#include "support/postgres_server.h"

namespace datastorage::app {
namespace {

int RunExport(const std::string& database) {
  cli::LocalCommands local;
  AddExportLegacyCommand(local);
  CLI::App command;
  local.commands.front().add_options(command);
  command.parse(std::vector<std::string>{database});
  return local.commands.front().run();
}

TEST(ExportLegacyCommand, TellsByItsExitCodeWhatBecameOfTheRows) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  const std::string conninfo = server.Conninfo(database);
  EXPECT_EQ(RunExport("nonsense"), 2);
  EXPECT_EQ(RunExport("host=127.0.0.1 port=1 dbname=x"), 69);
  EXPECT_EQ(RunExport(conninfo), 65) << "no table of the original";
  server.Run(database, test::LegacyTables(false));
  EXPECT_EQ(RunExport(conninfo), 0);
  server.Run(database,
             "INSERT INTO execution_audit (workflow_id, execution_id, action_type, target_resource,"
             " cluster_name, success, start_time, execution_time) VALUES ('w', 'e1', 'a', 't', 'c',"
             " true, now(), 1), ('w', 'e2', '', 't', 'c', true, now(), 1)");
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  EXPECT_EQ(RunExport(conninfo), 65);
  const std::string lines = testing::internal::GetCapturedStdout();
  const std::string talk = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(lines.starts_with("{\"kind\":\"execution\",\"record\":{")) << lines;
  EXPECT_TRUE(lines.ends_with("}}\n")) << lines;
  EXPECT_TRUE(talk.starts_with("execution_audit 2: /action_type ")) << talk;
  EXPECT_TRUE(talk.ends_with("exported 1 records, refused 1\n")) << talk;
}

}  // namespace
}  // namespace datastorage::app
