#include "app/migrate_command.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "support/postgres_server.h"

namespace datastorage::app {
namespace {

using test::PostgresServer;

int RunMigrate(std::vector<std::string> arguments) {
  cli::LocalCommands local;
  ConfigFlags flags;
  AddMigrateCommand(local, flags);
  CLI::App command;
  local.commands.front().add_options(command);
  std::ranges::reverse(arguments);  // As CLI11 wants them.
  command.parse(std::move(arguments));
  return local.commands.front().run();
}

TEST(MigrateCommand, MigratesAndGrantsTheServicesRole) {
  PostgresServer& server = PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  server.Run(database, "DROP ROLE IF EXISTS serves; CREATE ROLE serves");
  const std::string url = "postgresql://" + std::string(PostgresServer::kSuperuser) + ":" +
                          PostgresServer::kPassword +
                          "@127.0.0.1:" + std::to_string(server.port()) + "/" + database;
  EXPECT_EQ(RunMigrate({"--store", url, "--dry-run"}), 1) << "nothing is there yet";
  EXPECT_EQ(RunMigrate({"--store", url, "--service-role", "serves"}), 0);
  EXPECT_EQ(RunMigrate({"--store", url, "--dry-run"}), 0);
  EXPECT_EQ(server.Run(database,
                       "SELECT has_table_privilege('serves', 'record', 'INSERT')"
                       " AND NOT has_table_privilege('serves', 'record_version', 'UPDATE')"),
            "t");
}

TEST(MigrateCommand, MakesTheTablesOfVectorsInADatabaseOfTheirOwn) {
  PostgresServer& server = PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  server.Run(database, "DROP ROLE IF EXISTS searches; CREATE ROLE searches");
  const std::string url = "postgresql://" + std::string(PostgresServer::kSuperuser) + ":" +
                          PostgresServer::kPassword +
                          "@127.0.0.1:" + std::to_string(server.port()) + "/" + database;
  EXPECT_EQ(RunMigrate({"--vectors", url, "--dry-run"}), 1) << "nothing is there yet";
  EXPECT_EQ(RunMigrate({"--vectors", url, "--service-role", "searches"}), 0);
  EXPECT_EQ(RunMigrate({"--vectors", url, "--dry-run"}), 0);
  EXPECT_EQ(server.Run(database,
                       "SELECT has_table_privilege('searches', 'vector_point', 'INSERT')"
                       " AND to_regclass('record') IS NULL"),
            "t");
  server.Run(database, "CREATE TABLE record ()");
  EXPECT_EQ(RunMigrate({"--vectors", url}), 1) << "it holds records now";
}

TEST(MigrateCommand, SaysWhatItNeeds) {
  EXPECT_EQ(RunMigrate({}), 78);
  EXPECT_EQ(RunMigrate({"--store", "postgresql://nobody@127.0.0.1:1/none"}), 69);
}

}  // namespace
}  // namespace datastorage::app
