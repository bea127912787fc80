// OpenSearchIndex: vectors in an OpenSearch cluster, through its k-NN plugin (Lucene engine).
// A document a record; its external version is the stamp, so the server itself refuses what is not
// newer. Deletions are documents without a vector: the server's own memory of them may be lost.
//
// Threads:     safe to call concurrently.
// Limitations: a 409 shows that the primary holds a stamp, not yet that its replicas do. Searches
//              see a write after a refresh (AwaitVisible), of several replicas of the service each
//              its own.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "opensearch/answers.h"
#include "opensearch/cluster.h"
#include "opensearch/shared_refresh.h"
#include "ports/health_probe.h"
#include "ports/vector_index.h"

namespace datastorage::opensearch {

// What sets in a cluster call their engine.
inline constexpr std::string_view kOpensearchEngine = "opensearch";

class OpenSearchIndex final : public VectorIndex, public HealthProbe {
 public:
  struct Options {
    ClusterOptions cluster;
    // Between the begins of two refreshes that AwaitVisible asks for.
    Duration refresh_pause = std::chrono::seconds(1);
    // How many candidates a shard looks for: a graph misses some of the nearest when it is asked
    // for no more than these. Up to so many points pass a filter, all are compared.
    int candidate_count_least = 512;
    int candidates_per_hit = 4;
  };

  // Errors: kInvalidArgument (a file that the address names). Sends nothing.
  static Result<std::unique_ptr<OpenSearchIndex>> Make(Address address, const Options& options);

  // Makes the index where the alias has none, else adds the fields it lacks. Claim does this too.
  // Errors: kUnavailable (also: the name belongs to an index of someone else), kDeadlineExceeded.
  Result<void> Prepare(Deadline deadline);

  VectorIndexCapabilities Capabilities() const override;
  // Refuses a vector that is not unit, members whose id is not the write's, and what the server
  // refuses of a document for its own sake.
  Result<std::vector<ApplyResult>> Apply(std::span<const VectorWrite> writes,
                                         Deadline deadline) override;
  Result<Neighbors> Nearest(const Embedding& query,
                            const Filter& filter,
                            int count_max,
                            Deadline deadline) override;
  // Also fails when the index has lost its mark: what was applied before went with it.
  Result<void> AwaitVisible(Deadline deadline) override;
  // Refreshes first; a page is one instant of the index.
  Result<std::vector<HeldPoint>> Scan(RecordId after,
                                      int limit,
                                      bool with_content,
                                      Deadline deadline) override;
  Result<Stamp> HighestStamp(Deadline deadline) override;
  Result<std::int64_t> PurgeTombstones(Stamp floor, Deadline deadline) override;
  Result<VectorSetId> Claim(VectorSetId set, Deadline deadline) override;
  // Asks the server; the last known number while it does not answer.
  std::int64_t Size() const override;

  // Whether the cluster answers for the index, and it is still the one that was claimed.
  Result<void> Check(Deadline deadline) override;

 private:
  explicit OpenSearchIndex(std::unique_ptr<Cluster> cluster, const Options& options);

  // `path` is that below the alias. Errors: those of Cluster::Send; kUnavailable for 404.
  Result<ClusterAnswer> Ask(ClusterRequest request, Deadline deadline) const;
  Result<FoundPage> Search(std::string body, Deadline deadline) const;
  Result<std::vector<BulkItem>> Bulk(std::string lines, std::size_t count, Deadline deadline) const;
  Result<void> Refresh(Deadline deadline) const;
  Result<void> RefreshRound(Deadline deadline);
  Result<std::optional<VectorSetId>> Mark(Deadline deadline) const;
  Result<void> CheckMark(Deadline deadline) const;
  Result<void> MakeIndex(Deadline deadline);

  Result<std::vector<HeldVersion>> Held(std::span<const RecordId> ids, Deadline deadline) const;
  // Sends the writes at these positions once and fills in what is certain; returns those that met
  // the memory of a purged tombstone and are to be sent again.
  using Positions = std::vector<std::size_t>;
  Result<Positions> ApplyOnce(std::span<const VectorWrite> writes,
                              const Positions& sent,
                              std::vector<ApplyResult>& results,
                              Deadline deadline) const;
  Result<Positions> Settle(std::span<const VectorWrite> writes,
                           const Positions& unsure,
                           std::vector<ApplyResult>& results,
                           Deadline deadline) const;

  const std::unique_ptr<Cluster> cluster_;
  const Options options_;
  const std::string
      preference_;  // The same copies of the shards for all searches of this instance.
  SharedRefresh refresh_;
  std::atomic<VectorSetId> claimed_ = 0;
  std::atomic<std::uint64_t> answered_count_ = 0;  // Calls of Apply.
  std::atomic<std::uint64_t> visible_count_ = 0;   // Of these, seen by searches.
  mutable std::atomic<std::int64_t> size_ = 0;
};

}  // namespace datastorage::opensearch
