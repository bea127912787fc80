// The bodies of all requests: how the index is made, what a document holds, what searches ask.
//
// A document, under the record's id and the stamp as its external version:
//   {"id", "stamp", "live": true, "vector": […], "m": {member: value, …}}, or a tombstone:
//   {"id", "stamp", "live": false}. The index's mark is the document "mark": {"set"}.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "opensearch/address.h"
#include "ports/vector_index.h"

namespace datastorage::opensearch {

inline constexpr std::string_view kMarkDocument = "mark";
// The server's bound of k and of a page.
inline constexpr int kCandidateCountMost = 10'000;

// The fields, for an index that exists: fields that a newer version knows are added.
std::string MappingBody();
// For indexes named INDEX-*; gives them the alias that requests name.
std::string TemplateBody(const Address& address);

// Lines of a bulk request.
void AppendWrite(std::string& lines, const VectorWrite& write);
// Deletes a tombstone if it is still the one that was seen.
void AppendDelete(std::string& lines, RecordId id, std::int64_t seq_no, std::int64_t primary_term);

// The stamps held for these.
std::string HeldBody(std::span<const RecordId> ids);

// `candidate_count` are looked at a shard, `count_max` come back. Also counts all that pass.
struct NearestQuestion {
  const Embedding& query;
  const Filter& filter;
  int count_max = 0;
  int candidate_count = 0;
};
std::string NearestBody(const NearestQuestion& question);

std::string ScanBody(RecordId after, int limit, bool with_content);
std::string HighestStampBody();
std::string TombstonesBody(Stamp floor, RecordId after, int limit);
std::string LiveCountBody();
std::string MarkBody(VectorSetId set);

}  // namespace datastorage::opensearch
