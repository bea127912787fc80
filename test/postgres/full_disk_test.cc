// What writers are told while the database's disk is full, and that nothing acknowledged is lost.
// A log that cannot be written stops the server; then its operator makes room and starts it.
#include <unistd.h>

#include <set>
#include <sstream>

#include "postgres/faulted_store.h"
#include "postgres/store_health.h"
#include "support/small_disk.h"

namespace datastorage::postgres {
namespace {

TEST(FullDisk, OfATablespaceIsToldAndWritesGoOnWhenThereIsRoom) {
  test::SmallDisk disk(48u << 20, geteuid() == 0 ? "postgres" : "");
  if (!disk.is_there()) GTEST_SKIP() << "only root may mount a small disk";
  test::PostgresServer server;
  server.Run("postgres", "CREATE TABLESPACE small LOCATION '" + disk.path() + "'");
  server.Run("postgres", "CREATE DATABASE store TABLESPACE small");
  MakeSchema(server, "store");
  FaultedStore store(server.Conninfo("store"));
  ASSERT_TRUE(store.Recovers());
  disk.FillUpTo(1u << 20);
  std::mt19937_64 random(1);
  Result<WriteOutcome> outcome = Internal("did not run");
  for (int i = 0; i < 200; ++i) {
    CreateOp create = CreationOf("big-" + std::to_string(i));
    std::get<Execution>(create.body).error_message = RandomText(random, 20'000);
    outcome = store.Write(create);
    if (!outcome.has_value()) break;
  }
  ASSERT_FALSE(outcome.has_value());
  EXPECT_EQ(outcome.error().code, ErrorCode::kResourceExhausted);
  EXPECT_NE(outcome.error().message.find("disk is full"), std::string::npos);
  EXPECT_EQ(store.CountRecords()->Integer(0, 0), store.stored_count()) << "reads go on";
  disk.Free();
  ASSERT_TRUE(store.Recovers());
  EXPECT_EQ(store.CountRecords()->Integer(0, 0), store.stored_count());
}

// Remembers what each writer was told.
class FullDiskWriter {
 public:
  explicit FullDiskWriter(FaultedStore& store) : store_(store) {}

  void WriteUntilRefused(int count) {
    const Deadline deadline = Deadline::In(std::chrono::minutes(2));
    while (full_count_ < count && down_count_ == 0 && !deadline.HasPassed()) WriteOne();
  }
  void WriteOne() {
    const std::string key = "big-" + std::to_string(++last_);
    CreateOp create = CreationOf(key);
    std::get<Execution>(create.body).error_message = RandomText(random_, 20'000);
    const auto outcome = store_.Write(create);
    if (outcome.has_value()) {
      stored_.insert(key);
      return;
    }
    const ErrorCode code = outcome.error().code;
    const bool is_down = code == ErrorCode::kUnavailable || code == ErrorCode::kOutcomeUnknown;
    EXPECT_TRUE(is_down || code == ErrorCode::kResourceExhausted) << outcome.error().message;
    down_count_ += is_down ? 1 : 0;
    full_count_ += is_down ? 0 : 1;
    if (code != ErrorCode::kOutcomeUnknown) refused_.insert(key);
  }
  void ExpectAllThere(const test::PostgresServer& server) const {
    std::istringstream text(server.Run("postgres", "SELECT string_agg(key, ' ') FROM natural_key"));
    std::set<std::string> there;
    for (std::string key; text >> key;) there.insert(key);
    for (const std::string& key : stored_) EXPECT_TRUE(there.contains(key)) << key << " is lost";
    for (const std::string& key : refused_) EXPECT_FALSE(there.contains(key)) << key;
    EXPECT_EQ(server.Run("postgres",
                         "SELECT count(*) FROM record WHERE length(body::text) < 20000"
                         " AND body->>'execution_id' LIKE 'big-%'"),
              "0");
  }
  std::size_t stored_count() const { return stored_.size(); }
  int full_count() const { return full_count_; }
  int down_count() const { return down_count_; }

 private:
  FaultedStore& store_;
  std::mt19937_64 random_{1};
  std::set<std::string> stored_;
  std::set<std::string> refused_;  // Certainly not stored.
  int last_ = 0;
  int full_count_ = 0;
  int down_count_ = 0;
};

// Until the server's log finds no room, which it does not survive.
void FillTheLog(const test::PostgresServer& server) {
  const auto session = OpenSession(server.Conninfo("postgres"));
  const std::string fill = "SELECT pg_logical_emit_message(false, 'fill', repeat('x', 1000000))";
  for (int i = 0; i < 500; ++i) {
    if (!session->RunOne("fill the log", {.sql = fill}, Soon()).has_value()) return;
  }
  ADD_FAILURE() << "the log found room after all";
}

// A server that does not recover by itself is started by its operator; the store is left alone.
bool RecoversWithAnOperator(test::PostgresServer& server, FaultedStore& store) {
  const Deadline deadline = Soon();
  while (!deadline.HasPassed()) {
    if (server.HasEnded()) server.Start();
    if (store.WriteNext().has_value() && store.CountRecords().has_value()) return true;
    poll(nullptr, 0, 20);
  }
  return false;
}

TEST(FullDisk, OfTheWholeServerLosesNothingAndWritesGoOnAfterItsStart) {
  test::SmallDisk disk(160u << 20, geteuid() == 0 ? "postgres" : "");
  if (!disk.is_there()) GTEST_SKIP() << "only root may mount a small disk";
  test::PostgresServer server(
      {.settings = {"min_wal_size=32MB", "max_wal_size=32MB"}, .data_path = disk.path() + "/data"});
  MakeSchema(server);
  FaultedStore store(server.Conninfo("postgres"));
  ASSERT_TRUE(store.Recovers());
  FullDiskWriter writer(store);
  for (int i = 0; i < 20; ++i) writer.WriteOne();
  disk.FillUpTo(1u << 20);
  StoreHealth health(store.sessions(), SystemClock());
  const auto warnings = health.Warnings(Soon());
  ASSERT_TRUE(warnings.has_value());
  ASSERT_FALSE(warnings->empty());
  EXPECT_EQ(warnings->front().code, "disk_nearly_full") << "it is told before anything fails";

  writer.WriteUntilRefused(20);
  EXPECT_GE(writer.stored_count(), 20u);
  EXPECT_GT(writer.full_count(), 0);
  EXPECT_TRUE(store.CountRecords().has_value()) << "reads go on";
  FillTheLog(server);
  writer.WriteOne();
  EXPECT_GT(writer.down_count(), 0) << "without a log there is no server";
  disk.Free();
  ASSERT_TRUE(RecoversWithAnOperator(server, store));
  writer.ExpectAllThere(server);
}

}  // namespace
}  // namespace datastorage::postgres
