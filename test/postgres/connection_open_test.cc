#include "postgres/connection.h"
#include "postgres/session.h"

namespace datastorage::postgres {
namespace {

using test::PostgresServer;

TEST(ConnectionOpen, RefusesAServerThatDoesNotSync) {
  PostgresServer careless({.is_durable = false});
  const auto opened = Connection::Open({.conninfo = careless.Conninfo("postgres")}, Soon());
  ASSERT_EQ(CodeOf(opened), ErrorCode::kConflict);
  EXPECT_NE(opened.error().message.find("fsync=off"), std::string::npos);
}

TEST(ConnectionOpen, MakesCommitsDurableWhateverTheRoleHasSet) {
  PostgresServer& server = PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  server.Run(database, "ALTER DATABASE " + database + " SET synchronous_commit = off");
  const auto session = OpenSession(server.Conninfo(database));
  const auto rows = session->RunOne("ask", {.sql = "SHOW synchronous_commit"}, Soon());
  ASSERT_TRUE(rows.has_value());
  EXPECT_EQ(rows->Text(0, 0), "on");
}

TEST(ConnectionOpen, HasTheServerLetGoOfAClientThatIsCutOff) {
  const auto session = OpenSession(PostgresServer::Shared().Conninfo("postgres"));
  const auto rows = session->RunOne(
      "ask",
      {.sql =
           "SELECT concat_ws(' ', current_setting('tcp_keepalives_idle'),"
           " current_setting('tcp_keepalives_interval'), current_setting('tcp_keepalives_count'),"
           " current_setting('tcp_user_timeout'),"
           " current_setting('client_connection_check_interval'))"},
      Soon());
  ASSERT_TRUE(rows.has_value());
  EXPECT_EQ(rows->Text(0, 0), "5 2 3 10000 1s") << "as the socket has them";
}

TEST(ConnectionOpen, SaysNothingOfThePassword) {
  PostgresServer& server = PostgresServer::Shared();
  server.Run("postgres", "CREATE ROLE stranger LOGIN PASSWORD 'another'");
  const std::vector<std::string> conninfos{
      server.Conninfo("postgres", "stranger"),  // Wrong password.
      server.Conninfo("nowhere"),               // No such database.
      "host=127.0.0.1 port=1 user=a password=" + std::string(PostgresServer::kPassword),
      // Not readable: libpq's own message quotes what it stumbled over.
      "host=127.0.0.1 password " + std::string(PostgresServer::kPassword),
      "postgresql://a:" + std::string(PostgresServer::kPassword) + "@[::1",
  };
  for (const std::string& conninfo : conninfos) {
    testing::internal::CaptureStderr();
    const auto opened = Connection::Open({.conninfo = conninfo}, Soon());
    const std::string log = testing::internal::GetCapturedStderr();
    ASSERT_FALSE(opened.has_value()) << conninfo;
    EXPECT_EQ(log.find(PostgresServer::kPassword), std::string::npos) << log;
    EXPECT_EQ(opened.error().message.find(PostgresServer::kPassword), std::string::npos);
  }
}

TEST(ConnectionOpen, GivesUpAtTheDeadlineWhenTheServerHangs) {
  PostgresServer server;
  server.Pause();
  const Deadline deadline = Deadline::In(std::chrono::milliseconds(300));
  const auto opened = Connection::Open({.conninfo = server.Conninfo("postgres")}, deadline);
  EXPECT_EQ(CodeOf(opened), ErrorCode::kUnavailable);
  EXPECT_FALSE(Deadline::At(deadline.time() + std::chrono::seconds(5)).HasPassed());
  server.Resume();
  EXPECT_TRUE(Connection::Open({.conninfo = server.Conninfo("postgres")}, Soon()).has_value());
}

TEST(ConnectionOpen, FindsPgvectorInATestsServer) {
  PostgresServer& server = PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  EXPECT_EQ(server.Run(database, "CREATE EXTENSION vector; SELECT '[3,4]'::vector <-> '[0,0]'"),
            "5");
}

TEST(ConnectionOpen, TakesTheHostThatAnswers) {
  PostgresServer& server = PostgresServer::Shared();
  const std::string conninfo = "host=127.0.0.1,127.0.0.1 port=1," + std::to_string(server.port()) +
                               " target_session_attrs=read-write dbname=postgres user=postgres"
                               " password=" +
                               PostgresServer::kPassword;
  const auto opened = Connection::Open({.conninfo = conninfo}, Soon());
  ASSERT_TRUE(opened.has_value());
  EXPECT_TRUE((*opened)->RunOne("ask", {.sql = "SELECT 1"}, Soon()).has_value());
}

TEST(ConnectionOpen, InsistsOnTlsWhereTheConninfoDoes) {
  PostgresServer& server = PostgresServer::Shared();  // It has no certificate.
  const auto opened =
      Connection::Open({.conninfo = server.Conninfo("postgres") + " sslmode=require"}, Soon());
  EXPECT_EQ(CodeOf(opened), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace datastorage::postgres
