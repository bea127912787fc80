// What befalls the servers and processes of a simulated history, and who moves and reconciles.
#include <algorithm>

#include "sim/sim_world.h"

namespace datastorage {

using namespace std::chrono_literals;

// Stops and restarts servers, and reconciles, now and then.
void SimWorld::Disturb() {
  SimRandom random = runtime_.random().Fork();
  const SimPlan& plan = options_.plan;
  const int count = std::min(static_cast<int>(random.Below(5)), plan.trouble_count_max);
  for (int i = 0; i < count; ++i) {
    runtime_.Sleep(random.SomeTime(10s));
    SimVectorStore& vectors = random.Chance(700) ? first_ : second_;
    switch (random.Below(5)) {
      case 0:
        if (plan.Has(SimPart::kVectorStoreStops)) StopVectors(vectors, random);
        break;
      case 1:
        if (random.Chance(500)) {
          if (plan.Has(SimPart::kRestarts)) vectors.Restart();
        } else {
          if (plan.Has(SimPart::kPowerCuts)) CutPower();
        }
        break;
      case 2:
        if (plan.Has(SimPart::kReconciles)) {
          Reconcile(AnyReplica(random), Deadline::In(30s, runtime_));
        }
        break;
      case 3:
        if (plan.Has(SimPart::kLostVectors)) LoseVectors(vectors, random);
        break;
      default:
        if (plan.Has(SimPart::kRecordStoreStops)) StopRecords(random);
        break;
    }
  }
}

void SimWorld::StopVectors(SimVectorStore& vectors, SimRandom& random) {
  Note("a vector store stops");
  vectors.Stop();
  runtime_.Sleep(random.SomeTime(10s));
  vectors.Start();
  Note("the vector store starts");
}

void SimWorld::StopRecords(SimRandom& random) {
  Note("the record store stops");
  store_.Stop();
  runtime_.Sleep(random.SomeTime(5s));
  store_.Start();
  Note("the record store starts");
}

// Of the record store. A file's process would go too: there CrashReplicas does it.
void SimWorld::CutPower() {
  const bool is_in_process = options_.placement == SimPlacement::kInProcess;
  if (is_in_process && options_.store == SimStore::kSqlite) return;
  Note("the record store's power is cut");
  inner_.CutPower();
  paths_.PowerWasCut();
  counts_.Add(FaultKind::kRestart, "record store");
}

void SimWorld::CrashReplicas() {
  SimRandom random = runtime_.random().Fork();
  const int count = std::min(static_cast<int>(random.Below(4)), options_.plan.crash_count_max);
  for (int i = 0; i < count; ++i) {
    runtime_.Sleep(random.SomeTime(20s));
    SimReplica& replica = *replicas_[random.Below(replicas_.size())];
    if (!replica.IsUp()) continue;
    Note(replica.name() + " crashes");
    paths_.Crashed(replica.process());
    replica.Crash();
    if (options_.placement == SimPlacement::kInProcess) inner_.EndWithProcess();
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
  Note("a vector store is wiped or put back");
  paths_.LostPoints(&vectors == &first_ ? "first" : "second");
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
  if (!is_done) return;
  Note("the second set is live");
  ++tally_.move_count;
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

}  // namespace datastorage
