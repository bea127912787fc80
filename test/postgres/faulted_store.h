// The store's sessions and write path over a server that a test lets fail.
#pragma once

#include <poll.h>

#include <random>
#include <string>
#include <vector>

#include "postgres/committer.h"
#include "postgres/sessions.h"
#include "postgres/store_session.h"

namespace datastorage::postgres {

// The store's sessions and write path over one or two servers.
class FaultedStore {
 public:
  explicit FaultedStore(const std::string& conninfo) : sessions_(OptionsOf(conninfo)) {}

  Result<WriteOutcome> Write(const CreateOp& create,
                             Deadline deadline = Deadline::In(std::chrono::seconds(5))) {
    const WriteOp operation = create;
    const auto outcomes = committer_.Commit({&operation, 1}, CommitMode::kEachForItself, deadline);
    if (!outcomes.has_value()) return outcomes.error();
    ++stored_count_;
    return outcomes->front();
  }
  Result<WriteOutcome> WriteNext(Deadline deadline = Deadline::In(std::chrono::seconds(5))) {
    return Write(CreationOf("key-" + std::to_string(++last_key_)), deadline);
  }
  // Reads on the other pool. Errors: Sessions::Read's.
  Result<Rows> CountRecords(Deadline deadline = Deadline::In(std::chrono::seconds(5))) {
    return sessions_.ReadOne("count", {.sql = "SELECT count(*) FROM record"}, deadline);
  }

  // Within half a minute, without a person.
  bool Recovers() {
    const Deadline deadline = Soon();
    while (!WriteNext().has_value() || !CountRecords().has_value()) {
      if (deadline.HasPassed()) return false;
      poll(nullptr, 0, 10);
    }
    return true;
  }
  // Until a write fails, as a change that the server takes up by and by lets it.
  Error AwaitFailure() {
    const Deadline deadline = Soon();
    while (!deadline.HasPassed()) {
      const auto outcome = WriteNext();
      if (!outcome.has_value()) return outcome.error();
      poll(nullptr, 0, 10);
    }
    return Internal("it never failed");
  }
  // How long so many calls take that are to fail at once.
  Duration TimeOfFailures(int count) {
    const SteadyTime begin = SystemClock().Now();
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(CodeOf(WriteNext()), ErrorCode::kUnavailable);
      EXPECT_EQ(CodeOf(CountRecords()), ErrorCode::kUnavailable);
    }
    return SystemClock().Now() - begin;
  }

  int stored_count() const { return stored_count_; }
  Sessions& sessions() { return sessions_; }
  Committer& committer() { return committer_; }

 private:
  static Sessions::Options OptionsOf(const std::string& conninfo) {
    Sessions::Options options;
    options.connection.conninfo = conninfo;
    options.connection.connect_timeout = std::chrono::seconds(2);
    options.connection.lock_timeout = std::chrono::milliseconds(400);
    return options;
  }

  Sessions sessions_;
  ManualClock clock_;
  Committer committer_{sessions_.writers(), clock_};
  int last_key_ = 0;
  int stored_count_ = 0;
};

inline void MakeSchema(const test::PostgresServer& server,
                       const std::string& database = "postgres") {
  const auto owner = OpenSession(server.Conninfo(database));
  ASSERT_TRUE(Migrate(*owner, AllMigrations(), "", Soon()).has_value());
}

// Nothing that the server could store in less.
inline std::string RandomText(std::mt19937_64& random, std::size_t size) {
  std::string text(size, ' ');
  for (char& letter : text) letter = static_cast<char>('!' + random() % 90);
  return text;
}

}  // namespace datastorage::postgres
