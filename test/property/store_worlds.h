// Real stores beside a fake that gets the same calls, each call after the real one.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/limits.h"
#include "fake/fake_record_store.h"
#include "postgres/expanded_schema.h"
#include "postgres/postgres_record_store.h"
#include "postgres/store_session.h"
#include "postgres/table_dump.h"
#include "sqlite/sqlite_record_store.h"
#include "support/manual_clock.h"
#include "support/sqlite_dump.h"
#include "support/temporary_folder.h"
#include "support/translated_stamps.h"

namespace datastorage {

class SqliteWorld {
 public:
  static constexpr int kCount = 20;

  SqliteWorld(const Clock& clock, FakeRecordStore& fake) : clock_(clock), fake_(fake) {}

  void Open() {
    store_.reset();
    auto opened = SqliteRecordStore::Open(
        {.directory = folder_.path(), .reader_count = 1, .clock = &clock_, .vfs = "unix"});
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    store_ = *std::move(opened);
  }
  RecordStore& store() { return *store_; }
  void Learn(CommitMode, const std::vector<WriteOutcome>&, std::vector<WriteOutcome>&) {}
  void CompareDumps() { ASSERT_EQ(DumpOfDirectory(folder_.path()), fake_.Dump()); }

 private:
  const Clock& clock_;
  FakeRecordStore& fake_;
  TemporaryFolder folder_;
  std::unique_ptr<SqliteRecordStore> store_;
};

inline std::vector<std::string> LinesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream rest(text);
  for (std::string line; std::getline(rest, line);) lines.push_back(line);
  return lines;
}

// The lines of one sorted dump that another lacks, each cut short.
inline std::string LinesBeyond(const std::string& dump, const std::string& other) {
  constexpr std::size_t kShown = 300;
  const std::vector<std::string> here = LinesOf(dump), there = LinesOf(other);
  std::vector<std::string> beyond;
  std::set_difference(
      here.begin(), here.end(), there.begin(), there.end(), std::back_inserter(beyond));
  std::string text;
  for (const std::string& line : beyond) text.append(line.substr(0, kShown)).append("\n");
  return text;
}

// A sequence leaves gaps where a drawn stamp is not used, so stamps are compared by a translation
// that must keep their order.
class PostgresWorld {
 public:
  static constexpr int kCount = 6;

  PostgresWorld(const Clock& clock,
                FakeRecordStore& fake,
                std::string database = postgres::MakeStoreDatabase())
      : clock_(clock), fake_(fake), database_(std::move(database)), translated_(fake) {
    // Random bodies keep none of the rules of validation.
    test::PostgresServer::Shared().Run(
        database_,
        "DO $$ DECLARE name text; BEGIN FOR name IN SELECT conname FROM pg_constraint"
        " WHERE conrelid = 'record'::regclass AND contype = 'c' LOOP"
        " EXECUTE format('ALTER TABLE record DROP CONSTRAINT %I', name); END LOOP; END $$");
  }

  void Open() {
    store_.reset();
    auto opened = PostgresRecordStore::Open(
        {.sessions = {.connection = {.conninfo = conninfo_}, .writer_count = 1, .reader_count = 1},
         .clock = &clock_},
        ThreadRuntime(),
        postgres::Soon());
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    store_ = *std::move(opened);
    translated_.SetInner(*store_);
  }
  RecordStore& store() { return translated_; }
  void Learn(CommitMode mode,
             const std::vector<WriteOutcome>& expected,
             std::vector<WriteOutcome>& outcomes) {
    translated_.Learn(mode, expected, outcomes);
  }
  void CompareDumps() {
    const auto fake_of = [&](Stamp stamp) { return translated_.BesideOf(stamp); };
    const std::string dump = WithoutOldClaims(postgres::DumpTables(*session_, fake_of));
    const std::string expected = WithoutOldClaims(postgres::Without("stamp", fake_.Dump()));
    if (dump == expected) return;
    FAIL() << "only in the database:\n"
           << LinesBeyond(dump, expected) << "only in the fake:\n"
           << LinesBeyond(expected, dump);
  }

 private:
  // A claim whose time is over counts for nothing; some go earlier than in the fake.
  std::string WithoutOldClaims(const std::string& dump) const {
    const auto oldest =
        (clock_.WallNow() - limits::kIdempotencyKeyLifetime).time_since_epoch().count();
    std::string kept;
    for (const std::string& line : LinesOf(dump)) {
      const bool is_claim = line.starts_with("idempotency_key ");
      if (is_claim && std::stoll(line.substr(line.rfind(' '))) <= oldest) continue;
      kept += line + "\n";
    }
    return kept;
  }

  const Clock& clock_;
  FakeRecordStore& fake_;
  const std::string database_;
  const std::string conninfo_ = test::PostgresServer::Shared().Conninfo(database_);
  const std::unique_ptr<postgres::Connection> session_ = postgres::OpenSession(conninfo_);
  TranslatedStamps translated_;
  std::unique_ptr<PostgresRecordStore> store_;
};

// The same on the schema of a later release.
class ExpandedPostgresWorld : public PostgresWorld {
 public:
  static constexpr int kCount = 2;

  ExpandedPostgresWorld(const Clock& clock, FakeRecordStore& fake)
      : PostgresWorld(clock, fake, postgres::MakeExpandedDatabase()) {}
};

}  // namespace datastorage
