// Everything but Apply, which is in opensearch_apply.cc.
#include "opensearch/opensearch_index.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"
#include "base/uuid.h"
#include "opensearch/filter_query.h"
#include "opensearch/requests.h"

namespace datastorage::opensearch {
namespace {

// Of |score - cosine|, by far: the server computes with 384 products of floats.
constexpr float kScoreError = 1e-4F;
constexpr Duration kSizeTimeout = std::chrono::seconds(1);
// Of what a readiness probe may take in all, the rest is for others.
constexpr Duration kCheckTimeout = std::chrono::milliseconds(700);

Error Gone() {
  return Unavailable("OpenSearch: the index is gone");
}

void Raise(std::atomic<std::uint64_t>& value, std::uint64_t least) {
  std::uint64_t held = value.load();
  while (held < least && !value.compare_exchange_weak(held, least)) {
  }
}

}  // namespace

Result<std::unique_ptr<OpenSearchIndex>> OpenSearchIndex::Make(Address address,
                                                               const Options& options) {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<Cluster> cluster,
                      Cluster::Make(std::move(address), options.cluster));
  return std::unique_ptr<OpenSearchIndex>(new OpenSearchIndex(std::move(cluster), options));
}

OpenSearchIndex::OpenSearchIndex(std::unique_ptr<Cluster> cluster, const Options& options)
    : cluster_(std::move(cluster)),
      options_(options),
      preference_("ds-" + SystemUuidSource().MakeVersion4().ToString()),
      refresh_([this](Deadline deadline) { return RefreshRound(deadline); },
               options.refresh_pause) {}

VectorIndexCapabilities OpenSearchIndex::Capabilities() const {
  VectorIndexCapabilities capabilities;
  capabilities.placement = Placement::kSeparate;
  capabilities.is_visible_at_once = false;
  capabilities.can_decide = &CanDecide;
  return capabilities;
}

Result<ClusterAnswer> OpenSearchIndex::Ask(ClusterRequest request, Deadline deadline) const {
  request.path = "/" + cluster_->address().index + request.path;
  DS_ASSIGN_OR_RETURN(ClusterAnswer answer, cluster_->Send(request, deadline));
  if (answer.status == 404) return Gone();
  return answer;
}

Result<FoundPage> OpenSearchIndex::Search(std::string body, Deadline deadline) const {
  ClusterRequest request;
  // A part of an answer would be taken for the whole.
  request.path = "/_search?allow_partial_search_results=false&preference=" + preference_;
  request.body = std::move(body);
  DS_ASSIGN_OR_RETURN(const ClusterAnswer answer, Ask(std::move(request), deadline));
  if (!answer.is_success()) {
    return Unavailable("OpenSearch: it refuses a search: " + ErrorTypeOf(answer.body));
  }
  return ParsePage(answer.body);
}

Result<void> OpenSearchIndex::Refresh(Deadline deadline) const {
  ClusterRequest request;
  request.path = "/_refresh";
  DS_ASSIGN_OR_RETURN(const ClusterAnswer answer, Ask(std::move(request), deadline));
  return ParseRefresh(answer.body);
}

Result<void> OpenSearchIndex::RefreshRound(Deadline deadline) {
  const std::uint64_t answered = answered_count_.load();
  DS_RETURN_IF_ERROR(Refresh(deadline));
  if (claimed_.load() != 0) DS_RETURN_IF_ERROR(CheckMark(deadline));
  Raise(visible_count_, answered);
  return {};
}

Result<void> OpenSearchIndex::CheckMark(Deadline deadline) const {
  const VectorSetId claimed = claimed_.load();
  DS_ASSIGN_OR_RETURN(const std::optional<VectorSetId> held, Mark(deadline));
  if (claimed == 0 || held == claimed) return {};
  return Unavailable("OpenSearch: the index has lost the mark of this set: it was made anew");
}

Result<void> OpenSearchIndex::Check(Deadline deadline) {
  return CheckMark(deadline.Within(kCheckTimeout));
}

Result<void> OpenSearchIndex::AwaitVisible(Deadline deadline) {
  if (deadline.HasPassed()) return DeadlineExceeded("OpenSearch: no time left");
  if (visible_count_.load() >= answered_count_.load()) return {};
  return refresh_.Await(deadline);
}

Result<Neighbors> OpenSearchIndex::Nearest(const Embedding& query,
                                           const Filter& filter,
                                           int count_max,
                                           Deadline deadline) {
  DS_CHECK(count_max > 0 && count_max <= limits::kSearchCandidateCountMax);
  const int candidate_count =
      std::min(kCandidateCountMost,
               std::max(options_.candidate_count_least, options_.candidates_per_hit * count_max));
  const std::string body = NearestBody({query, filter, count_max, candidate_count});
  DS_ASSIGN_OR_RETURN(const FoundPage page, Search(body, deadline));
  Neighbors found;
  found.score_error = kScoreError;
  for (const FoundPoint& hit : page.points) {
    // The server makes cosines positive: (1 + cosine) / 2.
    found.hits.push_back({hit.point.id, hit.point.stamp, 2 * hit.score - 1});
  }
  const auto listed_count = static_cast<std::int64_t>(found.hits.size());
  found.is_exhausted = listed_count >= page.passing_count;
  // Where no more pass than candidates were asked for, each was compared.
  const bool is_short = listed_count < std::min<std::int64_t>(count_max, page.passing_count);
  found.may_miss = !found.is_exhausted && (is_short || page.passing_count > candidate_count);
  return found;
}

