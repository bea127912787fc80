#include "postgres/committer.h"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>

#include "fake/fake_record_store.h"
#include "fake/store_dump.h"
#include "postgres/commit_wave.h"
#include "postgres/store_session.h"
#include "support/random_spans.h"

namespace datastorage::postgres {
namespace {

struct DumpQuery {
  const char* table;
  // u: uuid, t: text, i: integer, s: stamp, b: bytes, w: time.
  const char* columns;
  const char* sql;
};

constexpr DumpQuery kDumpQueries[] = {
    {"record",
     "utisubbwwt",
     "SELECT id, kind, version, stamp, attempt, content_hash, text_hash, created_at, updated_at,"
     " body::text FROM record"},
    {"record_version",
     "uisuwt",
     "SELECT record_id, version, stamp, attempt, updated_at, body::text FROM record_version"},
    {"natural_key", "ttus", "SELECT kind, key, id, intent_stamp FROM natural_key"},
    {"erased_key", "u", "SELECT id FROM erased_key"},
    {"erasure",
     "utisuwtt",
     "SELECT id, kind, version, stamp, attempt, erased_at, actor, why FROM erasure"},
    {"erased_attempt", "uiu", "SELECT record_id, version, attempt FROM erased_attempt"},
    {"idempotency_key",
     "tbiuiw",
     "SELECT key, request_hash, http_status, id, version, created_at FROM idempotency_key"},
    {"vector_set",
     "ittttt",
     "SELECT set_id, engine, space, projection, pending_rule, state FROM vector_set"},
    {"embedding", "utsbb", "SELECT record_id, space, stamp, text_hash, v FROM embedding"},
    {"pending_vector",
     "iustwitw",
     "SELECT set_id, record_id, stamp, state, due_at, attempts, reason, since"
     " FROM pending_vector"},
};

// The store beside the fake. A sequence leaves gaps where a drawn stamp is not used, so stamps are
// compared by a translation that must keep their order.
class BesideTheFake {
 public:
  explicit BesideTheFake(std::uint64_t seed) : spans_(seed) {
    // Random bodies keep none of the rules of validation.
    store_.Ask(
        "DO $$ DECLARE name text; BEGIN FOR name IN SELECT conname FROM pg_constraint"
        " WHERE conrelid = 'record'::regclass AND contype = 'c' LOOP"
        " EXECUTE format('ALTER TABLE record DROP CONSTRAINT %I', name); END LOOP; END $$");
    const VectorSet sets[] = {{.engine = "scan",
                               .space = "small/t1",
                               .projection = "",
                               .pending_rule = PendingRule::kWhereEmbeddingIsMissing,
                               .state = VectorSetState::kLive},
                              {.engine = "far",
                               .space = "large/t1",
                               .projection = "",
                               .pending_rule = PendingRule::kEverySet,
                               .state = VectorSetState::kFilling},
                              {.engine = "far",
                               .space = "small/t1",
                               .projection = "p1",
                               .pending_rule = PendingRule::kEverySet,
                               .state = VectorSetState::kFilling}};
    for (const VectorSet& set : sets) {
      EXPECT_TRUE(fake_.RegisterSet(set, Deadline::Never()).has_value());
      store_.Ask(
          "INSERT INTO vector_set (engine, space, projection, pending_rule, state) VALUES ('" +
          set.engine + "', '" + set.space + "', '" + set.projection + "', '" +
          std::string(NameOf(set.pending_rule)) + "', '" + std::string(NameOf(set.state)) + "')");
    }
  }

