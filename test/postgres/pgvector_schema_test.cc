#include "postgres/pgvector_schema.h"

#include <gmock/gmock.h>

#include <thread>

#include "postgres/segment_builder.h"
#include "postgres/vector_session.h"

namespace datastorage::postgres {
namespace {

using testing::HasSubstr;

TEST(PgvectorSchema, MayBeInstalledByManyAtOnceAndAgain) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  std::vector<std::thread> programs;
  for (int i = 0; i < 4; ++i) {
    programs.emplace_back([&] {
      const auto owner = OpenSession(server.Conninfo(database));
      for (int again = 0; again < 2; ++again) {
        const auto installed = InstallPgvector(*owner, "", Soon());
        EXPECT_TRUE(installed.has_value()) << installed.error().message;
      }
    });
  }
  for (std::thread& program : programs) program.join();
  EXPECT_TRUE(CheckPgvector(*OpenSession(server.Conninfo(database)), Soon()).has_value());
  EXPECT_EQ(server.Run(database,
                       "SELECT reloptions::text FROM pg_class"
                       " WHERE relname = 'vector_body_by_cosine'"),
            "{m=16,ef_construction=64}");
}

TEST(PgvectorSchema, SaysByNameWhatIsMissingOrTooOld) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  const auto session = OpenSession(server.Conninfo(database));
  EXPECT_EQ(CodeOf(CheckPgvector(*session, Soon())), ErrorCode::kConflict);
  ASSERT_TRUE(InstallPgvector(*session, "", Soon()).has_value());
  ASSERT_TRUE(CheckPgvector(*session, Soon()).has_value());
  server.Run(database, "UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'");
  for (const auto& refused :
       {CheckPgvector(*session, Soon()), InstallPgvector(*session, "", Soon())}) {
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
    EXPECT_THAT(refused.error().message, HasSubstr("pgvector is 0.7.4"));
  }
  server.Run(database, "UPDATE pg_extension SET extversion = '0.10.0' WHERE extname = 'vector'");
  EXPECT_TRUE(CheckPgvector(*session, Soon()).has_value()) << "0.10 comes after 0.8";
}

TEST(PgvectorSchema, TakesABodyThatHadNoSegmentsAsTheFirst) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  server.Run(
      database,
      "CREATE EXTENSION vector; CREATE TABLE vector_body (record_id uuid NOT NULL PRIMARY KEY,"
      " v halfvec(384) NOT NULL); CREATE INDEX vector_body_by_cosine ON vector_body"
      " USING hnsw (v halfvec_cosine_ops) WITH (m = 16, ef_construction = 64);"
      " INSERT INTO vector_body SELECT gen_random_uuid(), array_fill(1, '{384}')::halfvec"
      " FROM generate_series(1, 3)");
  const auto owner = OpenSession(server.Conninfo(database));
  EXPECT_EQ(CodeOf(CheckPgvector(*owner, Soon())), ErrorCode::kConflict);
  for (int again = 0; again < 2; ++again) {
    const auto installed = InstallPgvector(*owner, "", Soon());
    ASSERT_TRUE(installed.has_value()) << installed.error().message;
  }
  EXPECT_TRUE(CheckPgvector(*owner, Soon()).has_value());
  EXPECT_EQ(server.Run(database, "SELECT count(*) FROM vector_body WHERE segment = 0"), "3");
  server.Run(database,
             "INSERT INTO vector_body (record_id, v) SELECT gen_random_uuid(), v FROM vector_body"
             " LIMIT 1");
  EXPECT_EQ(server.Run(database, "SELECT count(*) FROM vector_body_0"), "4");
  EXPECT_EQ(server.Run(database,
                       "SELECT tablename FROM pg_indexes"
                       " WHERE indexname = 'vector_body_by_cosine'"),
            "vector_body_0");
}

TEST(PgvectorSchema, GivesTheRoleOfTheServiceWhatItNeedsAndNoMore) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  const std::string database = MakeVectorDatabase(true);
  server.Run(database,
             "CREATE ROLE vector_service LOGIN PASSWORD '" +
                 std::string(test::PostgresServer::kPassword) + "'");
  {
    const auto owner = OpenSession(server.Conninfo(database));
    ASSERT_TRUE(Migrate(*owner, AllMigrations(), "vector_service", Soon()).has_value());
    ASSERT_TRUE(InstallPgvector(*owner, "vector_service", Soon()).has_value());
  }
  Sessions sessions({.connection = {.conninfo = server.Conninfo(database, "vector_service")}});
  PgvectorIndex index(sessions, {});
  server.Run(database,
             "INSERT INTO vector_set (engine, space, projection, pending_rule, state)"
             " VALUES ('pgvector', 'space', '', 'where_embedding_is_missing', 'live')");
  ASSERT_EQ(index.Claim(1, Soon()).value(), 1);
  ManualClock clock;
  Committer committer(sessions.writers(), clock);
  RandomPoints random(1);
  const Embedding vector = random.Unit();
  const WriteOp create = EmbeddedCreation("key", vector);
  const auto outcomes = committer.Commit({&create, 1}, CommitMode::kEachForItself, Soon());
  ASSERT_TRUE(outcomes.has_value()) << outcomes.error().message;
  EXPECT_EQ(index.Nearest(vector, {}, 1, Soon()).value().hits.size(), 1U);
  Metrics metrics;
  SegmentBuilder::Options options;
  options.row_count = 1;
  options.merge_count = 1;
  options.retired_age = std::chrono::seconds(0);
  SegmentBuilder builder(sessions, metrics, options);
  EXPECT_EQ(builder.Build(Soon()).value(), 1);
  EXPECT_EQ(builder.Merge(Soon()).value(), 1);
  EXPECT_EQ(builder.DropRetired(Soon()).value(), 1);
  EXPECT_EQ(index.Nearest(vector, {}, 1, Soon()).value().hits.size(), 1U);
  Call truncate;
  truncate.sql = "TRUNCATE vector_body";
  EXPECT_FALSE(sessions.ReadOne("empty the body", truncate, Soon()).has_value());
  server.Run(database,
             "REASSIGN OWNED BY vector_service TO postgres; DROP OWNED BY vector_service");
}

}  // namespace
}  // namespace datastorage::postgres
