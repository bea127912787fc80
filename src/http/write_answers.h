// What a write's reply means in HTTP, for single requests and for items of a batch alike.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/write_service.h"
#include "http/problem.h"
#include "http/route.h"

namespace datastorage::http {

enum class WriteUse : std::uint8_t { kCreate, kPatch };

// 200 or 201 for what succeeded; 0 for a problem.
int SuccessStatusOf(const WriteReply& reply);

// REQUIRES: SuccessStatusOf is 0.
ProblemReport ReportOf(const WriteReply& reply, WriteUse use);

// The path of a record, such as "/api/v1/audit/workflow/0192…".
std::string PathOf(RecordKind kind, const RecordId& id);

// Violations as errors of a problem, each pointer behind `prefix`; counted in the metrics.
std::vector<ProblemError> ErrorsOf(const std::vector<schema::Violation>& violations,
                                   std::string_view prefix,
                                   Metrics& metrics);

// Gives the body the trace of the request, if the client sent one and the body names none.
void TakeTrace(RecordBody& body, const Request& request);

}  // namespace datastorage::http
