// OpenSearchIndex::Apply: one bulk request where all goes well. What meets a conflict is looked up.
#include <algorithm>
#include <thread>

#include "base/log.h"
#include "opensearch/opensearch_index.h"
#include "opensearch/requests.h"

namespace datastorage::opensearch {
namespace {

// What one request sends at most: 1,000 documents take about 6 MB.
constexpr std::size_t kChunkCountMax = 1'000;
// A purged tombstone is remembered until the server's coarse clock, of 200 ms, has moved on.
constexpr int kTryCountMax = 100;
constexpr std::chrono::milliseconds kTryPause{10};

}  // namespace

Result<std::vector<BulkItem>> OpenSearchIndex::Bulk(std::string lines,
                                                    std::size_t count,
                                                    Deadline deadline) const {
  ClusterRequest request;
  // Without the alias the server would make an index of that name.
  request.path = "/_bulk?require_alias=true";
  const std::string& active = cluster_->address().active_shard_count;
  if (!active.empty()) request.path += "&wait_for_active_shards=" + active;
  // The server's own patience with a shard that is not there: no longer than the caller's.
  const auto seconds =
      std::chrono::ceil<std::chrono::seconds>(deadline.Within(std::chrono::minutes(1)).Remaining());
  request.path += "&timeout=" + std::to_string(std::max<std::int64_t>(1, seconds.count())) + "s";
  request.body = std::move(lines);
  request.is_lines = true;
  DS_ASSIGN_OR_RETURN(const ClusterAnswer answer, Ask(std::move(request), deadline));
  if (!answer.is_success()) {
    return Unavailable("OpenSearch: it refuses a batch: " + ErrorTypeOf(answer.body));
  }
  DS_ASSIGN_OR_RETURN(std::vector<BulkItem> items, ParseBulk(answer.body, count));
  for (const BulkItem& item : items) {
    // Of a deletion: there was nothing. Of a write: there is no index.
    if (item.status == 404 && item.reason.empty()) continue;
    const bool is_of_item =
        (item.status >= 200 && item.status < 300) || item.status == 400 || item.status == 409;
    if (!is_of_item) return Unavailable("OpenSearch: it takes no writes: " + item.reason);
  }
  return items;
}

Result<std::vector<HeldVersion>> OpenSearchIndex::Held(std::span<const RecordId> ids,
                                                       Deadline deadline) const {
  ClusterRequest request;
  // The primary decided; a replica may lag behind it.
  request.path = "/_mget?preference=_primary&_source=stamp";
  request.body = HeldBody(ids);
  DS_ASSIGN_OR_RETURN(const ClusterAnswer answer, Ask(std::move(request), deadline));
  return ParseHeld(answer.body, ids);
}

Result<OpenSearchIndex::Positions> OpenSearchIndex::ApplyOnce(std::span<const VectorWrite> writes,
                                                              const Positions& sent,
                                                              std::vector<ApplyResult>& results,
                                                              Deadline deadline) const {
  std::string lines;
  Positions bulk, unsure;
  for (const std::size_t at : sent) {
    if (IsTakeable(writes[at])) {
      AppendWrite(lines, writes[at]);
      bulk.push_back(at);
    } else {
      results[at].status = ApplyStatus::kRefused;
      unsure.push_back(at);
    }
  }
  std::vector<BulkItem> items;
  if (!bulk.empty()) {
    DS_ASSIGN_OR_RETURN(items, Bulk(std::move(lines), bulk.size(), deadline));
  }
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::size_t at = bulk[i];
    if (items[i].status < 300) {
      results[at] = {ApplyStatus::kApplied, writes[at].stamp};
      continue;
    }
    unsure.push_back(at);
    if (items[i].status != 400) continue;
    results[at].status = ApplyStatus::kRefused;
    Log(LogLevel::kWarning, "vector refused by OpenSearch", {{"reason", items[i].reason}});
  }
  return Settle(writes, unsure, results, deadline);
}

// `unsure` are conflicts, and refusals, whose status is set already.
Result<OpenSearchIndex::Positions> OpenSearchIndex::Settle(std::span<const VectorWrite> writes,
                                                           const Positions& unsure,
                                                           std::vector<ApplyResult>& results,
                                                           Deadline deadline) const {
  Positions again;
  if (unsure.empty()) return again;
  std::vector<RecordId> ids;
  for (const std::size_t at : unsure) ids.push_back(writes[at].id);
  DS_ASSIGN_OR_RETURN(const std::vector<HeldVersion> held, Held(ids, deadline));
  for (std::size_t i = 0; i < unsure.size(); ++i) {
    const Stamp stamp = writes[unsure[i]].stamp;
    ApplyResult& result = results[unsure[i]];
    result.held_stamp = held[i].stamp;
    if (result.status == ApplyStatus::kRefused) continue;
    if (held[i].stamp >= stamp) {
      result.status = held[i].stamp > stamp ? ApplyStatus::kSuperseded : ApplyStatus::kApplied;
    } else if (held[i].is_found && held[i].version >= stamp) {
      // Someone else wrote the document, and the version is not its stamp: a higher one takes it.
      result.status = ApplyStatus::kRefused;
    } else {
      again.push_back(unsure[i]);
    }
  }
  return again;
}

Result<std::vector<ApplyResult>> OpenSearchIndex::Apply(std::span<const VectorWrite> writes,
                                                        Deadline deadline) {
  if (deadline.HasPassed()) return DeadlineExceeded("OpenSearch: no time left");
  std::vector<ApplyResult> results;
  results.reserve(writes.size());
  while (results.size() < writes.size()) {
    const auto chunk =
        writes.subspan(results.size(), std::min(kChunkCountMax, writes.size() - results.size()));
    std::vector<ApplyResult> part(chunk.size());
    Positions left(chunk.size());
    for (std::size_t at = 0; at < left.size(); ++at) left[at] = at;
    for (int tries = 0; !left.empty(); ++tries) {
      if (tries == kTryCountMax) return Unavailable("OpenSearch: a conflict with nothing it holds");
      if (tries > 0) std::this_thread::sleep_for(kTryPause);
      DS_ASSIGN_OR_RETURN(left, ApplyOnce(chunk, left, part, deadline));
    }
    results.insert(results.end(), part.begin(), part.end());
  }
  ++answered_count_;
  return results;
}

}  // namespace datastorage::opensearch
