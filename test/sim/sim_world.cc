#include "sim/sim_world.h"

#include <array>

#include "base/limits.h"
#include "fake/fake_vector_index.h"
#include "sim/sim_serial_ids.h"
#include "sim/sim_sqlite_truth.h"

namespace datastorage {
namespace {

using namespace std::chrono_literals;

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

std::unique_ptr<SimTruth> MakeTruth(const SimOptions& options, FiberRuntime& runtime) {
  if (options.store == SimStore::kSqlite) {
    return std::make_unique<SimSqliteTruth>(
        runtime, SimRandom(options.seed), options.mutant.lacks_syncs);
  }
  return std::make_unique<SimFakeTruth>(
      runtime, SimRecordStore::YieldWithin(runtime), options.mutant.store);
}

// The engine of the set that answers searches, as this replica knows it.
std::string LiveEngine(FiberRuntime& runtime, SimReplica::Engine& engine) {
  const FiberRuntime::Instant instant(runtime);
  const std::optional<VectorPlace> live = engine.sets.Live();
  return live.has_value() ? live->set.engine : "";
}

// It says that nothing was done, and why.
bool IsRefusal(ReplyStatus status) {
  return status == ReplyStatus::kConflict || status == ReplyStatus::kStale ||
         status == ReplyStatus::kNotFound || status == ReplyStatus::kErased;
}

}  // namespace

SimWorld::SimWorld(const SimOptions& options, FaultCounts& counts)
    : options_(options),
      counts_(counts),
      runtime_(RuntimeOptions(options, counts)),
      truth_(MakeTruth(options, runtime_)),
      inner_(*truth_),
      paths_(runtime_, [this] { return inner_.State(); }),
      path_store_(inner_.store(), paths_),
      store_(runtime_, counts, path_store_),
      first_(runtime_, counts, VectorStoreOptions("first")),
      second_(runtime_, counts, VectorStoreOptions("second")) {
  inner_.OnCommitted([this](const FakeState& state) { CheckState(state); });
}

SimVectorStore::Options SimWorld::VectorStoreOptions(const std::string& engine) {
  SimVectorStore::Options store;
  store.has_compare_and_set = !options_.mutant.lacks_compare_and_set;
  store.keeps_tombstones = !options_.mutant.lacks_tombstones;
  store.is_visible_at_once = options_.seed % 3 == 0;
  store.on_sent = [this, engine](auto writes) { paths_.Sent(engine, writes); };
  store.on_delivered = [this, engine](const VectorWrite& write, bool is_effective) {
    paths_.Delivered(engine, write, is_effective);
  };
  store.on_answered = [this, engine](auto writes, auto results) {
    paths_.Answered(engine, writes, results);
  };
  return store;
}

std::vector<VectorEngine> SimWorld::Engines() {
  if (options_.placement == SimPlacement::kSeparate) {
    return {{"first", &first_}, {"second", &second_}};
  }
  own_indexes_.push_back(std::make_unique<FakeVectorIndex>(Placement::kInProcess, runtime_));
  return {{"own", own_indexes_.back().get()}};
}

std::unique_ptr<UuidSource> SimWorld::Ids() {
  std::unique_ptr<UuidSource> ids = std::make_unique<SimUuids>(runtime_);
  if (options_.mutant.has_serial_ids) ids = std::make_unique<SerialIds>(runtime_, inner_);
  return std::make_unique<SimPathIds>(std::move(ids), paths_);
}

SimVectorStore* SimWorld::StoreOf(const std::string& engine) {
  if (engine == "first") return &first_;
  return engine == "second" ? &second_ : nullptr;
}

SimResult SimWorld::Run() {
  const bool is_separate = options_.placement == SimPlacement::kSeparate;
  const int replica_count = is_separate ? options_.plan.replica_count : 1;
  for (int i = 0; i < replica_count; ++i) {
    replicas_.push_back(std::make_unique<SimReplica>(
        runtime_,
        store_,
        SimReplica::Parts{[this] { return Engines(); }, [this] { return Ids(); }},
        "replica " + std::to_string(i)));
  }
  const RunReport report = runtime_.Run([this, is_separate] {
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
    store_.network().SetFaults(options_.plan.Limit(store_faults));
    first_.network().SetFaults(options_.plan.Limit(faults));
    second_.network().SetFaults(options_.plan.Limit(faults));
    const int embedder_level = options_.plan.Has(SimPart::kEmbedderFaults) ? level : 0;
    for (const auto& replica : replicas_) {
      replica->SetEmbedderFaults(embedder_level, 2 * embedder_level);
    }
    std::vector<std::unique_ptr<Task>> tasks;
    for (int i = 0; i < options_.plan.client_count; ++i) {
      tasks.push_back(runtime_.Spawn("client", [this, i] { RunClient(i); }));
    }
    tasks.push_back(runtime_.Spawn("disturb", [this] { Disturb(); }));
    tasks.push_back(runtime_.Spawn("crash", [this] { CrashReplicas(); }));
    if (is_separate && random.Chance(400) && options_.plan.Has(SimPart::kMoves)) {
      tasks.push_back(runtime_.Spawn("mover", [this] { MoveSets(); }));
    }
    for (const auto& task : tasks) task->Join();
    MakePeace();
    CheckEnd();
    JudgePaths(trouble_.empty());
  });
  SimResult result{trouble_, tally_, report.step_count, report.trace_hash, runtime_.trace()};
  if (result.trouble.empty()) result.trouble = report.trouble;
  result.paths = paths_.paths();
  result.journal = std::move(journal_);
  return result;
}

void SimWorld::JudgePaths(bool is_finished) {
  if (!options_.judges_paths) return;
  if (options_.placement == SimPlacement::kInProcess) {
    ++tally_.paths.skipped_count;
    return;
  }
  const std::string refusal = paths_.Judge(is_finished, tally_.paths);
  if (!refusal.empty()) Fail("path", refusal);
}

// What the client hears, as the write model has it.
void SimWorld::Tell(SimReplica::Engine& engine,
                    std::optional<RecordId> id,
                    const Result<WriteReply>& reply) {
  using test::ProtocolReply;
  ProtocolReply said = ProtocolReply::kRolledBack;
  if (reply.has_value() && !IsRefusal(reply->status)) {
    const bool is_synced = reply->record.vector == VectorState::kSynced;
    said = is_synced ? ProtocolReply::kSynced : ProtocolReply::kPending;
  } else if (!reply.has_value() && reply.error().code == ErrorCode::kOutcomeUnknown) {
    said = ProtocolReply::kUnknown;
  }
  paths_.Replied(LiveEngine(runtime_, engine), id, said);
  constexpr std::array<std::string_view, 4> kWords{"synced", "pending", "rolled back", "unknown"};
  Note(runtime_.step() + " is answered " + std::string(kWords[static_cast<std::size_t>(said)]) +
       (reply.has_value() ? ": " + NaturalKeyOf(reply->record.body) : ""));
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
  if (step != "move") Note(std::string(step) + " at " + replica.name());
  const std::unique_ptr<Task> task = runtime_.SpawnIn(replica.process(), step, [&] {
    runtime_.SetStep(step);
    runtime_.BeginActor();
    paths_.Began(LiveEngine(runtime_, engine));
    body(engine);
    paths_.Ended();
    is_done = true;
  });
  task->Join();
  if (!is_done) Note(std::string(step) + " ends with " + replica.name());
  return is_done;
}

SimReplica& SimWorld::AnyReplica(SimRandom& random) {
  return *replicas_[random.Below(replicas_.size())];
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
  const Deadline end = Deadline::In(kPeaceMost, runtime_);
  AwaitRest(end);
  if (!has_tampered_) return;
  // A vector store that lost its tombstones may have taken a late write of a record that is gone:
  // never shown, and removed by one reconcile once no such write is under way.
  Reconcile(*replicas_.front(), Deadline::In(10min, runtime_));
  AwaitRest(end);
}

// Until nothing is pending or unapplied.
void SimWorld::AwaitRest(Deadline end) {
  // Twice, since a relay that was at work may leave a row once more.
  int quiet_count = 0;
  while (quiet_count < 2 && !end.HasPassed(runtime_)) {
    const std::shared_ptr<const FakeState> state = inner_.State();
    quiet_count = state->pending.empty() ? quiet_count + 1 : 0;
    for (const auto& [id, set] : state->sets) {
      static_cast<void>(
          inner_.store().Release(id, runtime_.WallNow(), Deadline::Never()).has_value());
    }
    runtime_.Sleep(state->pending.empty() ? kRelayRoundMost : Duration(1s));
  }
  for (const auto& replica : replicas_) {
    while (!replica->engine().sets.unapplied().Ids().empty() && !end.HasPassed(runtime_)) {
      runtime_.Sleep(1s);
    }
  }
}

void SimWorld::Note(const std::string& what) {
  const auto time =
      std::chrono::duration_cast<std::chrono::milliseconds>(runtime_.WallNow().time_since_epoch());
  const std::string digits = std::to_string(time.count() % 1'000'000 + 1'000'000).substr(1);
  journal_.push_back(digits.substr(0, 3) + "." + digits.substr(3) + " " + what);
}

void SimWorld::Fail(const std::string& invariant, const std::string& what) {
  if (trouble_.empty()) trouble_ = invariant + ": " + what;
}

}  // namespace datastorage
