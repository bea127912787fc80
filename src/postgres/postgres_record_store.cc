#include "postgres/postgres_record_store.h"

#include "postgres/migrate.h"
#include "postgres/pgvector_schema.h"

namespace datastorage {

using postgres::Connection;
using postgres::ConnectionOptions;

PostgresRecordStore::PostgresRecordStore(const Options& options, Runtime& runtime)
    : options_(options),
      sessions_(options.sessions),
      committer_(sessions_.writers(), *options.clock, options.vector_write_mode),
      reader_(sessions_),
      search_(sessions_),
      pending_(sessions_),
      registry_(sessions_, *options.clock),
      health_(sessions_, *options.clock),
      replica_(runtime,
               {options.sessions.connection,
                options.use,
                postgres::Replica::Options{}.patience,
                options.on_place_lost}) {}

PostgresRecordStore::~PostgresRecordStore() = default;

Result<std::unique_ptr<PostgresRecordStore>> PostgresRecordStore::Open(const Options& options,
                                                                       Runtime& runtime,
                                                                       Deadline deadline) {
  std::unique_ptr<PostgresRecordStore> store(new PostgresRecordStore(options, runtime));
  DS_RETURN_IF_ERROR(store->Prepare(deadline));
  return store;
}

Result<void> PostgresRecordStore::Prepare(Deadline deadline) {
  {
    ConnectionOptions owner = options_.sessions.connection;
    if (!options_.owner_conninfo.empty()) owner.conninfo = options_.owner_conninfo;
    DS_ASSIGN_OR_RETURN(const std::unique_ptr<Connection> session,
                        Connection::Open(owner, deadline));
    const Result<void> checked =
        postgres::CheckSchema(*session, postgres::AllMigrations(), deadline);
    // A role that may not migrate can run with a schema that is as it should be.
    if (!checked.has_value()) {
      DS_RETURN_IF_ERROR(postgres::Migrate(*session, postgres::AllMigrations(), "", deadline));
    }
    if (options_.has_pgvector && !postgres::CheckPgvector(*session, deadline).has_value()) {
      DS_RETURN_IF_ERROR(postgres::InstallPgvector(*session, "", deadline));
    }
  }
  DS_RETURN_IF_ERROR(replica_.Open(deadline));
  // Every statement is prepared against the live schema before anything is served.
  DS_RETURN_IF_ERROR(sessions_.writers().Acquire(deadline));
  return {};
}

Result<std::vector<WriteOutcome>> PostgresRecordStore::Commit(std::span<const WriteOp> operations,
                                                              CommitMode mode,
                                                              Deadline deadline) {
  return committer_.Commit(operations, mode, deadline);
}

Result<std::vector<ReadOutcome>> PostgresRecordStore::Read(std::span<const RecordRef> refs,
                                                           std::string_view space,
                                                           Deadline deadline) {
  return reader_.Read(refs, space, deadline);
}

Result<std::vector<Record>> PostgresRecordStore::History(RecordId id, Deadline deadline) {
  return reader_.History(id, deadline);
}

Result<ListPage> PostgresRecordStore::List(const ListQuery& query, Deadline deadline) {
  return search_.List(query, deadline);
}

Result<std::int64_t> PostgresRecordStore::Count(const Filter& filter,
                                                std::int64_t cap,
                                                Deadline deadline) {
  return search_.Count(filter, cap, deadline);
}

Result<std::vector<SimilarHit>> PostgresRecordStore::ExactNearest(const Embedding& query,
                                                                  std::string_view space,
                                                                  const Filter& filter,
                                                                  int limit,
                                                                  Deadline deadline) {
  return search_.ExactNearest(query, space, filter, limit, deadline);
}

Result<std::vector<TextHit>> PostgresRecordStore::TextSearch(std::string_view text,
                                                             const Filter& filter,
                                                             int limit,
                                                             Deadline deadline) {
  return search_.TextSearch(text, filter, limit, deadline);
}

Result<std::vector<StoredEmbedding>> PostgresRecordStore::ScanEmbeddings(std::string_view space,
                                                                         RecordId after,
                                                                         int limit,
                                                                         Deadline deadline) {
  return reader_.ScanEmbeddings(space, after, limit, deadline);
}

Result<std::vector<AttemptOutcome>> PostgresRecordStore::SettleAttempts(
    std::span<const AttemptRef> attempts, Deadline deadline) {
  return committer_.SettleAttempts(attempts, deadline);
}

Result<std::vector<PendingVector>> PostgresRecordStore::LeaseDue(VectorSetId set,
                                                                 int limit,
                                                                 Lease lease,
                                                                 Deadline deadline) {
  return pending_.LeaseDue(set, limit, lease, deadline);
}

Result<void> PostgresRecordStore::Settle(std::span<const PendingVector> rows, Deadline deadline) {
  return pending_.Settle(rows, deadline);
}

Result<void> PostgresRecordStore::Fail(std::span<const PendingVector> rows,
                                       PendingReason reason,
                                       WallTime due_at,
                                       Deadline deadline) {
  return pending_.Fail(rows, reason, due_at, deadline);
}

Result<void> PostgresRecordStore::Park(std::span<const PendingVector> rows, Deadline deadline) {
  return pending_.Park(rows, deadline);
}

Result<std::int64_t> PostgresRecordStore::Release(VectorSetId set,
                                                  WallTime now,
                                                  Deadline deadline) {
  return pending_.Release(set, now, deadline);
}

Result<PendingIdPage> PostgresRecordStore::PendingIds(VectorSetId set, Deadline deadline) {
  return pending_.PendingIds(set, deadline);
}

Result<std::vector<PendingTally>> PostgresRecordStore::TallyPending(Deadline deadline) {
  return pending_.TallyPending(deadline);
}

Result<std::vector<StoredId>> PostgresRecordStore::ScanIds(VectorSetId set,
                                                           RecordId after,
                                                           int limit,
                                                           Deadline deadline) {
  return reader_.ScanIds(set, after, limit, deadline);
}

Result<Stamp> PostgresRecordStore::RaiseStamps(Stamp floor, Deadline deadline) {
  return reader_.RaiseStamps(floor, deadline);
}

Result<std::vector<VectorSet>> PostgresRecordStore::Sets(Deadline deadline) {
  return registry_.Sets(deadline);
}

Result<VectorSet> PostgresRecordStore::RegisterSet(const VectorSet& set, Deadline deadline) {
  return registry_.RegisterSet(set, deadline);
}

Result<void> PostgresRecordStore::ChangeSetState(VectorSetId set,
                                                 VectorSetState from,
                                                 VectorSetState to,
                                                 Deadline deadline) {
  return registry_.ChangeSetState(set, from, to, deadline);
}

Result<std::string> PostgresRecordStore::Secret(std::string_view name, Deadline deadline) {
  return registry_.Secret(name, deadline);
}

Result<std::string> PostgresRecordStore::Note(std::string_view name, Deadline deadline) {
  return registry_.Note(name, deadline);
}

Result<void> PostgresRecordStore::KeepNote(std::string_view name,
                                           std::string_view text,
                                           Deadline deadline) {
  return registry_.KeepNote(name, text, deadline);
}

Result<BackupReport> PostgresRecordStore::Backup(const std::string&, Deadline) {
  return InvalidArgument(
      "records are in PostgreSQL: back them up with its own tools, such as pg_basebackup with an "
      "archive of its log");
}

}  // namespace datastorage