  void CommitSpan() {
    store_.clock.Advance(std::chrono::minutes(1 + spans_.random().Below(10)));
    clock_.Advance(store_.clock.WallNow() - clock_.WallNow());
    const std::vector<WriteOp> operations = spans_.Next(clock_.WallNow());
    const CommitMode mode =
        spans_.random().Chance(80) ? CommitMode::kEachForItself : CommitMode::kAllOrNothing;
    const auto expected = fake_.Commit(operations, mode, Deadline::Never());
    const auto outcomes = store_.committer.Commit(Translated(operations), mode, Soon());
    ASSERT_TRUE(outcomes.has_value()) << outcomes.error().message;
    ASSERT_EQ(outcomes->size(), expected->size());
    const bool is_stored =
        mode == CommitMode::kEachForItself ||
        std::all_of(expected->begin(), expected->end(), [](const WriteOutcome& outcome) {
          return Succeeded(outcome.status);
        });
    for (std::size_t i = 0; i < outcomes->size(); ++i) {
      const WriteOutcome& outcome = (*outcomes)[i];
      const WriteOutcome& wanted = (*expected)[i];
      ASSERT_EQ(NameOf(outcome.status), NameOf(wanted.status)) << "operation " << i;
      // What was undone may name stamps that the fake draws again.
      if (is_stored) LearnStamp(outcome.stamp, wanted.stamp);
      EXPECT_EQ(outcome.id, wanted.id);
      EXPECT_EQ(outcome.version, wanted.version);
      EXPECT_EQ(outcome.replayed_http_status, wanted.replayed_http_status);
      EXPECT_EQ(outcome.has_pending, wanted.has_pending);
      seen.insert(wanted.status);
    }
    spans_.Learn(operations, *expected);
    ASSERT_EQ(Dump(), Without("stamp", fake_.Dump()));
  }

  std::set<WriteStatus> seen;

 private:
  void LearnStamp(Stamp real, Stamp fake) {
    if (fake == 0 || real == 0) {
      EXPECT_EQ(real, fake);
      return;
    }
    const auto [found, is_new] = fake_of_.emplace(real, fake);
    EXPECT_EQ(found->second, fake);
    if (!is_new) return;
    real_of_[fake] = real;
    EXPECT_TRUE(found == fake_of_.begin() || std::prev(found)->second < fake);
    EXPECT_TRUE(std::next(found) == fake_of_.end() || std::next(found)->second > fake);
  }

  std::vector<WriteOp> Translated(std::vector<WriteOp> operations) {
    constexpr Stamp kNobodys = 1'000'000'000;
    const auto real_of = [&](Stamp fake) {
      const auto found = real_of_.find(fake);
      return found == real_of_.end() ? kNobodys : found->second;
    };
    for (WriteOp& operation : operations) {
      if (auto* const create = std::get_if<CreateOp>(&operation)) {
        if (create->consumes_intent) create->consumes_intent = real_of(*create->consumes_intent);
      } else if (auto* const abort = std::get_if<AbortIntentOp>(&operation)) {
        abort->intent_stamp = real_of(abort->intent_stamp);
      }
    }
    return operations;
  }

  void AddColumn(const Rows& rows, int row, int column, char type, DumpLine& line) {
    if (rows.IsNull(row, column)) {
      line.Null();
    } else if (type == 'u') {
      line.Id(rows.Id(row, column));
    } else if (type == 't') {
      line.Text(rows.Text(row, column));
    } else if (type == 'i') {
      line.Integer(rows.Integer(row, column));
    } else if (type == 's') {
      line.Integer(fake_of_[rows.Integer(row, column)]);
    } else if (type == 'b') {
      line.Bytes(rows.Bytes(row, column));
    } else {
      line.Time(rows.Time(row, column));
    }
  }

  std::string Dump() {
    StoreDump dump;
    const auto session = store_.pool.Acquire(Soon());
    for (const DumpQuery& query : kDumpQueries) {
      const auto rows = (*session)->RunOne("dump", {.sql = query.sql}, Soon());
      EXPECT_TRUE(rows.has_value()) << query.sql;
      for (int row = 0; row < rows->count(); ++row) {
        DumpLine line(query.table);
        for (int column = 0; query.columns[column] != '\0'; ++column) {
          AddColumn(*rows, row, column, query.columns[column], line);
        }
        dump.Add(line);
      }
    }
    return dump.ToText();
  }

