// SimReplica: the service's real engine in one process of the simulation, which a crash takes away
// and Start brings back.
//
// Threads:   one. Start is called from fibers of the world.
// Ownership: keeps references to the stores, which outlive it. Engines of crashed processes are
// kept
//            to the end, since what they locked is theirs.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "engine/dual_writer.h"
#include "engine/reconciler.h"
#include "engine/relay.h"
#include "engine/search_service.h"
#include "engine/set_mover.h"
#include "engine/write_service.h"
#include "memory_cache/memory_embedding_cache.h"
#include "sim/sim_embedder.h"
#include "sim/sim_uuids.h"

namespace datastorage {

class SimReplica {
 public:
  struct Engine {
    Engine(FiberRuntime& runtime,
           RecordStore& store,
           std::vector<VectorEngine> engines,
           std::unique_ptr<UuidSource> id_source);

    Metrics metrics;
    SimEmbedder embedder;
    std::unique_ptr<UuidSource> ids;
    MemoryEmbeddingCache cache;
    EmbeddingService embedding;
    VectorSets sets;
    Settler settler;
    Relay relay;
    DualWriter writer;
    WriteService writes;
    SearchService searches;
    Reconciler reconciler;
    SetMover mover;
  };

  // Asked anew at each start: an index in process begins empty.
  struct Parts {
    std::function<std::vector<VectorEngine>()> engines;
    std::function<std::unique_ptr<UuidSource>()> ids;
  };

  SimReplica(FiberRuntime& runtime, RecordStore& store, Parts parts, std::string name)
      : runtime_(runtime), store_(store), parts_(std::move(parts)), name_(std::move(name)) {}

  // Begins a process, and returns once it serves. False when the store did not let it.
  bool Start();
  void Crash();
  bool IsUp() const { return engine_ != nullptr && !runtime_.IsDead(process_); }
  ProcessId process() const { return process_; }
  const std::string& name() const { return name_; }
  Engine& engine() { return *engine_; }
  void SetEmbedderFaults(int failure_per_thousand, int slow_per_thousand);

 private:
  FiberRuntime& runtime_;
  RecordStore& store_;
  const Parts parts_;
  const std::string name_;
  ProcessId process_ = kWorld;
  std::shared_ptr<Engine> engine_;
  std::vector<std::shared_ptr<Engine>> crashed_;
  int failure_per_thousand_ = 0;
  int slow_per_thousand_ = 0;
};

}  // namespace datastorage