Result<std::vector<HeldPoint>> OpenSearchIndex::Scan(RecordId after,
                                                     int limit,
                                                     bool with_content,
                                                     Deadline deadline) {
  DS_CHECK(limit > 0 && static_cast<std::size_t>(limit) <= limits::kScanPageCountMax);
  DS_RETURN_IF_ERROR(Refresh(deadline));
  DS_ASSIGN_OR_RETURN(FoundPage page, Search(ScanBody(after, limit, with_content), deadline));
  std::vector<HeldPoint> points;
  points.reserve(page.points.size());
  for (FoundPoint& found : page.points) points.push_back(std::move(found.point));
  return points;
}

Result<Stamp> OpenSearchIndex::HighestStamp(Deadline deadline) {
  DS_RETURN_IF_ERROR(Refresh(deadline));
  DS_ASSIGN_OR_RETURN(const FoundPage page, Search(HighestStampBody(), deadline));
  return page.points.empty() ? Stamp{0} : page.points.front().point.stamp;
}

Result<std::int64_t> OpenSearchIndex::PurgeTombstones(Stamp floor, Deadline deadline) {
  constexpr int kPageCount = 1'000;
  DS_RETURN_IF_ERROR(Refresh(deadline));
  std::int64_t purged_count = 0;
  RecordId after;
  while (true) {
    DS_ASSIGN_OR_RETURN(const FoundPage page,
                        Search(TombstonesBody(floor, after, kPageCount), deadline));
    if (page.points.empty()) return purged_count;
    std::string lines;
    for (const FoundPoint& found : page.points) {
      AppendDelete(lines, found.point.id, found.seq_no, found.primary_term);
    }
    DS_ASSIGN_OR_RETURN(const std::vector<BulkItem> items,
                        Bulk(std::move(lines), page.points.size(), deadline));
    // Others have been written since they were listed.
    purged_count += std::count_if(
        items.begin(), items.end(), [](const BulkItem& item) { return item.status == 200; });
    after = page.points.back().point.id;
  }
}

// The index that the alias names is made by a template's settings, so that one that an operator
// makes beside it, to move to, has them too.
Result<void> OpenSearchIndex::MakeIndex(Deadline deadline) {
  const Address& address = cluster_->address();
  DS_ASSIGN_OR_RETURN(
      const ClusterAnswer made_template,
      cluster_->Send({"PUT", "/_index_template/" + address.index, TemplateBody(address), false},
                     deadline));
  if (!made_template.is_success()) {
    return Unavailable("OpenSearch: it refuses the index template: " +
                       ErrorTypeOf(made_template.body));
  }
  DS_ASSIGN_OR_RETURN(const ClusterAnswer made,
                      cluster_->Send({"PUT", "/" + address.index + "-1", "", false}, deadline));
  const std::string error = made.is_success() ? "" : ErrorTypeOf(made.body);
  // Another replica of the service made it at the same time.
  if (made.is_success() || error == "resource_already_exists_exception") return {};
  return Unavailable("OpenSearch: it refuses to make the index: " + error);
}

Result<void> OpenSearchIndex::Prepare(Deadline deadline) {
  const Address& address = cluster_->address();
  DS_ASSIGN_OR_RETURN(const ClusterAnswer alias,
                      cluster_->Send({"GET", "/_alias/" + address.index, "", false}, deadline));
  if (alias.status == 404) return MakeIndex(deadline);
  DS_ASSIGN_OR_RETURN(const ClusterAnswer mapped,
                      Ask({"PUT", "/_mapping", MappingBody(), false}, deadline));
  if (mapped.is_success()) return {};
  return Unavailable("OpenSearch: the index has other fields than this service: " +
                     ErrorTypeOf(mapped.body));
}

Result<std::optional<VectorSetId>> OpenSearchIndex::Mark(Deadline deadline) const {
  ClusterRequest request;
  request.method = "GET";
  request.path = "/" + cluster_->address().index + "/_doc/" + std::string(kMarkDocument) +
                 "?preference=_primary";
  DS_ASSIGN_OR_RETURN(const ClusterAnswer answer, cluster_->Send(request, deadline));
  if (!ErrorTypeOf(answer.body).empty()) return Gone();
  return ParseMark(answer.body);
}

Result<VectorSetId> OpenSearchIndex::Claim(VectorSetId set, Deadline deadline) {
  DS_RETURN_IF_ERROR(Prepare(deadline));
  const std::string path = "/_create/" + std::string(kMarkDocument) + "?require_alias=true";
  DS_ASSIGN_OR_RETURN(const ClusterAnswer made, Ask({"PUT", path, MarkBody(set), false}, deadline));
  if (!made.is_success() && made.status != 409) {
    return Unavailable("OpenSearch: it refuses the index's mark: " + ErrorTypeOf(made.body));
  }
  DS_ASSIGN_OR_RETURN(const std::optional<VectorSetId> held, Mark(deadline));
  if (!held.has_value()) return Gone();
  if (*held == set) claimed_ = set;
  return *held;
}

std::int64_t OpenSearchIndex::Size() const {
  const Deadline deadline = Deadline::In(kSizeTimeout);
  const bool is_current = visible_count_.load() >= answered_count_.load();
  if (!is_current && !Refresh(deadline).has_value()) return size_.load();
  const Result<ClusterAnswer> answer =
      Ask({"POST", "/_count?preference=" + preference_, LiveCountBody(), false}, deadline);
  if (!answer.has_value()) return size_.load();
  const Result<std::int64_t> counted = ParseCount(answer->body);
  if (counted.has_value()) size_ = *counted;
  return size_.load();
}

}  // namespace datastorage::opensearch
