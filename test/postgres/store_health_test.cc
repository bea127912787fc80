#include "postgres/store_health.h"

#include <gmock/gmock.h>
#include <poll.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "postgres/store_session.h"
#include "support/small_disk.h"

namespace datastorage::postgres {
namespace {

using test::PostgresServer;
using testing::ElementsAre;

std::vector<std::string> CodesOf(const ServerState& state) {
  std::vector<std::string> codes;
  for (const HealthWarning& warning : WarningsOf(state)) codes.push_back(warning.code);
  return codes;
}

ServerState Well() {
  return {.session_count = 10,
          .session_count_max = 97,
          .disk = ServerState::Disk{.free_byte_count = 11, .byte_count = 100}};
}

TEST(HealthWarnings, SayNothingOfAServerThatIsWell) {
  EXPECT_THAT(CodesOf(Well()), ElementsAre());
}

TEST(HealthWarnings, NameEachThingThatNeedsAPerson) {
  struct Case {
    const char* code;
    void (*make)(ServerState& state);
  };
  const Case cases[] = {
      {"in_recovery", [](ServerState& state) { state.is_in_recovery = true; }},
      {"disk_nearly_full", [](ServerState& state) { state.disk->free_byte_count = 9; }},
      {"disk_nearly_full", [](ServerState& state) { state.disk->free_byte_count = 0; }},
      {"sessions_nearly_used_up", [](ServerState& state) { state.session_count = 88; }},
      {"asynchronous_standby", [](ServerState& state) { state.asynchronous_standby_count = 1; }},
      {"unplaced_records", [](ServerState& state) { state.unplaced_count = 1; }}};
  for (const Case& each : cases) {
    ServerState state = Well();
    each.make(state);
    EXPECT_THAT(CodesOf(state), ElementsAre(each.code));
  }
  ServerState large = Well();
  large.disk = ServerState::Disk{.free_byte_count = std::int64_t{30} << 30,
                                 .byte_count = std::int64_t{1000} << 30};
  EXPECT_THAT(CodesOf(large), ElementsAre()) << "3 % of a terabyte is enough for long";
}

std::string TextOfFile(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

// A server with the schema, and sessions of the service's own role.
struct Health {
  explicit Health(const test::PostgresServerOptions& options = {}) : server(options) {
    Prepare("postgres");
  }
  void Prepare(const std::string& database) {
    server.Run(
        database,
        "CREATE ROLE service LOGIN PASSWORD '" + std::string(PostgresServer::kPassword) + "'");
    const auto owner = OpenSession(server.Conninfo(database));
    EXPECT_TRUE(Migrate(*owner, AllMigrations(), "service", Soon()).has_value());
  }
  ServerState State() {
    const auto state = health.State(Soon());
    EXPECT_TRUE(state.has_value()) << (state.has_value() ? "" : state.error().message);
    return state.value_or(ServerState());
  }

  PostgresServer server;
  Sessions sessions{
      {.connection = {.conninfo = server.Conninfo("postgres", "service")}, .reader_count = 4}};
  StoreHealth health{sessions, SystemClock()};
};

TEST(StoreHealth, WritesOneRowAndNoMore) {
  Health health;
  ASSERT_TRUE(health.health.Check(Soon()).has_value());
  const std::string before = health.server.Run("postgres", "SELECT value FROM setting");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(health.health.Check(Soon()).has_value());
  EXPECT_EQ(health.server.Run("postgres", "SELECT count(*) FROM setting"), "1");
  EXPECT_NE(health.server.Run("postgres", "SELECT value FROM setting"), before);
}

TEST(StoreHealth, IsNotWellWhileItTakesNoWritesAndIsAgainAfterwards) {
  Health health;
  ASSERT_TRUE(health.health.Check(Soon()).has_value());
  health.server.Run("postgres", "ALTER ROLE service SET default_transaction_read_only = on");
  health.server.Restart();
  const auto refused = health.health.Check(Soon());
  ASSERT_EQ(CodeOf(refused), ErrorCode::kUnavailable);
  EXPECT_NE(refused.error().message.find("read-only"), std::string::npos);
  health.server.Run("postgres", "ALTER ROLE service RESET ALL");
  health.server.Stop();
  EXPECT_EQ(CodeOf(health.health.Check(Soon())), ErrorCode::kUnavailable);
  health.server.Start();
  const Deadline deadline = Soon();
  while (!health.health.Check(Soon()).has_value() && !deadline.HasPassed()) poll(nullptr, 0, 10);
  EXPECT_TRUE(health.health.Check(Soon()).has_value());
}

TEST(StoreHealth, CountsWhatIsOutsideOfItsMonth) {
  Health health;
  ConnectionPool pool(1, [&](Deadline deadline) -> Result<std::unique_ptr<Connection>> {
    DS_ASSIGN_OR_RETURN(
        std::unique_ptr<Connection> connection,
        Connection::Open({.conninfo = health.server.Conninfo("postgres", "service")}, deadline));
    DS_RETURN_IF_ERROR(connection->Prepare(AllStatements(), deadline));
    return connection;
  });
  const ManualClock clock;
  Committer committer(pool, clock);
  const auto commit = [&](const CreateOp& create) {
    const WriteOp operation = create;
    EXPECT_TRUE(committer.Commit({&operation, 1}, CommitMode::kEachForItself, Soon()).has_value());
  };
  commit(CreationOf("of-now"));
  EXPECT_EQ(health.State().unplaced_count, 0);
  CreateOp stray = CreationOf("from-elsewhere");
  stray.id = SystemUuidSource().MakeVersion4();
  stray.id.bytes[0] = 0xff;
  commit(stray);
  EXPECT_EQ(health.State().unplaced_count, 1);
}

TEST(StoreHealth, CountsSessions) {
  Health health({.settings = {"max_connections=20"}});
  const ServerState before = health.State();
  EXPECT_EQ(before.session_count_max, 17);
  EXPECT_THAT(CodesOf(before), ElementsAre());
  std::vector<std::unique_ptr<Connection>> hogs;
  for (int i = 0; i < 15; ++i)
    hogs.push_back(OpenSession(health.server.SocketConninfo("postgres")));
  EXPECT_EQ(health.State().session_count, before.session_count + 15);
  EXPECT_THAT(CodesOf(health.State()), ElementsAre("sessions_nearly_used_up"));
}

TEST(StoreHealth, SeesStandbysThatACommitDoesNotWaitFor) {
  Health health;
  EXPECT_EQ(health.State().asynchronous_standby_count, 0);
  const PostgresServer standby({.primary = &health.server});
  const auto await_count = [&](std::int64_t count) {
    const Deadline deadline = Soon();
    while (health.State().asynchronous_standby_count != count && !deadline.HasPassed()) {
      poll(nullptr, 0, 10);
    }
    return health.State().asynchronous_standby_count;
  };
  EXPECT_EQ(await_count(1), 1);
  health.server.Run("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'");
  health.server.Run("postgres", "SELECT pg_reload_conf()");
  EXPECT_EQ(await_count(0), 0);
  EXPECT_FALSE(health.State().is_in_recovery);

  Sessions there({.connection = {.conninfo = standby.Conninfo("postgres", "service")}});
  StoreHealth of_standby(there, SystemClock());
  EXPECT_TRUE(of_standby.State(Soon())->is_in_recovery);
  EXPECT_EQ(CodeOf(of_standby.Check(Soon())), ErrorCode::kUnavailable);
}

TEST(StoreHealth, WarnsBeforeTheDiskIsFull) {
  test::SmallDisk disk(64u << 20, geteuid() == 0 ? "postgres" : "");
  if (!disk.is_there()) GTEST_SKIP() << "only root may mount a small disk";
  Health health;
  EXPECT_FALSE(health.State().disk.has_value()) << "the role may not know";
  health.server.Run("postgres", "CREATE TABLESPACE small LOCATION '" + disk.path() + "'");
  std::string script = TextOfFile(DS_SOURCE_DIR "/sql/postgres/roles/disk_space.sql");
  for (std::size_t at = script.find("{role}"); at != std::string::npos;
       at = script.find("{role}")) {
    script.replace(at, 6, "service");
  }
  for (const bool is_asked_of_the_server : {true, false}) {
    SCOPED_TRACE(is_asked_of_the_server);
    if (is_asked_of_the_server) {
      health.server.Run("postgres", script);
    } else {
      health.server.Run("postgres", "DROP FUNCTION disk_space()");
      health.server.Run("postgres", "GRANT pg_read_all_settings TO service");
    }
    disk.FillUpTo(32u << 20);
    ASSERT_TRUE(health.State().disk.has_value());
    EXPECT_GT(health.State().disk->free_byte_count, 16 << 20);
    disk.FillUpTo(4u << 20);
    EXPECT_THAT(CodesOf(health.State()), ElementsAre("disk_nearly_full"));
    EXPECT_LE(health.State().disk->free_byte_count, 4 << 20);
    EXPECT_TRUE(health.health.Check(Soon()).has_value()) << "it is not full yet";
    disk.Free();
  }
}

}  // namespace
}  // namespace datastorage::postgres
