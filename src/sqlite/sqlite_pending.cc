// Pending rows: leasing, settling, backing off, parking, counting.
#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "base/limits.h"
#include "sqlite/sqlite_record_store.h"

namespace datastorage {

using sqlite::Connection;
using sqlite::ConnectionPool;
using sqlite::Query;
using sqlite::StatementRun;

namespace {

Result<PendingReason> ReadReason(std::string_view name) {
  const std::optional<PendingReason> reason = ParsePendingReason(name);
  if (!reason.has_value()) return Internal("a pending vector has an unknown reason");
  return *reason;
}

Result<std::vector<PendingVector>> ReadCandidates(Connection& writer,
                                                  VectorSetId set,
                                                  int limit,
                                                  WallTime now) {
  StatementRun reading(writer.At(Query::kLeaseCandidates));
  reading.BindInteger(set).BindTime(now).BindInteger(limit);
  std::vector<PendingVector> rows;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool has_row, reading.Next());
    if (!has_row) return rows;
    PendingVector row{.set = reading.Integer(0),
                      .id = reading.Id(1),
                      .stamp = reading.Integer(2),
                      .is_intent = reading.Integer(3) != 0,
                      .attempt_count = static_cast<int>(reading.Integer(4))};
    DS_ASSIGN_OR_RETURN(row.reason, ReadReason(reading.Text(5)));
    rows.push_back(row);
  }
}

}  // namespace

Result<std::vector<PendingVector>> SqliteRecordStore::LeaseDue(VectorSetId set,
                                                               int limit,
                                                               Lease lease,
                                                               Deadline deadline) {
  DS_CHECK(limit > 0);
  std::vector<PendingVector> rows;
  const auto take = [&](Connection& writer) -> Result<void> {
    DS_ASSIGN_OR_RETURN(rows, ReadCandidates(writer, set, limit, lease.now));
    for (const PendingVector& row : rows) {
      StatementRun leasing(writer.At(Query::kLeasePending));
      leasing.BindTime(lease.until).BindInteger(row.set).BindId(row.id);
      DS_RETURN_IF_ERROR(leasing.Run());
    }
    return {};
  };
  DS_RETURN_IF_ERROR(Write(Durability::kProcessEnd, deadline, take));
  return rows;
}

Result<void> SqliteRecordStore::ChangePending(Query query,
                                              std::span<const PendingVector> rows,
                                              const std::function<void(StatementRun&)>& bind,
                                              Deadline deadline) {
  if (rows.empty()) return {};
  return Write(Durability::kProcessEnd, deadline, [&](Connection& writer) -> Result<void> {
    for (const PendingVector& row : rows) {
      StatementRun changing(writer.At(query));
      bind(changing);
      changing.BindInteger(row.set).BindId(row.id).BindInteger(row.stamp);
      DS_RETURN_IF_ERROR(changing.Run());
    }
    return {};
  });
}

Result<void> SqliteRecordStore::Settle(std::span<const PendingVector> rows, Deadline deadline) {
  return ChangePending(
      Query::kSettlePending, rows, [](StatementRun&) {}, deadline);
}

Result<void> SqliteRecordStore::Fail(std::span<const PendingVector> rows,
                                     PendingReason reason,
                                     WallTime due_at,
                                     Deadline deadline) {
  const auto bind = [&](StatementRun& failing) {
    failing.BindTime(due_at).BindText(NameOf(reason));
  };
  return ChangePending(Query::kFailPending, rows, bind, deadline);
}

Result<void> SqliteRecordStore::Park(std::span<const PendingVector> rows, Deadline deadline) {
  return ChangePending(
      Query::kParkPending, rows, [](StatementRun&) {}, deadline);
}

Result<std::int64_t> SqliteRecordStore::Release(VectorSetId set, WallTime now, Deadline deadline) {
  std::int64_t released = 0;
  const auto release = [&](Connection& writer) -> Result<void> {
    StatementRun releasing(writer.At(Query::kReleasePending));
    DS_ASSIGN_OR_RETURN(released, releasing.BindTime(now).BindInteger(set).Run());
    return {};
  };
  DS_RETURN_IF_ERROR(Write(Durability::kPowerCut, deadline, release));
  return released;
}

Result<PendingIdPage> SqliteRecordStore::PendingIds(VectorSetId set, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  StatementRun reading(reader->At(Query::kPendingIds));
  reading.BindInteger(set).BindInteger(std::int64_t{limits::kPendingIdCountMax} + 1);
  PendingIdPage page;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool has_row, reading.Next());
    if (!has_row) return page;
    page.is_live = reading.Integer(0) != 0;
    if (reading.IsNull(1)) return page;
    if (page.ids.size() == limits::kPendingIdCountMax) {
      page.is_complete = false;
      return page;
    }
    PendingId& row = page.ids.emplace_back(reading.Id(1), reading.Integer(2));
    DS_ASSIGN_OR_RETURN(row.reason, ReadReason(reading.Text(3)));
  }
}

Result<std::vector<PendingTally>> SqliteRecordStore::TallyPending(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  StatementRun reading(reader->At(Query::kTallyPending));
  std::vector<PendingTally> tallies;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool has_row, reading.Next());
    if (!has_row) break;
    PendingTally tally{.set = reading.Integer(0),
                       .is_parked = reading.Integer(2) != 0,
                       .count = reading.Integer(3),
                       .oldest = reading.Time(4)};
    DS_ASSIGN_OR_RETURN(tally.reason, ReadReason(reading.Text(1)));
    tallies.push_back(tally);
  }
  std::sort(tallies.begin(), tallies.end(), [](const PendingTally& a, const PendingTally& b) {
    return std::tie(a.set, a.reason, a.is_parked) < std::tie(b.set, b.reason, b.is_parked);
  });
  return tallies;
}

}  // namespace datastorage
