#include "engine/erasure_service.h"

#include "base/log.h"

namespace datastorage {

Result<ErasureReply> ErasureService::Erase(const ErasureRequest& request, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<ReadOutcome> outcomes,
                      store_.Read({&request.ref, 1}, "", deadline));
  const ReadOutcome& found = outcomes.front();
  ErasureReply reply{ErasureStatus::kNotFound, found.id, {}};
  if (found.status == ReadStatus::kErased) reply.status = ErasureStatus::kErasedBefore;
  if (found.status != ReadStatus::kFound) return reply;
  if (request.kind.has_value() && KindOf(found.record.body) != *request.kind) return reply;

  EraseOp operation;
  operation.id = found.id;
  operation.attempt = ids_.MakeVersion4();
  operation.now = runtime_.WallNow();
  operation.actor = request.who;
  operation.why = request.why;
  const WallTime at = operation.now;
  DS_ASSIGN_OR_RETURN(const CommittedWrite write, writer_.Erase(std::move(operation), deadline));
  const WriteStatus status = write.outcome.status;
  if (status == WriteStatus::kErased) reply.status = ErasureStatus::kErasedBefore;
  if (status == WriteStatus::kErased || status == WriteStatus::kNotFound) return reply;
  if (status != WriteStatus::kErasedNow) {
    return Internal("an erasure had an outcome that it cannot have");
  }
  const std::string id = found.id.ToString();
  Log(LogLevel::kInfo,
      "record erased",
      {{"id", std::string_view(id)}, {"who", std::string_view(request.who)}});
  reply.status = ErasureStatus::kErased;
  reply.at = at;
  return reply;
}

}  // namespace datastorage
