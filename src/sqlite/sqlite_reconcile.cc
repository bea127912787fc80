// What settles lost answers, and what the reconciler asks: attempts, ids, stamps.
#include <limits>

#include "base/check.h"
#include "base/limits.h"
#include "sqlite/sqlite_record_store.h"

namespace datastorage {

using sqlite::Connection;
using sqlite::ConnectionPool;
using sqlite::Query;
using sqlite::StatementRun;

namespace {

Result<AttemptOutcome> FindAttempt(Connection& connection, const AttemptRef& ref) {
  StatementRun reading(connection.At(Query::kSettleAttempt));
  for (int part = 0; part < 4; ++part) reading.BindId(ref.id).BindId(ref.attempt);
  DS_ASSIGN_OR_RETURN(const bool is_committed, reading.Next());
  if (!is_committed) return AttemptOutcome();
  return AttemptOutcome{true, reading.Integer(0), reading.Integer(1)};
}

Result<Stamp> HighestStamp(Connection& connection) {
  StatementRun reading(connection.At(Query::kNextStamp));
  DS_RETURN_IF_ERROR(reading.Next());
  return reading.Integer(0) - 1;
}

}  // namespace

// As the writer: a commit that is still running would have it, and its end is waited for.
Result<std::vector<AttemptOutcome>> SqliteRecordStore::SettleAttempts(
    std::span<const AttemptRef> attempts, Deadline deadline) {
  std::vector<AttemptOutcome> outcomes;
  const auto settle = [&](Connection& writer) -> Result<void> {
    for (const AttemptRef& ref : attempts) {
      DS_ASSIGN_OR_RETURN(const AttemptOutcome outcome, FindAttempt(writer, ref));
      outcomes.push_back(outcome);
    }
    return {};
  };
  DS_RETURN_IF_ERROR(Write(Durability::kPowerCut, deadline, settle));
  return outcomes;
}

Result<std::vector<StoredId>> SqliteRecordStore::ScanIds(VectorSetId set,
                                                         RecordId after,
                                                         int limit,
                                                         Deadline deadline) {
  DS_CHECK(limit > 0 && static_cast<std::size_t>(limit) <= limits::kScanPageCountMax);
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  StatementRun scanning(reader->At(Query::kScanIds));
  scanning.BindInteger(set).BindInteger(set).BindId(after);
  scanning.BindInteger(set).BindId(after).BindInteger(limit);
  std::vector<StoredId> page;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool has_row, scanning.Next());
    if (!has_row) return page;
    StoredId& stored = page.emplace_back();
    stored.id = scanning.Id(0);
    stored.has_text = scanning.Integer(2) != 0;
    stored.has_embedding = scanning.Integer(3) != 0;
    if (!scanning.IsNull(1)) stored.record_stamp = scanning.Integer(1);
    if (!scanning.IsNull(4)) stored.pending_stamp = scanning.Integer(4);
  }
}

Result<Stamp> SqliteRecordStore::RaiseStamps(Stamp floor, Deadline deadline) {
  if (floor == std::numeric_limits<Stamp>::max()) {
    return InvalidArgument("no stamp is higher than the one given");
  }
  Stamp highest = 0;
  const auto raise = [&](Connection& writer) -> Result<void> {
    DS_ASSIGN_OR_RETURN(highest, HighestStamp(writer));
    if (floor <= highest) return {};
    StatementRun raising(writer.At(Query::kStoreNextStamp));
    DS_RETURN_IF_ERROR(raising.BindInteger(floor + 1).Run());
    return {};
  };
  DS_RETURN_IF_ERROR(Write(Durability::kPowerCut, deadline, raise));
  return highest;
}

}  // namespace datastorage
