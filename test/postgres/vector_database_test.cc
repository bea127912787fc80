#include "postgres/vector_database.h"

#include <gmock/gmock.h>

#include "postgres/session.h"
#include "support/random_points.h"

namespace datastorage::postgres {
namespace {

VectorDatabase::Options OptionsFor(const std::string& conninfo) {
  VectorDatabase::Options options;
  options.conninfo = conninfo;
  return options;
}

TEST(VectorDatabase, IsAskedInVainWhileItsServerIsAwayAndMadeUseOfWhenItIsBack) {
  test::PostgresServer server;
  VectorDatabase vectors(OptionsFor(server.Conninfo("postgres")));
  server.Kill();
  EXPECT_EQ(CodeOf(vectors.Claim(1, Soon())), ErrorCode::kUnavailable);
  EXPECT_EQ(CodeOf(vectors.Check(Soon())), ErrorCode::kUnavailable);

  server.Start();
  EXPECT_EQ(vectors.Claim(1, Soon()).value(), 1);
  EXPECT_EQ(vectors.Claim(2, Soon()).value(), 1);
  EXPECT_EQ(vectors.Capabilities().placement, Placement::kSeparate);
  RandomPoints random(1);
  const VectorWrite point = random.Point(5);
  EXPECT_EQ(vectors.Apply({&point, 1}, Soon())->front().held_stamp, 5);
  EXPECT_FALSE(CodeOf(vectors.Check(Soon())).has_value());

  // It says nothing: whoever asks is told in time, readiness probes above all.
  server.Pause();
  const Deadline probe = Deadline::In(std::chrono::seconds(2));
  EXPECT_TRUE(CodeOf(vectors.Check(Soon())).has_value());
  EXPECT_FALSE(probe.HasPassed());
  const Deadline write = Deadline::In(std::chrono::seconds(1));
  EXPECT_TRUE(CodeOf(vectors.Apply({&point, 1}, write)).has_value());
  EXPECT_LT(write.Remaining(), std::chrono::seconds(1));
  server.Resume();
  const Deadline back = Soon();
  while (CodeOf(vectors.Check(Soon())).has_value() && !back.HasPassed()) {
  }
  EXPECT_EQ(vectors.HighestStamp(Soon()).value(), 5);
}

TEST(VectorDatabase, IsRefusedWhereRecordsAre) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  server.Run(database, "CREATE TABLE record ()");
  VectorDatabase vectors(OptionsFor(server.Conninfo(database)));
  const auto claimed = vectors.Claim(1, Soon());
  EXPECT_EQ(CodeOf(claimed), ErrorCode::kConflict);
  EXPECT_THAT(claimed.error().message, testing::HasSubstr("--vectors pgvector"));
  EXPECT_EQ(server.Run(database, "SELECT to_regclass('vector_point') IS NULL"), "t");
}

TEST(VectorDatabase, SaysThatItsServerTakesNoWrites) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  const auto options = OptionsFor(server.Conninfo(database));
  EXPECT_EQ(VectorDatabase(options).Claim(1, Soon()).value(), 1);
  server.Run(database, "ALTER DATABASE " + database + " SET default_transaction_read_only = on");
  const auto checked = VectorDatabase(options).Check(Soon());
  EXPECT_EQ(CodeOf(checked), ErrorCode::kUnavailable);
  EXPECT_THAT(checked.error().message, testing::HasSubstr("read-only"));
}

}  // namespace
}  // namespace datastorage::postgres
