#include "postgres/committer.h"

#include <thread>

#include "fake/fake_record_store.h"
#include "fake/store_dump.h"
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

}  // namespace
}  // namespace datastorage::postgres
