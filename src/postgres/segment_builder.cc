#include "postgres/segment_builder.h"

#include "postgres/connection_pool.h"

namespace datastorage::postgres {
namespace {

constexpr Duration kCancelTimeout = std::chrono::seconds(1);

// Beyond what a session gives a statement.
Call LongerTimeout(Deadline deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.Remaining());
  Call call;
  call.sql = "SELECT set_config('statement_timeout', $1::text, true)";
  call.parameters.Add(std::string_view(std::to_string(std::max<std::int64_t>(left.count(), 1))));
  return call;
}

Call NamedCall(std::string_view name) {
  Call call;
  call.name = name;
  return call;
}

}  // namespace

// In a transaction that may be lost with a crash of the server: nothing is gone then.
Result<std::int64_t> SegmentBuilder::Run(std::string_view doing, Call call, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease session, sessions_.builders().Acquire(deadline));
  Call who;
  who.sql = "SELECT pg_backend_pid()::bigint";
  DS_ASSIGN_OR_RETURN(const Rows backend, session->RunOne(doing, std::move(who), deadline));
  const std::int64_t number = backend.Integer(0, 0);
  {
    const std::lock_guard lock(mutex_);
    if (is_cancelled_) return Unavailable(std::string(doing) + ": the service is stopping");
    backends_.insert(number);
  }
  std::vector<Call> calls;
  calls.push_back(NamedCall(Connection::kBegin));
  calls.push_back(NamedCall(Connection::kRelax));
  calls.push_back(LongerTimeout(deadline));
  calls.push_back(std::move(call));
  calls.push_back(NamedCall(Connection::kCommit));
  const Result<std::vector<Rows>> rows = session->Run(doing, std::move(calls), deadline);
  {
    const std::lock_guard lock(mutex_);
    backends_.erase(number);
  }
  if (!rows.has_value()) return rows.error();
  return (*rows)[rows->size() - 2].Integer(0, 0);
}

Result<std::int64_t> SegmentBuilder::Build(Deadline deadline) {
  Call call = Unprepared(VectorQuery::kBuildSegment);
  call.parameters.Add(options_.row_count);
  DS_ASSIGN_OR_RETURN(const std::int64_t moved,
                      Run("build a segment of vectors", std::move(call), deadline));
  if (moved > 0) {
    CleanHead(deadline);
    metrics_.Count(Metric::kVectorHeadMoved, {}, static_cast<double>(moved));
    metrics_.Count(Metric::kVectorSegmentBuilds, {});
  }
  return moved;
}

// Each search reads the head's pages, those of a whole segment that left it too; the server itself
// cleans a table once a minute by default. A role that does not own the table is refused: then
// that has to do.
void SegmentBuilder::CleanHead(Deadline deadline) {
  const Result<ConnectionPool::Lease> session = sessions_.builders().Acquire(deadline);
  if (session.has_value()) {
    (void)(*session)->RunScript("clean the head", "VACUUM vector_head", deadline);
  }
}

Result<std::int64_t> SegmentBuilder::Merge(Deadline deadline) {
  Call call = Unprepared(VectorQuery::kMergeSegments);
  call.parameters.Add(options_.row_count).Add(options_.merge_count);
  call.parameters.Add(options_.merged_row_count_max);
  DS_ASSIGN_OR_RETURN(const std::int64_t merged,
                      Run("merge segments of vectors", std::move(call), deadline));
  if (merged > 0) metrics_.Count(Metric::kVectorSegmentBuilds, {});
  return merged;
}

Result<std::int64_t> SegmentBuilder::DropRetired(Deadline deadline) {
  Call call = Unprepared(VectorQuery::kDropRetiredSegments);
  call.parameters.Add(std::int64_t{options_.retired_age.count()});
  return Run("drop segments of vectors", std::move(call), deadline);
}

void SegmentBuilder::Cancel() {
  std::set<std::int64_t> backends;
  {
    const std::lock_guard lock(mutex_);
    is_cancelled_ = true;
    backends = backends_;
  }
  for (const std::int64_t backend : backends) {
    Call call;
    call.sql = "SELECT pg_cancel_backend($1::bigint::integer)";
    call.parameters.Add(backend);
    // Without an answer the session of the build is as lost.
    (void)sessions_.ReadOne("end a build", call, Deadline::In(kCancelTimeout));
  }
}

}  // namespace datastorage::postgres
