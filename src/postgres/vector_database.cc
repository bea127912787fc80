#include "postgres/vector_database.h"

#include "postgres/pgvector_schema.h"

namespace datastorage::postgres {
namespace {

// A server that does not answer must hold up neither the start of the service nor the relay.
constexpr Duration kClaimTimeout = std::chrono::seconds(4);
constexpr std::chrono::milliseconds kConnectTimeout{2'000};
// Of what a readiness probe may take in all, the rest is for others.
constexpr Duration kCheckTimeout = std::chrono::milliseconds(700);

Sessions::Options SessionsOf(const VectorDatabase::Options& options) {
  Sessions::Options sessions;
  sessions.connection.conninfo = options.conninfo;
  sessions.connection.connect_timeout = kConnectTimeout;
  sessions.has_records = false;
  sessions.reader_count = options.session_count;
  sessions.metrics = options.metrics;
  sessions.database = options.database;
  return sessions;
}

PgvectorIndex::Options IndexOf(const VectorDatabase::Options& options) {
  PgvectorIndex::Options index;
  index.joins_records = false;
  index.write_mode = options.write_mode;
  index.codes = options.codes;
  return index;
}

}  // namespace

VectorDatabase::VectorDatabase(const Options& options)
    : VectorSessions(SessionsOf(options)), PgvectorIndex(own_sessions_, IndexOf(options)) {}

Result<void> VectorDatabase::Prepare(Deadline deadline) {
  if (is_prepared_.load()) return {};
  const std::unique_lock lock(mutex_, deadline.Remaining());
  if (!lock.owns_lock()) return DeadlineExceeded("the vector server does not answer");
  if (is_prepared_.load()) return {};
  DS_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> session,
                      Connection::Open(connection_, deadline));
  DS_RETURN_IF_ERROR(CheckHoldsNoRecords(*session, deadline));
  // A role that may make no tables can use those that are there.
  if (!CheckPgvector(*session, deadline).has_value()) {
    DS_RETURN_IF_ERROR(InstallPgvector(*session, "", deadline));
  }
  is_prepared_.store(true);
  return {};
}

Result<VectorSetId> VectorDatabase::Claim(VectorSetId set, Deadline deadline) {
  const Deadline limit = deadline.Within(kClaimTimeout);
  DS_RETURN_IF_ERROR(Prepare(limit));
  return PgvectorIndex::Claim(set, limit);
}

Result<void> VectorDatabase::Check(Deadline deadline) {
  const Deadline limit = deadline.Within(kCheckTimeout);
  DS_RETURN_IF_ERROR(Prepare(limit));
  Call call;
  call.sql = "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only') = 'on'";
  DS_ASSIGN_OR_RETURN(const Rows rows, own_sessions_.ReadOne("ask the vector server", call, limit));
  if (rows.Bool(0, 0)) return Unavailable("the vector server is read-only, or a standby");
  return {};
}

Result<void> CheckHoldsNoRecords(Connection& connection, Deadline deadline) {
  Call call;
  call.sql = "SELECT to_regclass('record') IS NOT NULL OR to_regclass('vector_set') IS NOT NULL";
  DS_ASSIGN_OR_RETURN(const Rows rows,
                      connection.RunOne("look for records", std::move(call), deadline));
  if (!rows.Bool(0, 0)) return {};
  return Conflict(
      "the database of --vectors holds records: name --vectors pgvector to keep vectors beside "
      "them, or an empty database");
}

}  // namespace datastorage::postgres
