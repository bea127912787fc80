#include "sim/sim_world.h"

#include "base/limits.h"
#include "fake/fake_vector_index.h"

namespace datastorage {
namespace {

using namespace std::chrono_literals;

constexpr int kClientCount = 3;
constexpr int kReplicaCount = 3;
constexpr Duration kRelayRoundMost = std::chrono::seconds(15);
constexpr Duration kPeaceMost = std::chrono::minutes(30);

FiberRuntime::Options RuntimeOptions(const SimOptions& options, FaultCounts& counts) {
  FiberRuntime::Options runtime;
  runtime.seed = options.seed;
  runtime.keeps_trace = options.keeps_trace;
  runtime.step_count_max = 400'000;
  runtime.on_drop = [&counts](std::string_view step, std::string_view /*where*/) {
    counts.Add(FaultKind::kCrash, step);
  };
  return runtime;
}

SimVectorStore::Options VectorStoreOptions(const SimOptions& options) {
  SimVectorStore::Options store;
  store.has_compare_and_set = !options.mutant.lacks_compare_and_set;
  store.keeps_tombstones = !options.mutant.lacks_tombstones;
  store.is_visible_at_once = options.seed % 3 == 0;
  return store;
}

// A mutant: ids from a sequence, which hands out again what was never committed.
class SerialIds final : public UuidSource {
 public:
  SerialIds(FiberRuntime& runtime, FakeRecordStore& store) : random_(runtime), store_(store) {}
  Uuid MakeVersion4() override { return random_.MakeVersion4(); }
  Uuid MakeVersion7() override {
    const std::shared_ptr<const FakeState> state = store_.State();
    Uuid id;
    id.bytes[15] = static_cast<std::uint8_t>(state->records.size() + state->erasures.size() + 1);
    return id;
  }

