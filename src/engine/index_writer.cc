#include "engine/index_writer.h"

#include "schema/members.h"

namespace datastorage {

Result<std::vector<ApplyResult>> IndexWriter::Apply(const VectorPlace& place,
                                                    std::span<const VectorWrite> writes,
                                                    Deadline deadline) {
  if (writes.empty()) return std::vector<ApplyResult>();
  return place.Ask(deadline, [&](VectorIndex& index) { return index.Apply(writes, deadline); });
}

Result<std::vector<AppliedRecord>> IndexWriter::ApplyCurrent(const VectorPlace& place,
                                                             std::span<const RecordId> ids,
                                                             Deadline deadline) {
  std::vector<AppliedRecord> applied;
  if (ids.empty()) return applied;
  const std::vector<RecordRef> refs(ids.begin(), ids.end());
  DS_ASSIGN_OR_RETURN(std::vector<ReadOutcome> outcomes,
                      store_.Read(refs, place.set.space, deadline));
  std::vector<VectorWrite> writes;
  for (ReadOutcome& outcome : outcomes) {
    if (outcome.status != ReadStatus::kFound) continue;
    VectorWrite write{outcome.id, outcome.record.stamp, std::nullopt, {}};
    if (outcome.embedding.has_value()) {
      write.embedding = outcome.embedding->vector;
      write.members = schema::FilterMembersOf(outcome.record);
    }
    applied.push_back({write.id, write.stamp, write.embedding.has_value(), {}});
    writes.push_back(std::move(write));
  }
  DS_ASSIGN_OR_RETURN(const std::vector<ApplyResult> results, Apply(place, writes, deadline));
  for (std::size_t i = 0; i < applied.size(); ++i) applied[i].result = results[i];
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
  DS_RETURN_IF_ERROR(store_.Commit(operations, CommitMode::kEachForItself, deadline));
  return {};
}

}  // namespace datastorage
