// Handlers of single records.
#pragma once

#include "http/route.h"

namespace datastorage::http {

Response CreateRecord(const Call& call);
Response GetRecord(const Call& call);
Response PatchRecord(const Call& call);
Response GetHistory(const Call& call);

// The record that a path names, or the answer that says why not.
struct FoundRecord {
  RecordRef ref;
  Record record;
};
struct RecordLookup {
  std::optional<FoundRecord> found;
  ProblemReport problem;  // When nothing was found.
};
RecordLookup FindRecord(const Call& call);

// The answer to parameters of a route that takes none; nullopt when there are none.
std::optional<Response> RefuseParameters(const Call& call);
// The answer to bad parameters.
Response RefuseErrors(const Call& call, std::vector<ProblemError> errors);

}  // namespace datastorage::http
