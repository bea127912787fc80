#include "postgres/pending_rows.h"

#include <algorithm>
#include <tuple>

#include "base/check.h"
#include "base/limits.h"

namespace datastorage::postgres {
namespace {

constexpr std::int64_t kReleasePageCount = 1'000;

Result<PendingReason> ReadReason(std::string_view name) {
  const std::optional<PendingReason> reason = ParsePendingReason(name);
  if (!reason.has_value()) return Internal("a pending vector has an unknown reason");
  return *reason;
}

// The call of a statement that begins with the places and stamps of rows.
Call CallOn(Query query, std::span<const PendingVector> rows) {
  ArrayValue sets(ElementType::kBigint), ids(ElementType::kUuid), stamps(ElementType::kBigint);
  for (const PendingVector& row : rows) {
    sets.Add(std::int64_t{row.set});
    ids.Add(row.id);
    stamps.Add(std::int64_t{row.stamp});
  }
  Call call{.name = NameOf(query)};
  call.parameters.Add(sets).Add(ids).Add(stamps);
  return call;
}

}  // namespace

Result<void> PendingRows::Change(std::string_view doing, const Call& call, Deadline deadline) {
  DS_RETURN_IF_ERROR(sessions_.Write(doing, {call}, Sessions::Durability::kNothing, deadline));
  return {};
}

Result<std::vector<PendingVector>> PendingRows::LeaseDue(VectorSetId set,
                                                         int limit,
                                                         Lease lease,
                                                         Deadline deadline) {
  DS_CHECK(limit > 0);
  Call call{.name = NameOf(Query::kLeasePending)};
  call.parameters.Add(std::int64_t{set}).Add(lease.now).Add(limit).Add(lease.until);
  DS_ASSIGN_OR_RETURN(
      const std::vector<Rows> results,
      sessions_.Write("lease pending rows", {call}, Sessions::Durability::kNothing, deadline));
  const Rows& leased = results.front();
  std::vector<PendingVector> rows;
  rows.reserve(static_cast<std::size_t>(leased.count()));
  for (int i = 0; i < leased.count(); ++i) {
    PendingVector row{.set = leased.Integer(i, 0),
                      .id = leased.Id(i, 1),
                      .stamp = leased.Integer(i, 2),
                      .is_intent = leased.Bool(i, 3),
                      .attempt_count = static_cast<int>(leased.Integer(i, 4))};
    DS_ASSIGN_OR_RETURN(row.reason, ReadReason(leased.Text(i, 5)));
    rows.push_back(row);
  }
  return rows;
}

Result<void> PendingRows::Settle(std::span<const PendingVector> rows, Deadline deadline) {
  if (rows.empty()) return {};
  return Change("settle pending rows", CallOn(Query::kSettlePending, rows), deadline);
}

Result<void> PendingRows::Fail(std::span<const PendingVector> rows,
                               PendingReason reason,
                               WallTime due_at,
                               Deadline deadline) {
  if (rows.empty()) return {};
  Call call = CallOn(Query::kFailPending, rows);
  call.parameters.Add(due_at).Add(NameOf(reason));
  return Change("put pending rows off", call, deadline);
}

Result<void> PendingRows::Park(std::span<const PendingVector> rows, Deadline deadline) {
  if (rows.empty()) return {};
  return Change("park pending rows", CallOn(Query::kParkPending, rows), deadline);
}

Result<std::int64_t> PendingRows::Release(VectorSetId set, WallTime now, Deadline deadline) {
  std::int64_t released = 0;
  for (RecordId after{};;) {
    Call call{.name = NameOf(Query::kReleasePending)};
    call.parameters.Add(std::int64_t{set}).Add(after).Add(kReleasePageCount).Add(now);
    DS_ASSIGN_OR_RETURN(
        const std::vector<Rows> results,
        sessions_.Write(
            "release pending rows", {call}, Sessions::Durability::kServerCrash, deadline));
    const Rows& page = results.front();
    if (page.IsNull(0, 1)) return released;
    released += page.Integer(0, 0);
    after = page.Id(0, 1);
  }
}

Result<PendingIdPage> PendingRows::PendingIds(VectorSetId set, Deadline deadline) {
  Call call{.name = NameOf(Query::kPendingIds)};
  call.parameters.Add(std::int64_t{set}).Add(std::int64_t{limits::kPendingIdCountMax} + 1);
  DS_ASSIGN_OR_RETURN(const Rows rows, sessions_.ReadOne("read pending ids", call, deadline));
  PendingIdPage page;
  if (rows.count() == 0) return page;
  page.is_live = rows.Bool(0, 0);
  if (rows.IsNull(0, 1)) return page;
  const auto count =
      std::min<std::size_t>(static_cast<std::size_t>(rows.count()), limits::kPendingIdCountMax);
  page.is_complete = count == static_cast<std::size_t>(rows.count());
  page.ids.reserve(count);
  for (int i = 0; i < static_cast<int>(count); ++i) {
    PendingId& row = page.ids.emplace_back(PendingId{rows.Id(i, 1), rows.Integer(i, 2)});
    DS_ASSIGN_OR_RETURN(row.reason, ReadReason(rows.Text(i, 3)));
  }
  return page;
}

Result<std::vector<PendingTally>> PendingRows::TallyPending(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(
      const Rows rows,
      sessions_.ReadOne("tally pending rows", {.name = NameOf(Query::kTallyPending)}, deadline));
  std::vector<PendingTally> tallies;
  tallies.reserve(static_cast<std::size_t>(rows.count()));
  for (int i = 0; i < rows.count(); ++i) {
    PendingTally tally{.set = rows.Integer(i, 0),
                       .is_parked = rows.Bool(i, 2),
                       .count = rows.Integer(i, 3),
                       .oldest = rows.Time(i, 4)};
    DS_ASSIGN_OR_RETURN(tally.reason, ReadReason(rows.Text(i, 1)));
    tallies.push_back(tally);
  }
  std::sort(tallies.begin(), tallies.end(), [](const PendingTally& a, const PendingTally& b) {
    return std::tie(a.set, a.reason, a.is_parked) < std::tie(b.set, b.reason, b.is_parked);
  });
  return tallies;
}

}  // namespace datastorage::postgres
