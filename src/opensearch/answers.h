// What the server's answers say. Nothing in them is trusted to be there: what is malformed is an
// error, as an answer of something that is not OpenSearch.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ports/vector_index.h"

namespace datastorage::opensearch {

// All errors of this header: kUnavailable.

// Of one line pair of a bulk request.
struct BulkItem {
  int status = 0;      // As HTTP has them: 200 and 201 done, 409 another version is held.
  std::string reason;  // The error's type, such as "mapper_parsing_exception"; for logs.
};
Result<std::vector<BulkItem>> ParseBulk(std::string_view body, std::size_t count);

struct HeldVersion {
  bool is_found = false;
  std::int64_t version = 0;
  Stamp stamp = 0;  // What the document says, 0 if nothing: differs after a foreign write.
};
// In the order of `ids`.
Result<std::vector<HeldVersion>> ParseHeld(std::string_view body, std::span<const RecordId> ids);

struct FoundPoint {
  HeldPoint point;
  float score = 0;  // As the server has it.
  std::int64_t seq_no = 0;
  std::int64_t primary_term = 0;
};
struct FoundPage {
  std::vector<FoundPoint> points;
  std::int64_t passing_count = 0;  // Where it was asked for.
};
// An answer of a part of the shards is an error too.
Result<FoundPage> ParsePage(std::string_view body);

Result<void> ParseRefresh(std::string_view body);
Result<std::int64_t> ParseCount(std::string_view body);
// nullopt: the index bears no mark.
Result<std::optional<VectorSetId>> ParseMark(std::string_view body);

// The type of an error answer, "" if it names none.
std::string ErrorTypeOf(std::string_view body);

}  // namespace datastorage::opensearch
