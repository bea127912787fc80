// Items of a batch: {"kind", "record", "Idempotency-Key"?} in, {"index", "status", …} out.
#pragma once

#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/write_service.h"
#include "http/problem.h"
#include "http/route.h"
#include "schema/json.h"

namespace datastorage::http {

// A request for the engine, or what is wrong with the item; pointers are relative to the item.
using BatchItem = std::variant<CreateRequest, ProblemReport>;

// `as_sent` is what an idempotency key is bound to.
BatchItem ParseBatchItem(const schema::ParsedJson& item,
                         std::string_view as_sent,
                         const Call& call);

// Writes what can be written, each for itself. One result an item, in order.
std::vector<schema::Json> WriteItems(std::vector<BatchItem> items,
                                     std::int64_t first_index,
                                     const Call& call,
                                     Deadline deadline);

schema::Json ItemResult(std::int64_t index, const ProblemReport& report);
schema::Json ItemResult(std::int64_t index, const Result<WriteReply>& reply);

}  // namespace datastorage::http