 private:
  SimUuids random_;
  FakeRecordStore& store_;
};

}  // namespace

void SimTally::Add(const SimTally& other) {
  create_count += other.create_count;
  acknowledged_count += other.acknowledged_count;
  strict_refused_count += other.strict_refused_count;
  patch_count += other.patch_count;
  erase_count += other.erase_count;
  crash_count += other.crash_count;
  move_count += other.move_count;
  reconcile_count += other.reconcile_count;
  search_count += other.search_count;
  search_pending_count += other.search_pending_count;
  search_unapplied_count += other.search_unapplied_count;
  search_degraded_count += other.search_degraded_count;
  search_exact_count += other.search_exact_count;
  found_check_count += other.found_check_count;
  state_check_count += other.state_check_count;
}

std::string SimTally::Table() const {
  std::string table;
  const auto line = [&table](std::string_view name, std::int64_t count) {
    table += std::string(name) + ": " + std::to_string(count) + "\n";
  };
  line("creations", create_count);
  line("acknowledged", acknowledged_count);
  line("strict creations refused", strict_refused_count);
  line("patches", patch_count);
  line("erasures", erase_count);
  line("crashes", crash_count);
  line("moves to another set", move_count);
  line("reconciles", reconcile_count);
  line("searches", search_count);
  line("  that met pending rows", search_pending_count);
  line("  that met unapplied writes", search_unapplied_count);
  line("  that said they were degraded", search_degraded_count);
  line("  that the record store answered", search_exact_count);
  line("  that had to find a certain record", found_check_count);
  line("instants checked", state_check_count);
  return table;
}

SimWorld::SimWorld(const SimOptions& options, FaultCounts& counts)
    : options_(options),
      counts_(counts),
      runtime_(RuntimeOptions(options, counts)),
      inner_(runtime_, SimRecordStore::YieldWithin(runtime_), options.mutant.store),
      store_(runtime_, counts, inner_),
      first_(runtime_, counts, VectorStoreOptions(options)),
      second_(runtime_, counts, VectorStoreOptions(options)) {
  inner_.OnCommitted([this](const FakeState& state) { CheckState(state); });
}

std::vector<VectorEngine> SimWorld::Engines() {
  if (options_.placement == SimPlacement::kSeparate) {
    return {{"first", &first_}, {"second", &second_}};
  }
  own_indexes_.push_back(std::make_unique<FakeVectorIndex>(Placement::kInProcess, runtime_));
  return {{"own", own_indexes_.back().get()}};
}

std::unique_ptr<UuidSource> SimWorld::Ids() {
  if (!options_.mutant.has_serial_ids) return std::make_unique<SimUuids>(runtime_);
  return std::make_unique<SerialIds>(runtime_, inner_);
}

SimVectorStore* SimWorld::StoreOf(const std::string& engine) {
  if (engine == "first") return &first_;
  return engine == "second" ? &second_ : nullptr;
}

SimResult SimWorld::Run() {
  const int replica_count = options_.placement == SimPlacement::kSeparate ? kReplicaCount : 1;
  for (int i = 0; i < replica_count; ++i) {
    replicas_.push_back(std::make_unique<SimReplica>(
        runtime_,
        store_,
        SimReplica::Parts{[this] { return Engines(); }, [this] { return Ids(); }},
        "replica " + std::to_string(i)));
  }
  const RunReport report = runtime_.Run([this] {
    for (const auto& replica : replicas_) replica->Start();
    SimRandom& random = runtime_.random();
    const int level = static_cast<int>(random.Below(4)) * 25;  // Some histories are calm.
    SimFaults faults = SimFaults::EachOf(level);
    faults.delay_most = 30s;
    faults.slow_most = 4s;
    faults.patience_most = 15s;
    SimFaults store_faults = faults;
    if (options_.placement == SimPlacement::kInProcess) {
      // The record store is a file then: it has no network to lose an answer on.
      store_faults = {.unavailable = level, .slow = level, .apart = 0, .slow_most = 4s};
    }
    store_.network().SetFaults(store_faults);
    first_.network().SetFaults(faults);
    second_.network().SetFaults(faults);
    for (const auto& replica : replicas_) replica->SetEmbedderFaults(level, 2 * level);
    std::vector<std::unique_ptr<Task>> tasks;
    for (int i = 0; i < kClientCount; ++i) {
      tasks.push_back(runtime_.Spawn("client", [this, i] { RunClient(i); }));
    }
    tasks.push_back(runtime_.Spawn("disturb", [this] { Disturb(); }));
    tasks.push_back(runtime_.Spawn("crash", [this] { CrashReplicas(); }));
    if (options_.placement == SimPlacement::kSeparate && random.Chance(400)) {
      tasks.push_back(runtime_.Spawn("mover", [this] { MoveSets(); }));
    }
    for (const auto& task : tasks) task->Join();
    MakePeace();
    CheckEnd();
  });
  SimResult result{trouble_, tally_, report.step_count, report.trace_hash, runtime_.trace()};
  if (result.trouble.empty()) result.trouble = report.trouble;
  return result;
}

// Stops and restarts servers, and reconciles, now and then.
void SimWorld::Disturb() {
  SimRandom random = runtime_.random().Fork();
  const std::size_t count = random.Below(5);
  for (std::size_t i = 0; i < count; ++i) {
    runtime_.Sleep(random.SomeTime(10s));
    SimVectorStore& vectors = random.Chance(700) ? first_ : second_;
    switch (random.Below(5)) {
      case 0:
        vectors.Stop();
        runtime_.Sleep(random.SomeTime(10s));
        vectors.Start();
        break;
      case 1:
        if (random.Chance(500)) {
          vectors.Restart();
        } else {
          inner_.CutPower();
          counts_.Add(FaultKind::kRestart, "record store");
        }
        break;
      case 2: Reconcile(AnyReplica(random), Deadline::In(30s, runtime_)); break;
      case 3: LoseVectors(vectors, random); break;
      default:
        store_.Stop();
        runtime_.Sleep(random.SomeTime(5s));
        store_.Start();
        break;
    }
  }
}

void SimWorld::CrashReplicas() {
  SimRandom random = runtime_.random().Fork();
  const std::size_t count = random.Below(4);
  for (std::size_t i = 0; i < count; ++i) {
    runtime_.Sleep(random.SomeTime(20s));
    SimReplica& replica = *replicas_[random.Below(replicas_.size())];
    if (!replica.IsUp()) continue;
    replica.Crash();
    ++tally_.crash_count;
    runtime_.Sleep(random.SomeTime(2s));
    replica.Start();
  }
}

// The index loses what it held, and a reconcile brings it back.
void SimWorld::LoseVectors(SimVectorStore& vectors, SimRandom& random) {
  if (options_.placement != SimPlacement::kSeparate) return;
  const SimVectorStore::Copy copy = vectors.Save();
  runtime_.Sleep(random.SomeTime(5s));
  is_tampered_ = has_tampered_ = true;
  ++loss_count_;
  if (random.Chance(500)) {
    vectors.Wipe();
  } else {
    vectors.PutBack(copy);
  }
  const std::int64_t before = tally_.reconcile_count;
  while (tally_.reconcile_count == before) {
    Reconcile(AnyReplica(random), Deadline::In(30s, runtime_));
    runtime_.Sleep(100ms);
  }
  is_tampered_ = false;
}

void SimWorld::MoveSets() {
  SimRandom random = runtime_.random().Fork();
  runtime_.Sleep(random.SomeTime(20s));
  std::optional<VectorSetId> set;
  const Deadline end = Deadline::In(10min, runtime_);
  bool is_done = false;
  while (!is_done && !end.HasPassed(runtime_)) {
    SimReplica& replica = AnyReplica(random);
    Ask(replica, "move", [&](SimReplica::Engine& engine) {
      const Deadline deadline = Deadline::In(20s, runtime_);
      if (!set.has_value()) {
        const Result<VectorSet> begun = engine.mover.Begin("second", deadline);
        if (begun.has_value()) {
          set = begun->id;
        } else if (begun.error().code == ErrorCode::kConflict) {
          // Registered by a request whose answer was lost.
          const std::shared_ptr<const FakeState> state = inner_.State();
          for (const auto& [id, each] : state->sets) {
            if (each.engine == "second") set = id;
          }
        }
      } else {
        const Result<bool> finished = engine.mover.TryFinish(*set, deadline);
        is_done = finished.has_value() && *finished;
      }
    });
    runtime_.Sleep(random.SomeTime(5s));
  }
  if (is_done) ++tally_.move_count;
}

bool SimWorld::Ask(SimReplica& replica,
                   std::string_view step,
                   std::function<void(SimReplica::Engine&)> body) {
  if (!replica.IsUp()) {
    runtime_.Sleep(100ms);
    return false;
  }
  bool is_done = false;
  SimReplica::Engine& engine = replica.engine();
  const std::unique_ptr<Task> task = runtime_.SpawnIn(replica.process(), step, [&] {
    runtime_.SetStep(step);
    body(engine);
    is_done = true;
  });
  task->Join();
  return is_done;
}

SimReplica& SimWorld::AnyReplica(SimRandom& random) {
  return *replicas_[random.Below(replicas_.size())];
}

void SimWorld::Reconcile(SimReplica& replica, Deadline deadline) {
  Ask(replica, "reconcile", [&](SimReplica::Engine& engine) {
    bool is_whole = engine.sets.Refresh(deadline).has_value();
    for (const VectorPlace& place : engine.sets.Places()) {
      is_whole = engine.reconciler.Run(place, {false, true}, deadline).has_value() && is_whole;
    }
    if (is_whole) ++tally_.reconcile_count;
  });
}

// No faults from here on: everything must come right by itself.
void SimWorld::MakePeace() {
  store_.network().SetFaults({});
  first_.network().SetFaults({});
  second_.network().SetFaults({});
  store_.Start();
  first_.Start();
  second_.Start();
  for (const auto& replica : replicas_) {
    replica->SetEmbedderFaults(0, 0);
    while (!replica->IsUp()) replica->Start();
  }
  store_.network().AwaitQuiet();
  first_.network().AwaitQuiet();
  second_.network().AwaitQuiet();
  // A vector store that lost its tombstones may have taken a late write of a record that is gone:
  // never shown, and removed by one reconcile.
  if (has_tampered_) Reconcile(*replicas_.front(), Deadline::In(10min, runtime_));
  const Deadline end = Deadline::In(kPeaceMost, runtime_);
  // Twice, since a relay that was at work may leave a row once more.
  int quiet_count = 0;
  while (quiet_count < 2 && !end.HasPassed(runtime_)) {
    const std::shared_ptr<const FakeState> state = inner_.State();
    quiet_count = state->pending.empty() ? quiet_count + 1 : 0;
    for (const auto& [id, set] : state->sets) {
      static_cast<void>(inner_.Release(id, runtime_.WallNow(), Deadline::Never()).has_value());
    }
    runtime_.Sleep(state->pending.empty() ? kRelayRoundMost : Duration(1s));
  }
  for (const auto& replica : replicas_) {
    while (!replica->engine().sets.unapplied().Ids().empty() && !end.HasPassed(runtime_)) {
      runtime_.Sleep(1s);
    }
  }
}

void SimWorld::Fail(const std::string& invariant, const std::string& what) {
  if (trouble_.empty()) trouble_ = invariant + ": " + what;
}

}  // namespace datastorage
