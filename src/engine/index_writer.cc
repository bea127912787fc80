#include "engine/index_writer.h"

#include "engine/failpoint.h"
#include "schema/members.h"

namespace datastorage {

Result<std::vector<ApplyResult>> IndexWriter::Apply(const VectorPlace& place,
                                                    std::span<const VectorWrite> writes,
                                                    Deadline deadline) {
  if (writes.empty()) return std::vector<ApplyResult>();
  return place.Ask(deadline, [&](VectorIndex& index) { return index.Apply(writes, deadline); });
}

Result<std::vector<VectorWrite>> IndexWriter::ReadCurrent(const std::string& space,
                                                          std::span<const RecordId> ids,
                                                          Deadline deadline) {
  std::vector<VectorWrite> writes;
  if (ids.empty()) return writes;
  const std::vector<RecordRef> refs(ids.begin(), ids.end());
  DS_ASSIGN_OR_RETURN(const std::vector<ReadOutcome> outcomes, store_.Read(refs, space, deadline));
  for (const ReadOutcome& outcome : outcomes) {
    if (outcome.status != ReadStatus::kFound) continue;
    VectorWrite& write =
        writes.emplace_back(VectorWrite{outcome.id, outcome.record.stamp, std::nullopt, {}});
    if (!outcome.embedding.has_value()) continue;
    write.embedding = outcome.embedding->vector;
    write.members = schema::FilterMembersOf(outcome.record);
  }
  return writes;
}

Result<std::vector<AppliedRecord>> IndexWriter::ApplyCurrent(const VectorPlace& place,
                                                             std::span<const RecordId> ids,
                                                             Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<VectorWrite> writes,
                      ReadCurrent(place.set.space, ids, deadline));
  DS_ASSIGN_OR_RETURN(const std::vector<ApplyResult> results, Apply(place, writes, deadline));
  std::vector<AppliedRecord> applied;
  applied.reserve(writes.size());
  for (std::size_t i = 0; i < writes.size(); ++i) {
    applied.push_back({writes[i].id, writes[i].stamp, results[i]});
  }
  return applied;
}

Result<void> IndexWriter::LeaveToRelay(const VectorPlace& place,
                                       std::span<const RecordId> ids,
                                       Deadline deadline) {
  std::vector<WriteOp> operations;
  for (const RecordId& id : ids) {
    operations.emplace_back(
        EnqueuePendingOp{place.set.id, id, PendingReason::kVectorStoreUnavailable});
  }
  if (operations.empty()) return {};
  if (DS_FAILPOINT(kBeforeEnqueue, ids)) return Unavailable("failpoint");
  DS_RETURN_IF_ERROR(store_.Commit(operations, CommitMode::kEachForItself, deadline));
  if (DS_FAILPOINT(kAfterEnqueue, ids)) return OutcomeUnknown("failpoint");
  return {};
}

}  // namespace datastorage
