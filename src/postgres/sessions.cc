#include "postgres/sessions.h"

#include "base/limits.h"
#include "postgres/queries.h"

namespace datastorage::postgres {
namespace {

constexpr const char* kPlanByKeys =
    "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off;"
    " SET enable_hashjoin = off; SET enable_mergejoin = off";

ConnectionPool::Opener ReaderOpener(const ConnectionOptions& options, bool has_records) {
  return [options, has_records](Deadline deadline) -> Result<std::unique_ptr<Connection>> {
    DS_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection,
                        Connection::Open(options, deadline));
    if (has_records) DS_RETURN_IF_ERROR(connection->Prepare(AllStatements(), deadline));
    return connection;
  };
}

// The rows of `calls`, without those of the statements that were put around them.
std::vector<Rows> Inner(std::vector<Rows> rows, std::size_t count) {
  rows.pop_back();
  rows.erase(rows.begin(), rows.end() - static_cast<std::ptrdiff_t>(count));
  return rows;
}

}  // namespace

ConnectionPool::Opener WriterOpener(const ConnectionOptions& options, bool has_records) {
  return [open = ReaderOpener(options, has_records)](
             Deadline deadline) -> Result<std::unique_ptr<Connection>> {
    DS_ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, open(deadline));
    DS_RETURN_IF_ERROR(connection->RunScript("set up a writer", kPlanByKeys, deadline));
    return connection;
  };
}

Sessions::Sessions(const Options& options)
    : writers_(options.writer_count,
               WriterOpener(options.connection, options.has_records),
               PoolMeter(options.metrics, options.database, "writers")),
      readers_(options.reader_count,
               ReaderOpener(options.connection, options.has_records),
               PoolMeter(options.metrics, options.database, "readers")),
      builders_(kBuilderCount,
                ReaderOpener(options.connection, false),
                PoolMeter(options.metrics, options.database, "builders")) {}

Result<std::vector<Rows>> Sessions::Read(std::string_view doing,
                                         const std::vector<Call>& calls,
                                         Deadline deadline) {
  for (bool is_again = false;; is_again = true) {
    DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease session, readers_.Acquire(deadline));
    Result<std::vector<Rows>> rows = std::vector<Rows>();
    if (calls.size() == 1) {
      rows = session->Run(doing, calls, deadline);
    } else {
      std::vector<Call> all{{.name = Connection::kBeginReading}};
      all.insert(all.end(), calls.begin(), calls.end());
      all.push_back({.name = Connection::kCommit});
      rows = session->Run(doing, std::move(all), deadline);
      if (rows.has_value()) return Inner(*std::move(rows), calls.size());
    }
    if (rows.has_value()) return rows;
    const bool was_lost = !session->is_usable() && !deadline.HasPassed();
    if (was_lost && !is_again) continue;
    // Nobody's commit: there was nothing to be known of it.
    if (rows.error().code != ErrorCode::kOutcomeUnknown) return rows;
    return Unavailable(std::string(doing) + ": the connection was lost");
  }
}

Result<Rows> Sessions::ReadOne(std::string_view doing, const Call& call, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(std::vector<Rows> rows, Read(doing, {call}, deadline));
  return std::move(rows.front());
}

Result<std::vector<Rows>> Sessions::Write(std::string_view doing,
                                          const std::vector<Call>& calls,
                                          Durability durability,
                                          Deadline deadline) {
  std::vector<Call> all{{.name = Connection::kBegin}};
  if (durability == Durability::kNothing) all.push_back({.name = Connection::kRelax});
  all.insert(all.end(), calls.begin(), calls.end());
  all.push_back({.name = Connection::kCommit});
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease session, readers_.Acquire(deadline));
  for (int attempt = 1;; ++attempt) {
    Result<std::vector<Rows>> rows = session->Run(doing, all, deadline);
    if (rows.has_value()) return Inner(*std::move(rows), calls.size());
    if (rows.error().code == ErrorCode::kOutcomeUnknown) return rows;
    if (!IsWorthRepeating(session->last_failure().sqlstate)) return rows;
    if (attempt == limits::kCommitRetryCountMax) {
      return Unavailable("the database: other transactions were always first");
    }
    session->Rollback();
  }
}

}  // namespace datastorage::postgres
