#include "app/doctor.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "postgres/vector_database.h"
#include "support/postgres_server.h"
#include "support/redis_server.h"
#include "support/temporary_folder.h"

namespace datastorage::app {
namespace {

using cli::Finding;
using cli::FindingState;
using testing::HasSubstr;

TEST(Doctor, NamesEveryErrorOfTheConfiguration) {
  LoadedConfig loaded;
  loaded.errors = {"one", "two"};
  const std::vector<Finding> findings = CheckConfiguration(loaded);
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[1].state, FindingState::kProblem);
  EXPECT_EQ(findings[1].detail, "two");
  loaded.errors.clear();
  EXPECT_EQ(CheckConfiguration(loaded).at(0).state, FindingState::kOk);
  loaded.unknown_variables = {"DATASTORAGE_WROKERS"};
  EXPECT_EQ(CheckConfiguration(loaded).at(0).state, FindingState::kWarning);
  EXPECT_THAT(CheckConfiguration(loaded).at(0).detail, HasSubstr("DATASTORAGE_WROKERS"));
}

TEST(Doctor, ChangesNothingWhereTheDataFolderDoesNotExistYet) {
  const TemporaryFolder folder;
  const std::string data = folder.path() + "/a/b";
  const std::vector<Finding> findings = CheckDataDirectory(data);
  EXPECT_EQ(findings.at(0).state, FindingState::kOk);
  EXPECT_THAT(findings[0].detail, HasSubstr("will be made"));
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/a"));
}

TEST(Doctor, TellsWhoUsesTheDataFolder) {
  const TemporaryFolder folder;
  EXPECT_THAT(CheckDataDirectory(folder.path()).at(0).detail, HasSubstr("can be used"));
  const std::string lock = folder.path() + "/datastorage.lock";
  std::ofstream(lock) << "4711\n";
  EXPECT_THAT(CheckDataDirectory(folder.path()).at(0).detail, HasSubstr("can be used"));
  const int held = open(lock.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_EQ(flock(held, LOCK_EX | LOCK_NB), 0);
  EXPECT_THAT(CheckDataDirectory(folder.path()).at(0).detail, HasSubstr("in use by process 4711"));
  close(held);
}

TEST(Doctor, AsksTheSharedCacheAndWarnsOfItsLoss) {
  Config config;
  EXPECT_EQ(CheckCache(config).state, FindingState::kOk);
  test::RedisServer server;
  server.Run({"CONFIG", "SET", "requirepass", "s3cret"});
  config.shared_cache = *redis::ParseAddress("unix://:s3cret@" + server.socket_path());
  EXPECT_EQ(CheckCache(config).state, FindingState::kOk);
  config.shared_cache->password = "wr0ng";
  const Finding refused = CheckCache(config);
  EXPECT_EQ(refused.state, FindingState::kWarning);
  EXPECT_THAT(refused.detail, HasSubstr("the cache refuses the user or the password"));
  EXPECT_THAT(refused.detail, testing::Not(HasSubstr("wr0ng")));
  server.Kill();
  EXPECT_THAT(CheckCache(config).detail, HasSubstr("cannot be reached"));
}

TEST(Doctor, AsksTheServerOfVectors) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  Config config;
  config.vectors.choice = VectorsChoice::kOtherPostgres;
  config.vectors.conninfo = server.Conninfo(database);
  const Finding empty = CheckVectors(config).at(0);
  EXPECT_EQ(empty.state, FindingState::kWarning);
  EXPECT_THAT(empty.next_step, HasSubstr("datastorage migrate"));
  const postgres::VectorDatabase::Options options{.conninfo = config.vectors.conninfo};
  const Deadline deadline = Deadline::In(std::chrono::seconds(30));
  ASSERT_TRUE(postgres::VectorDatabase(options).Prepare(deadline).has_value());
  EXPECT_EQ(CheckVectors(config).at(0).state, FindingState::kOk);
  server.Run(database, "CREATE TABLE record ()");
  EXPECT_EQ(CheckVectors(config).at(0).state, FindingState::kProblem);
  config.vectors.conninfo = "host=127.0.0.1 port=1 password=wr0ng";
  const Finding away = CheckVectors(config).at(0);
  EXPECT_EQ(away.state, FindingState::kWarning) << "the service works without it";
  EXPECT_THAT(away.detail, testing::Not(HasSubstr("wr0ng")));
}

TEST(Doctor, AsksThePlaceThatVectorsMoveFromToo) {
  Config config;
  config.vectors_from = VectorsPlace{
      VectorsChoice::kOtherPostgres, "host=127.0.0.1 port=1 password=wr0ng", std::nullopt, ""};
  const std::vector<Finding> found = CheckVectors(config);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].state, FindingState::kWarning);
  EXPECT_THAT(found[0].check, HasSubstr("until now"));
  EXPECT_THAT(found[0].next_step, HasSubstr("--vectors-from"));
}

TEST(Doctor, FindsAFileWhereTheDataFolderShouldBe) {
  const TemporaryFolder folder;
  std::ofstream(folder.path() + "/file") << "x";
  const Finding finding = CheckDataDirectory(folder.path() + "/file").at(0);
  EXPECT_EQ(finding.state, FindingState::kProblem);
  EXPECT_THAT(finding.detail, HasSubstr("is not a folder"));
  EXPECT_THAT(finding.next_step, HasSubstr("--data"));
}

TEST(Doctor, NamesMissingModelFilesAndWhatToDo) {
  const TemporaryFolder folder;
  Config config;
  config.model_directory = folder.path();
  const Finding finding = CheckEmbedder(config);
  EXPECT_EQ(finding.state, FindingState::kProblem);
  EXPECT_THAT(finding.detail, HasSubstr("model.safetensors"));
  EXPECT_THAT(finding.detail, HasSubstr("vocab.txt"));
  EXPECT_THAT(finding.next_step, HasSubstr("--embedder lexical"));
  config.embedder = EmbedderChoice::kLexical;
  EXPECT_EQ(CheckEmbedder(config).state, FindingState::kOk);
}

}  // namespace
}  // namespace datastorage::app
