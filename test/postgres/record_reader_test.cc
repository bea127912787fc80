#include "postgres/record_reader.h"

#include <gmock/gmock.h>

#include <thread>

#include "postgres/commit_wave.h"
#include "postgres/reader_session.h"

namespace datastorage::postgres {
namespace {

using testing::ElementsAre;

NaturalKey KeyOf(const CreateOp& create) {
  return {KindOf(create.body), NaturalKeyOf(create.body)};
}

TEST(RecordReader, AnswersEveryNameInTheOrderAsked) {
  ReaderSession store;
  const CreateOp kept = ReadableCreation("kept", {});
  const CreateOp erased = ReadableCreation("erased", {});
  const CreateOp begun = CreationOf("begun");
  const BeginIntentOp begin{.id = begun.id,
                            .kind = RecordKind::kExecution,
                            .natural_key = "begun",
                            .content_hash = begun.content_hash,
                            .claim = std::nullopt,
                            .now = begun.now,
                            .lease_until = begun.now};
  store.Commit({kept, erased, begin});
  store.Commit({EraseOp{erased.id, SystemUuidSource().MakeVersion4(), erased.now, "who", "why"}});
  const std::vector<RecordRef> refs{KeyOf(erased),
                                    kept.id,
                                    RecordId(),
                                    KeyOf(begun),
                                    begun.id,
                                    KeyOf(kept),
                                    erased.id,
                                    NaturalKey{RecordKind::kWorkflow, "kept"},
                                    kept.id};
  std::vector<ReadStatus> statuses;
  std::vector<RecordId> ids;
  for (const ReadOutcome& outcome : store.Read(refs)) {
    statuses.push_back(outcome.status);
    ids.push_back(outcome.id);
    EXPECT_EQ(outcome.record.id, outcome.status == ReadStatus::kFound ? kept.id : RecordId());
    EXPECT_EQ(outcome.embedding.has_value(), outcome.status == ReadStatus::kFound);
  }
  EXPECT_THAT(statuses,
              ElementsAre(ReadStatus::kErased,
                          ReadStatus::kFound,
                          ReadStatus::kNotFound,
                          ReadStatus::kNotFound,
                          ReadStatus::kNotFound,
                          ReadStatus::kFound,
                          ReadStatus::kErased,
                          ReadStatus::kNotFound,
                          ReadStatus::kFound));
  const RecordId none;
  EXPECT_THAT(ids,
              ElementsAre(erased.id, kept.id, none, none, none, kept.id, erased.id, none, kept.id));
  EXPECT_FALSE(store.reader.Read(refs, "", Soon())->at(1).embedding.has_value());
  EXPECT_TRUE(store.reader.Read({}, "", Soon())->empty());
}

// A year of records in monthly partitions.
constexpr int kRecordCount = 20'000;
constexpr const char* kFill = R"(
SELECT make_partitions('2024-01-01', 12);
CREATE TEMPORARY TABLE made AS
SELECT n, first_id_of(timestamptz '2024-01-01' + n * interval '366 days' / 20001) AS id,
  sha256(n::text::bytea) AS hash
FROM generate_series(1, 20000) AS n;
INSERT INTO record (id, kind, version, stamp, attempt, content_hash, text_hash, created_at,
  updated_at, workflow_id, execution_id, action_type, target_resource, cluster_name, success,
  start_time, body)
SELECT id, 'execution', 2, n, id, hash, hash, now(), now(), 'w', 'key-' || n, 'a', 't', 'c', TRUE,
  now(), '{}' FROM made;
INSERT INTO natural_key SELECT 'execution', 'key-' || n, id FROM made;
INSERT INTO record_version SELECT id, 1, n, id, now(), '{}' FROM made;
INSERT INTO embedding SELECT id, 'model/t1', n, hash, decode(repeat('00', 1536), 'hex')
FROM made WHERE n % 10 <> 0;
INSERT INTO pending_vector SELECT 1, id, n, 'due', now(), 0, 'backfill', now()
FROM made WHERE n % 10 = 0;
)";

// The nodes of the plan that read a whole table with something in it, or nothing by index at all.
std::string FaultsOf(Connection& session, const std::string& execution) {
  const auto rows = session.RunOne("plan", {.sql = "EXPLAIN EXECUTE " + execution}, Soon());
  EXPECT_TRUE(rows.has_value());
  std::string faults;
  bool uses_index = false;
  for (int row = 0; rows.has_value() && row < rows->count(); ++row) {
    const std::string line(rows->Text(row, 0));
    const auto has = [&](const char* part) { return line.find(part) != std::string::npos; };
    uses_index = uses_index || has("Index Scan") || has("Index Only Scan");
    // The partitions of months to come are empty, and the sets are few.
    const bool is_of_much = has("_2024_") || has("pending_vector") || has("natural_key");
    if (has("Seq Scan") && is_of_much) faults += line + "\n";
  }
  return uses_index ? faults : "no index\n";
}

TEST(RecordReader, LooksUpByIndexWhateverThePlannerKnows) {
  ReaderSession store;
  store.Ask(kFill);
  const std::string id = "'" + store.Ask("SELECT id FROM record WHERE stamp = 10000") + "'::uuid";
  const auto hundred = [](const std::string& value) {
    return "array_fill(" + value + ", ARRAY[100])";
  };
  const std::string nothing = hundred("NULL::text");
  const std::vector<std::string> executions{
      "read_records(" + hundred(id) + ", " + nothing + ", " + nothing + ", " +
          hundred("NULL::bytea") + ", 'model/t1')",
      "read_records(" + hundred("NULL::uuid") + ", " + hundred("'execution'::text") + ", " +
          hundred("'key-7'::text") + ", " + hundred("'x'::bytea") + ", NULL)",
      "record_history(" + id + ")",
      "scan_embeddings('model/t1', '00000000-0000-0000-0000-000000000000', 100)",
      "scan_embeddings('model/t1', " + id + ", 1000)",
      "scan_ids(1, '00000000-0000-0000-0000-000000000000', 100)",
      "scan_ids(1, " + id + ", 100)"};
  for (const char* const knowledge : {"SELECT 1", "ANALYZE"}) {
    store.Ask(knowledge);
    for (const char* const mode : {"force_custom_plan", "force_generic_plan"}) {
      const auto session = StoreOpener(store.database)(Soon());
      ASSERT_TRUE(session.has_value());
      const std::string set = std::string("SET plan_cache_mode = ") + mode;
      ASSERT_TRUE((*session)->RunScript("set", set, Soon()).has_value());
      for (const std::string& execution : executions) {
        EXPECT_EQ(FaultsOf(**session, execution), "") << knowledge << " " << mode << execution;
      }
    }
  }
}

TEST(RecordReader, ScansPagesOfPartitionsInOrder) {
  ReaderSession store;
  store.Ask(kFill);
  constexpr int kLimit = 999;
  int id_count = 0;
  int pending_count = 0;
  for (RecordId after{};;) {
    const auto page = store.reader.ScanIds(1, after, kLimit, Soon());
    ASSERT_TRUE(page.has_value());
    if (page->empty()) break;
    for (const StoredId& stored : *page) {
      EXPECT_LT(after, stored.id);
      EXPECT_NE(stored.has_embedding, stored.pending_stamp.has_value());
      after = stored.id;
      ++id_count;
      pending_count += stored.pending_stamp.has_value() ? 1 : 0;
    }
  }
  EXPECT_EQ(id_count, kRecordCount);
  EXPECT_EQ(pending_count, kRecordCount / 10);
}

TEST(RecordReader, RaisesStampsOnlyWhileNoCommitMayDrawOne) {
  ReaderSession store;
  const CreateOp create = CreationOf("key");
  const WriteOp operation = create;
  const auto running = store.pool.Acquire(Soon());
  ASSERT_TRUE(ReadWave(**running, {&operation, 1}, {WaveBegin::kBegins}, Soon()).has_value());
  const Stamp drawn = store.Raise(0);
  EXPECT_GE(drawn, 1);
  EXPECT_EQ(store.Raise(drawn), drawn);  // Nothing to be done: nobody is waited for.
  EXPECT_EQ(
      CodeOf(store.reader.RaiseStamps(drawn + 1, Deadline::In(std::chrono::milliseconds(100)))),
      ErrorCode::kDeadlineExceeded);
  EXPECT_EQ(store.Raise(0), drawn);
  (*running)->Rollback();
  EXPECT_EQ(store.Raise(drawn + 1'000), drawn);
  EXPECT_EQ(store.Raise(0), drawn + 1'000);
  EXPECT_GT(store.Commit({create}).at(0).stamp, drawn + 1'000);
}

TEST(RecordReader, NeverLowersStampsThatWereRaisedByHand) {
  ReaderSession store;
  store.Ask("ALTER SEQUENCE stamp RESTART WITH 5000");
  EXPECT_EQ(store.Raise(0), 4'999);
  EXPECT_EQ(store.Raise(1'000), 4'999);
  EXPECT_EQ(store.Commit({CreationOf("key")}).at(0).stamp, 5'000);
}

TEST(RecordReader, RaisesStampsForManyReplicasAtOnce) {
  ReaderSession store;
  constexpr int kRoundCount = 25;
  std::vector<std::jthread> replicas;
  for (int replica = 0; replica < 3; ++replica) {
    replicas.emplace_back([&, replica] {
      for (int round = 1; round <= kRoundCount; ++round) {
        const Stamp floor = round * 100 + replica * 40;
        store.Raise(floor);
        const std::string key = std::to_string(replica) + "-" + std::to_string(round);
        EXPECT_GT(store.Commit({CreationOf(key)}).at(0).stamp, floor);
      }
    });
  }
  replicas.clear();
  EXPECT_EQ(store.Ask("SELECT count(DISTINCT stamp) FROM record"), std::to_string(3 * kRoundCount));
}

// What a crash may take back: a sequence is changed outside of transactions.
TEST(RecordReader, HoldsWhatItSaidOfStampsOverACrash) {
  test::PostgresServer server({.settings = {"wal_writer_delay=10s"}});
  const std::string database = "postgres";
  ASSERT_TRUE(
      Migrate(*OpenSession(server.Conninfo(database)), AllMigrations(), "", Soon()).has_value());
  Sessions sessions({.connection = {.conninfo = server.Conninfo(database)}});
  RecordReader reader(sessions);
  const auto raise = [&](Stamp floor) { return reader.RaiseStamps(floor, Soon()).value_or(-1); };
  const auto crash = [&] {
    server.Kill();
    server.Start();
  };
  EXPECT_EQ(raise(1'000), 0);
  crash();
  EXPECT_GE(raise(0), 1'000);

  server.Run(database, "CHECKPOINT");
  server.Run(database, "BEGIN; SELECT nextval('stamp') FROM generate_series(1, 500); ROLLBACK");
  const Stamp drawn = raise(0);
  EXPECT_GE(drawn, 1'500);
  EXPECT_EQ(raise(drawn), drawn);
  crash();
  EXPECT_GE(raise(0), drawn);
}

}  // namespace
}  // namespace datastorage::postgres
