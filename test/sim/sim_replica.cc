#include "sim/sim_replica.h"

namespace datastorage {
namespace {

DualWriter::Options WriterOptions() {
  DualWriter::Options options;
  options.wait_count_max = 2;                      // So that some requests find no slot,
  options.intent_lease = std::chrono::seconds(1);  // and relays end strict writes that go on.
  return options;
}

}  // namespace

SimReplica::Engine::Engine(FiberRuntime& runtime,
                           RecordStore& store,
                           std::vector<VectorEngine> engines,
                           std::unique_ptr<UuidSource> id_source)
    : embedder(runtime),
      ids(std::move(id_source)),
      cache(MemoryEmbeddingCache::Options{}),
      embedding(runtime, embedder, cache, metrics, EmbeddingService::Options{1}),
      sets(runtime, store, std::move(engines), embedding.Space()),
      settler(runtime, store),
      relay(runtime, store, sets, &embedding, settler, metrics),
      writer(runtime, store, sets, &embedding, settler, metrics, WriterOptions()),
      writes(runtime, store, writer, *ids, metrics),
      searches(runtime, store, sets, &embedding, metrics),
      reconciler(runtime, store),
      mover(runtime, store, sets) {
  writer.OnPending([this] { relay.Wake(); });
  sets.unapplied().OnLeftOver([this] { relay.Wake(); });
}

bool SimReplica::Start() {
  engine_ = nullptr;
  process_ = runtime_.MakeProcess(name_);
  auto engine = std::make_shared<std::shared_ptr<Engine>>();
  const std::unique_ptr<Task> starting = runtime_.SpawnIn(process_, "start", [this, engine] {
    *engine = std::make_shared<Engine>(runtime_, store_, parts_.engines(), parts_.ids());
    Engine& started = **engine;
    started.embedder.SetFaults(failure_per_thousand_, slow_per_thousand_);
    while (!started.sets.Open(Deadline::In(std::chrono::seconds(20), runtime_)).has_value()) {
      runtime_.Sleep(std::chrono::milliseconds(200));
    }
    started.sets.StartFilling();
    started.settler.Start();
    started.relay.Start();
  });
  starting->Join();
  if (*engine != nullptr) crashed_.push_back(*engine);
  if (runtime_.IsDead(process_)) return false;
  engine_ = *engine;
  return true;
}

void SimReplica::Crash() {
  if (IsUp()) runtime_.Crash(process_);
}

void SimReplica::SetEmbedderFaults(int failure_per_thousand, int slow_per_thousand) {
  failure_per_thousand_ = failure_per_thousand;
  slow_per_thousand_ = slow_per_thousand;
  if (engine_ != nullptr) engine_->embedder.SetFaults(failure_per_thousand, slow_per_thousand);
}

}  // namespace datastorage
