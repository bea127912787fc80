#include "http/write_answers.h"

namespace datastorage::http {
namespace {

// Label values are names of members and nothing that a client made up.
std::string_view FieldLabel(std::string_view pointer) {
  const std::string_view rest = pointer.substr(pointer.empty() ? 0 : 1);
  const std::string_view name = rest.substr(0, rest.find('/'));
  if (name == "metadata") return "metadata";
  const std::optional<Member> member = ParseMember(name);
  return member.has_value() ? Describe(*member).name : "other";
}

ProblemReport ConflictReport(const WriteReply& reply) {
  ProblemReport report =
      WriteReportOf(Problem::kConflict, "a record with this natural key and other content exists");
  report.existing_id = reply.record.id;
  return report;
}

}  // namespace

int SuccessStatusOf(const WriteReply& reply) {
  switch (reply.status) {
    case ReplyStatus::kCreated: return 201;
    case ReplyStatus::kExisting:
    case ReplyStatus::kUpdated:
    case ReplyStatus::kUnchanged: return 200;
    case ReplyStatus::kReplayed: return reply.replayed_http_status == 201 ? 201 : 200;
    case ReplyStatus::kKeyReused:
    case ReplyStatus::kConflict:
    case ReplyStatus::kStale:
    case ReplyStatus::kIllegalPhase:
    case ReplyStatus::kInvalid:
    case ReplyStatus::kNotFound:
    case ReplyStatus::kErased:
    case ReplyStatus::kKeyBusy:
    case ReplyStatus::kNotAttempted: return 0;
  }
  return 0;
}

ProblemReport ReportOf(const WriteReply& reply, WriteUse use) {
  switch (reply.status) {
    case ReplyStatus::kKeyReused:
      return WriteReportOf(Problem::kKeyReused, "use a new Idempotency-Key for a new request");
    case ReplyStatus::kConflict: return ConflictReport(reply);
    case ReplyStatus::kStale:
      return WriteReportOf(Problem::kStale,
                           "the record's version is " + std::to_string(reply.record.version));
    case ReplyStatus::kIllegalPhase:
      return WriteReportOf(Problem::kIllegalPhase, "phases go forward only");
    case ReplyStatus::kInvalid: return WriteReportOf(Problem::kInvalidRecord, "see errors");
    case ReplyStatus::kNotFound: return WriteReportOf(Problem::kNoSuchRecord, "no such record");
    case ReplyStatus::kErased:
      return use == WriteUse::kCreate
                 ? WriteReportOf(Problem::kErased, "the natural key may not be used again")
                 : WriteReportOf(Problem::kGone, "the record was erased");
    case ReplyStatus::kKeyBusy:
      return WriteReportOf(Problem::kKeyBusy, "the first request with this key has not finished");
    case ReplyStatus::kNotAttempted:
      return WriteReportOf(Problem::kNotAttempted, "another item of the batch failed");
    case ReplyStatus::kCreated:
    case ReplyStatus::kExisting:
    case ReplyStatus::kUpdated:
    case ReplyStatus::kUnchanged:
    case ReplyStatus::kReplayed: break;
  }
  return WriteReportOf(Internal("a success was reported as a problem"));
}

std::string PathOf(RecordKind kind, const RecordId& id) {
  return "/api/v1/audit/" + std::string(NameOf(kind)) + "/" + id.ToString();
}

std::vector<ProblemError> ErrorsOf(const std::vector<schema::Violation>& violations,
                                   std::string_view prefix,
                                   Metrics& metrics) {
  std::vector<ProblemError> errors;
  errors.reserve(violations.size());
  for (const schema::Violation& violation : violations) {
    metrics.Count(Metric::kValidationFailures, {FieldLabel(violation.pointer), violation.code});
    ProblemError error;
    error.pointer = std::string(prefix) + violation.pointer;
    error.code = violation.code;
    error.message = violation.message;
    errors.push_back(std::move(error));
  }
  return errors;
}

void TakeTrace(RecordBody& body, const Request& request) {
  if (!request.has_client_trace) return;
  std::visit(
      [&request](auto& record) {
        if (!record.trace_id.has_value()) record.trace_id = request.trace_id;
      },
      body);
}

}  // namespace datastorage::http
