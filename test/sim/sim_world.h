// SimWorld: one simulated history. Replicas with the real engine over one record store and two
// vector stores, clients that create, patch, erase and search, faults and crashes by the seed, and
// in the end peace. What was promised is checked all along and at the end: invariants I1–I8 of
// docs/dual-write.md, and that an acknowledged record is found.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/sim_path_store.h"
#include "sim/sim_plan.h"
#include "sim/sim_record_store.h"
#include "sim/sim_replica.h"
#include "sim/sim_tally.h"
#include "sim/sim_truth.h"
#include "sim/sim_vector_store.h"

namespace datastorage {

enum class SimPlacement : std::uint8_t { kSeparate, kInProcess };
enum class SimStore : std::uint8_t { kFake, kSqlite };

// Each takes one guard of the protocol away; the run must then fail for some seed.
struct SimMutant {
  std::string name;
  bool lacks_compare_and_set = false;
  bool lacks_tombstones = false;
  bool has_serial_ids = false;
  bool lacks_syncs = false;  // Of SQLite, which has none of the mutants below.
  FakeMutants store{};
};

struct SimOptions {
  std::uint64_t seed = 1;
  SimPlacement placement = SimPlacement::kSeparate;
  SimStore store = SimStore::kFake;
  SimPlan plan;
  SimMutant mutant;
  bool keeps_trace = false;
  bool judges_paths = true;  // The history must be a path of the write model too.
};

struct SimResult {
  std::string trouble;  // Empty: nothing promised was broken.
  SimTally tally;
  std::uint64_t step_count = 0;
  std::uint64_t trace_hash = 0;
  std::vector<std::string> trace;
  std::vector<std::string> journal{};  // What was done and answered, with the seconds it was at.
  SimPaths::Paths paths{};             // As they were judged.
};

class SimWorld {
 public:
  SimWorld(const SimOptions& options, FaultCounts& counts);
  SimResult Run();

 private:
  // What a client believes of one of its records. One client at a time uses a record.
  struct Known {
    std::string key;
    std::optional<Record> record;  // As last acknowledged.
    bool is_unsure = false;        // Something since then may or may not have happened.
    bool is_erased = false;
    bool was_embedded = false;  // The acknowledged version had its embedding.
  };

  void RunClient(int number);
  void CreateOne(Known& known, SimRandom& random);
  void PatchOne(Known& known, SimRandom& random);
  void SendPatch(Known& known, SimRandom& random, bool meets_erasure);
  void EraseOne(Known& known, SimRandom& random);
  void SearchFor(const Known& known, SimRandom& random);
  void Disturb();
  void StopVectors(SimVectorStore& vectors, SimRandom& random);
  void StopRecords(SimRandom& random);
  void CutPower();
  void CrashReplicas();
  void MoveSets();
  void LoseVectors(SimVectorStore& vectors, SimRandom& random);
  void Reconcile(SimReplica& replica, Deadline deadline);
  void MakePeace();
  void AwaitRest(Deadline end);
  void CheckEnd();

  // Runs `body` in a fiber of the replica; false when the replica crashed before its end.
  bool Ask(SimReplica& replica,
           std::string_view step,
           std::function<void(SimReplica::Engine&)> body);
  SimReplica& AnyReplica(SimRandom& random);
  void CheckSynced(const WriteReply& reply);
  void CheckAnswer(const SearchReply& reply, WallTime begin);
  void CheckState(const FakeState& state);
  void CheckRecord(const FakeState& state, const VectorSet& set, RecordId id);
  bool IsHeldInProcess(const FakeState& state, RecordId id);
  void Tell(SimReplica::Engine& engine,
            std::optional<RecordId> id,
            const Result<WriteReply>& reply);
  void JudgePaths(bool is_finished);
  void Note(const std::string& what);
  void Fail(const std::string& invariant, const std::string& what);

  SimVectorStore* StoreOf(const std::string& engine);
  SimVectorStore::Options VectorStoreOptions(const std::string& engine);
  std::vector<VectorEngine> Engines();
  std::unique_ptr<UuidSource> Ids();

  const SimOptions options_;
  FaultCounts& counts_;
  FiberRuntime runtime_;
  const std::unique_ptr<SimTruth> truth_;
  SimTruth& inner_;
  SimPaths paths_;
  SimPathStore path_store_;
  SimRecordStore store_;
  SimVectorStore first_;
  SimVectorStore second_;
  std::vector<std::unique_ptr<VectorIndex>> own_indexes_;  // In process; of all starts.
  std::vector<std::unique_ptr<SimReplica>> replicas_;
  std::map<std::string, Known> known_;      // By natural key.
  std::set<std::string> refused_keys_;      // I8: no record may ever have one of these.
  std::map<RecordId, WallTime> erased_at_;  // As first seen committed.
  std::map<RecordId, Stamp> last_stamps_;   // I5.
  std::map<std::pair<RecordId, std::int64_t>, std::string> committed_;  // Version → summary.
  bool is_tampered_ = false;  // The index was wiped or put back, and no reconcile has ended since.
  bool has_tampered_ = false;
  int loss_count_ = 0;  // How often the index lost something.
  int key_count_ = 0;
  SimTally tally_;
  std::vector<std::string> journal_;
  std::string trouble_;
};

}  // namespace datastorage
