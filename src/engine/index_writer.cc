#include "engine/index_writer.h"

#include "base/log.h"
#include "schema/members.h"

namespace datastorage {

Result<void> IndexWriter::Apply(std::span<const VectorWrite> writes, Deadline deadline) {
  if (writes.empty() || !sets_.Live().has_value()) return {};
  DS_ASSIGN_OR_RETURN(const std::vector<ApplyResult> results,
                      sets_.index().Apply(writes, deadline));
  for (const ApplyResult& result : results) {
    if (result.status == ApplyStatus::kRefused) return Unavailable("the index refused a vector");
  }
  return {};
}

Result<void> IndexWriter::ApplyCurrent(std::span<const RecordId> ids, Deadline deadline) {
  if (ids.empty() || !sets_.Live().has_value()) return {};
  const std::vector<RecordRef> refs(ids.begin(), ids.end());
  DS_ASSIGN_OR_RETURN(std::vector<ReadOutcome> outcomes,
                      store_.Read(refs, sets_.Space(), deadline));
  std::vector<VectorWrite> writes;
  for (ReadOutcome& outcome : outcomes) {
    if (outcome.status != ReadStatus::kFound) continue;
    VectorWrite write{outcome.id, outcome.record.stamp, std::nullopt, {}};
    if (outcome.embedding.has_value()) {
      write.embedding = outcome.embedding->vector;
      write.members = schema::FilterMembersOf(outcome.record);
    }
    writes.push_back(std::move(write));
  }
  return Apply(writes, deadline);
}

Result<void> IndexWriter::LeaveToRelay(std::span<const RecordId> ids,
                                       PendingReason reason,
                                       Deadline deadline) {
  if (!sets_.Live().has_value()) return {};
  std::vector<WriteOp> operations;
  for (const RecordId& id : ids) {
    operations.emplace_back(EnqueuePendingOp{sets_.Live()->id, id, reason});
  }
  DS_RETURN_IF_ERROR(store_.Commit(operations, CommitMode::kEachForItself, deadline));
  return {};
}

}  // namespace datastorage