  static std::string Without(const std::string& table, const std::string& dump) {
    std::string kept;
    for (std::size_t at = 0; at < dump.size();) {
      const std::size_t end = dump.find('\n', at) + 1;
      const std::string line = dump.substr(at, end - at);
      if (!line.starts_with(table + " ")) kept += line;
      at = end;
    }
    return kept;
  }

  RandomSpans spans_;
  StoreSession store_;
  ManualClock clock_;
  FakeRecordStore fake_{clock_};
  std::map<Stamp, Stamp> fake_of_;
  std::map<Stamp, Stamp> real_of_;
};

TEST(Committer, DoesWhatTheFakeDoesInRandomSpans) {
  std::set<WriteStatus> seen;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    SCOPED_TRACE(seed);
    BesideTheFake both(seed);
    for (int span = 0; span < 110 && !testing::Test::HasFailure(); ++span) both.CommitSpan();
    seen.insert(both.seen.begin(), both.seen.end());
  }
  EXPECT_EQ(seen.size(), static_cast<std::size_t>(WriteStatus::kNotAttempted) + 1);
}

TEST(Committer, LetsOneOfManyWritersHaveAKey) {
  StoreSession store;
  std::atomic<int> created_count = 0;
  std::atomic<int> other_count = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 6; ++writer) {
    writers.emplace_back([&, writer] {
      for (int round = 0; round < 10; ++round) {
        std::vector<WriteOp> operations;
        // In another order each: the store must put them in its own.
        for (int i = 0; i < 10; ++i) {
          const int key = round * 10 + (i * 3 + writer) % 10;
          CreateOp create = CreationOf("key-" + std::to_string(key));
          create.claim = IdempotencyClaim{"claim-" + std::to_string(key), HashOf("request")};
          operations.emplace_back(create);
        }
        for (const WriteOutcome& outcome : store.Commit(operations)) {
          if (outcome.status == WriteStatus::kCreated) {
            ++created_count;
          } else {
            EXPECT_EQ(outcome.status, WriteStatus::kReplayed);
            ++other_count;
          }
        }
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(created_count, 100);
  EXPECT_EQ(other_count, 500);
  EXPECT_EQ(store.Ask("SELECT count(*) FROM record"), "100");
  EXPECT_EQ(store.Ask("SELECT count(*) FROM record r JOIN natural_key n USING (id)"
                      " JOIN idempotency_key i USING (id)"),
            "100");
}

TEST(Committer, MakesOneVersionOfEachUpdateThatWins) {
  StoreSession store;
  const CreateOp create = CreationOf("key");
  store.Commit({create});
  std::atomic<int> updated_count = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&] {
      for (std::int64_t version = 1; version <= 25; ++version) {
        const WriteOutcome outcome = store.Commit({UpdateOf(create, version)}).at(0);
        if (outcome.status == WriteStatus::kUpdated) ++updated_count;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(store.Ask("SELECT version FROM record"), std::to_string(1 + updated_count));
  EXPECT_EQ(store.Ask("SELECT count(*) FROM record_version"), std::to_string(updated_count));
  // The stamp rises with the version.
  EXPECT_EQ(store.Ask("SELECT count(*) FROM record_version a JOIN record_version b"
                      " ON b.version = a.version + 1 WHERE b.stamp <= a.stamp"),
            "0");
}

TEST(Committer, TellsOfEachAttemptWhetherItCommitted) {
  StoreSession store;
  const CreateOp create = CreationOf("key");
  const UpdateOp update = UpdateOf(create, 1);
  const EraseOp erase{
      create.id, SystemUuidSource().MakeVersion4(), create.now, "operator", "asked to"};
  const std::vector<AttemptRef> attempts{
      {create.id, create.attempt}, {create.id, update.attempt}, {create.id, erase.attempt}};
  const std::vector<WriteOp> operations{create, update, erase};
  for (std::size_t done = 0; done <= operations.size(); ++done) {
    const auto outcomes = store.committer.SettleAttempts(attempts, Soon());
    ASSERT_TRUE(outcomes.has_value());
    for (std::size_t i = 0; i < attempts.size(); ++i) {
      EXPECT_EQ((*outcomes)[i].is_committed, i < done) << done << " " << i;
      EXPECT_EQ((*outcomes)[i].version, i >= done ? 0 : i == 0 ? 1 : 2);
    }
    if (done < operations.size()) store.Commit({operations[done]});
  }
}

TEST(Committer, TellsNothingOfAnAttemptThatMayStillCommit) {
  StoreSession store;
  const CreateOp create = CreationOf("key");
  const WriteOp operation = create;
  const AttemptRef attempt{create.id, create.attempt};
  const auto running = store.pool.Acquire(Soon());
  ASSERT_TRUE(ReadWave(**running, {&operation, 1}, WaveBegin::kBegins, Soon()).has_value());
  const auto settle = [&](Deadline deadline) {
    return store.committer.SettleAttempts({&attempt, 1}, deadline);
  };
  EXPECT_EQ(CodeOf(settle(Deadline::In(std::chrono::milliseconds(100)))),
            ErrorCode::kDeadlineExceeded);
  (*running)->Rollback();
  const auto settled = settle(Soon());
  ASSERT_TRUE(settled.has_value());
  EXPECT_FALSE(settled->at(0).is_committed);
}

// Kills the server under writers, and looks for everything that was acknowledged.
TEST(Committer, LosesNothingThatWasAcknowledgedWhenTheServerIsKilled) {
  test::PostgresServer server;
  ASSERT_TRUE(
      Migrate(*OpenSession(server.Conninfo("postgres")), AllMigrations(), "", Soon()).has_value());
  const ManualClock clock;
  ConnectionPool pool(4, [&](Deadline deadline) -> Result<std::unique_ptr<Connection>> {
    DS_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                        Connection::Open({.conninfo = server.Conninfo("postgres")}, deadline));
    DS_RETURN_IF_ERROR(connection->Prepare(AllStatements(), deadline));
    return connection;
  });
  Committer committer(pool, clock);
  std::mutex mutex;
  std::vector<AttemptRef> acknowledged;
  std::vector<AttemptRef> refused;
  std::atomic<bool> is_over = false;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; !is_over; ++i) {
        const CreateOp create =
            CreationOf("key-" + std::to_string(writer) + "-" + std::to_string(i));
        const WriteOp operation = create;
        const auto outcomes = committer.Commit({&operation, 1}, CommitMode::kEachForItself, Soon());
        // While the server is down it answers at once: leave it the processor.
        if (!outcomes.has_value()) poll(nullptr, 0, 10);
        const std::lock_guard lock(mutex);
        if (outcomes.has_value()) {
          acknowledged.push_back({create.id, create.attempt});
        } else if (outcomes.error().code != ErrorCode::kOutcomeUnknown) {
          refused.push_back({create.id, create.attempt});
        }
      }
    });
  }
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return acknowledged.size();
  };
  for (int kill = 0; kill < 3; ++kill) {
    const std::size_t before = count();
    while (count() < before + 50) poll(nullptr, 0, 1);
    server.Kill();
    server.Start();
  }
  is_over = true;
  for (std::thread& writer : writers) writer.join();
  const auto kept = committer.SettleAttempts(acknowledged, Soon());
  ASSERT_TRUE(kept.has_value());
  EXPECT_TRUE(std::all_of(kept->begin(), kept->end(), [](const AttemptOutcome& outcome) {
    return outcome.is_committed;
  })) << "an acknowledged write is lost";
  // Thousands were refused while it was down: the first ones are enough.
  refused.resize(std::min<std::size_t>(refused.size(), 2'000));
  const auto gone = committer.SettleAttempts(refused, Soon());
  ASSERT_TRUE(gone.has_value());
  EXPECT_TRUE(std::none_of(gone->begin(), gone->end(), [](const AttemptOutcome& outcome) {
    return outcome.is_committed;
  })) << "a refused write is there";
}

}  // namespace
}  // namespace datastorage::postgres
