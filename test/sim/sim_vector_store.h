// SimVectorStore: a vector store on another server, as all replicas see it. It outlives the crashes
// of its callers; calls travel over a SimNetwork, so they may be lost, late, repeated, reordered,
// or taken apart; searches see only what was refreshed. The test can restart, stop, wipe it, put it
// back to an older copy, or plant what the record store never wrote.
//
// Threads:     Apply, Nearest and the other calls from any thread outside of fibers, where nothing
//              goes wrong and AwaitVisible refreshes; else one.
// Ownership:   keeps a reference to `runtime` and `counts`. Outlives FiberRuntime::Run.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

#include "fake/fake_points.h"
#include "sim/sim_network.h"

namespace datastorage {

class SimVectorStore final : public VectorIndex {
 public:
  struct Options {
    // Mutants: each takes one guard away. Capabilities() goes on as if it were there.
    bool has_compare_and_set = true;  // Else any write overwrites.
    bool keeps_tombstones = true;     // Else a deletion is forgotten with its stamp.
    bool is_visible_at_once = false;
    Duration refresh_delay_most = std::chrono::seconds(2);       // After a write.
    Duration refresh_time_most = std::chrono::milliseconds(50);  // From its begin to its end.
    // Told of each write that was taken, and of the stamp held before it (0: none).
    std::function<void(const VectorWrite& write, Stamp before)> on_applied{};
    // The same of each that arrived; `is_effective`: it was taken, and had not been before.
    std::function<void(const VectorWrite& write, bool is_effective)> on_delivered{};
    // Of the calls of Apply: at the caller, before it is sent and once it is answered.
    std::function<void(std::span<const VectorWrite> writes)> on_sent{};
    std::function<void(std::span<const VectorWrite>, std::span<const ApplyResult>)> on_answered{};
  };
  struct Copy {
    FakePoints points;
    std::optional<VectorSetId> claimed_by;
  };

  SimVectorStore(FiberRuntime& runtime, FaultCounts& counts, Options options);

  VectorIndexCapabilities Capabilities() const override;
  Result<std::vector<ApplyResult>> Apply(std::span<const VectorWrite> writes,
                                         Deadline deadline) override;
  Result<Neighbors> Nearest(const Embedding& query,
                            const Filter& filter,
                            int count_max,
                            Deadline deadline) override;
  Result<void> AwaitVisible(Deadline deadline) override;
  Result<std::vector<HeldPoint>> Scan(RecordId after,
                                      int limit,
                                      bool with_content,
                                      Deadline deadline) override;
  Result<Stamp> HighestStamp(Deadline deadline) override;
  Result<std::int64_t> PurgeTombstones(Stamp floor, Deadline deadline) override;
  Result<VectorSetId> Claim(VectorSetId set, Deadline deadline) override;
  std::int64_t Size() const override;

  // What the test does, from fibers of the world or from outside.
  SimNetwork& network() { return network_; }
  // While stopped every call fails; what arrives meanwhile is lost.
  void Stop();
  void Start();
  // Calls and refreshes under way fail. What was applied stays, and all of it is visible.
  void Restart();
  void Wipe();
  Copy Save() const;
  void PutBack(const Copy& copy);
  // Holds it, whatever was held before.
  void Plant(const VectorWrite& write);
  // Refuses every write of this id, until healed.
  void Poison(RecordId id) { poisoned_.insert(id); }
  void Heal() { poisoned_.clear(); }
  // As applied, refreshed or not; good until another fiber runs.
  const FakePoints& Points() const;

 private:
  using Lock = std::lock_guard<std::mutex>;

  template <class T>
  Result<T> Call(std::string_view step,
                 bool is_repeatable,
                 Deadline deadline,
                 std::function<Result<T>()> serve);
  Result<std::vector<ApplyResult>> ServeApply(const std::vector<VectorWrite>& writes,
                                              bool is_interleaved);
  Result<void> ServeAwaitVisible(Deadline deadline);
  ApplyResult ApplyOne(const VectorWrite& write);
  void PlanRefresh();
  void Refresh();
  // The calls of before come to nothing, and searches see what is held. REQUIRES: mutex_ is held.
  void BeginEpoch();

  FiberRuntime& runtime_;
  FaultCounts& counts_;
  const Options options_;
  SimNetwork network_;
  mutable std::mutex mutex_;  // Never held across a yield.
  FakePoints points_;
  std::shared_ptr<const FakePoints> visible_ = std::make_shared<FakePoints>();
  std::optional<VectorSetId> claimed_by_;
  std::set<RecordId> poisoned_;
  bool is_up_ = true;
  bool is_refresh_planned_ = false;
  std::int64_t epoch_ = 0;
  std::int64_t begun_refresh_ = 0;
  std::int64_t done_refresh_ = 0;
};

}  // namespace datastorage
