// Sessions: the pools of the store, and the two ways to run statements that are no Commit.
//
// Threads: safe to call concurrently. Every session has AllStatements prepared, but for those of a
// database without records.
#pragma once

#include <vector>

#include "postgres/connection_pool.h"

namespace datastorage::postgres {

// Makes sessions for Committer. Its statements go by keys, and are planned once: a plan that was
// made while tables were small would read all of one that has grown since, and planning anew costs
// more than the statement.
ConnectionPool::Opener WriterOpener(const ConnectionOptions& options, bool has_records);

class Sessions {
 public:
  struct Options {
    ConnectionOptions connection{};
    bool has_records = true;     // Else the database is one of vectors only: nothing is prepared.
    Metrics* metrics = nullptr;  // What the pools tell; must outlive the sessions.
    std::string_view database = "records";  // There: a literal.
    int writer_count = 4;  // Commits that run at the same time, 1…kDatabaseSessionCountMax.
    int reader_count = 8;  // All else, 1…kDatabaseSessionCountMax.
  };

  // Connects to nobody yet.
  explicit Sessions(const Options& options);

  // For Committer.
  ConnectionPool& writers() { return writers_; }
  // For what needs a session of its own through several steps.
  ConnectionPool& readers() { return readers_; }
  // For what takes minutes; opened when first needed. Nothing is prepared in them.
  ConnectionPool& builders() { return builders_; }

  static constexpr int kBuilderCount = 2;

  // Runs the calls in one snapshot and one round trip; returns the rows of each, in order. A
  // session that turns out to be lost is replaced once: reading twice changes nothing.
  Result<std::vector<Rows>> Read(std::string_view doing,
                                 const std::vector<Call>& calls,
                                 Deadline deadline);
  Result<Rows> ReadOne(std::string_view doing, const Call& call, Deadline deadline);

  // What a write must survive. Losing a lease or a settled row costs a repetition only.
  enum class Durability : std::uint8_t { kServerCrash, kNothing };

  // Runs the calls in a transaction and one round trip. A transaction that was undone for another's
  // sake is repeated. Errors: also kOutcomeUnknown, when the answer to COMMIT was lost: what is
  // written here may be written again.
  Result<std::vector<Rows>> Write(std::string_view doing,
                                  const std::vector<Call>& calls,
                                  Durability durability,
                                  Deadline deadline);

 private:
  ConnectionPool writers_;
  ConnectionPool readers_;
  ConnectionPool builders_;
};

}  // namespace datastorage::postgres
