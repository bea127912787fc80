// SimPaths: writes down what a simulated history does to each record in each vector set, as events
// of the write protocol, and has them judged by ProtocolPath: they must be a path of
// model/write.pml. What that model does not have ends a path before its time: an index that is
// wiped or put back, a set that is retired. Indexes in process have no such paths: model/inprocess.
//
// Threads:   one; never yields, so that it changes no history.
// Ownership: keeps a reference to the runtime.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "domain/attempt.h"
#include "fake/fake_state.h"
#include "ports/vector_index.h"
#include "sim/fiber_runtime.h"
#include "sim/protocol_path.h"

namespace datastorage {

// Of one or more histories.
struct SimPathTally {
  std::int64_t event_count = 0;
  std::int64_t path_count = 0;     // Accepted, all of them:
  std::int64_t cut_count = 0;      // these up to where the index was wiped, put back or retired.
  std::int64_t judged_count = 0;   // Histories that were judged,
  std::int64_t whole_count = 0;    // with none that was cut by a wiped or put back index,
  std::int64_t skipped_count = 0;  // and with an index in process, of which there is no path.

  void Add(const SimPathTally& other);
  std::string Table() const;
};

class SimPaths {
 public:
  // The events of one record in the set of one engine.
  struct Path {
    std::vector<test::ProtocolEvent> events;
    test::ProtocolSet set = test::ProtocolSet::kFirst;
    bool is_cut = false;
  };
  using Paths = std::map<std::pair<std::string, RecordId>, Path>;

  // `state`: what is committed now.
  SimPaths(FiberRuntime& runtime, std::function<std::shared_ptr<const FakeState>()> state)
      : runtime_(runtime), state_(std::move(state)) {}

  // From the record store, right after what it did became visible.
  void Committed(std::span<const WriteOp> operations, std::span<const WriteOutcome> outcomes);
  void Settled(std::span<const PendingVector> rows);
  void SetsChanged();
  void PowerWasCut();
  void Read(std::span<const ReadOutcome> outcomes);
  // From the vector store of this engine.
  void Sent(const std::string& engine, std::span<const VectorWrite> writes);
  void Delivered(const std::string& engine, const VectorWrite& write, bool is_effective);
  void Answered(const std::string& engine,
                std::span<const VectorWrite> writes,
                std::span<const ApplyResult> results);
  void LostPoints(const std::string& engine);
  // From processes, of the calling fiber's actor. An attempt or id is made by whoever will commit
  // it; a reply without an id is of the record whose id was made. `live`: the engine that answers
  // searches, as the process knows it. A reply is about the set that was live all the while.
  void Began(const std::string& live);
  void Made(const Uuid& id);
  void Replied(const std::string& live, std::optional<RecordId> id, test::ProtocolReply reply);
  void Ended();
  void Crashed(ProcessId process);

  // `is_finished`: nothing was left to do at the end. Empty: all are accepted.
  std::string Judge(bool is_finished, SimPathTally& tally);
  const Paths& paths() const { return paths_; }

 private:
  using Kind = test::ProtocolEventKind;
  using Place = std::pair<std::string, RecordId>;
  struct Actor {
    ProcessId process = kWorld;
    std::string live;
    std::optional<RecordId> made;
    std::set<Place> places;  // That it had a part in.
    bool is_done = false;
  };

  void Add(const Place& place, test::ProtocolEvent event);
  void CommittedOne(const WriteOp& operation, const WriteOutcome& outcome, const FakeState& after);
  void Enqueued(const EnqueuePendingOp& operation, Stamp stamp, const FakeState& after);
  test::ProtocolEvent WriteEvent(
      Kind kind, int actor, const FakeState& state, const VectorSet& set, RecordId id) const;
  int MakerOf(const Uuid& id) const;

  FiberRuntime& runtime_;
  const std::function<std::shared_ptr<const FakeState>()> state_;
  std::shared_ptr<const FakeState> before_ = std::make_shared<FakeState>();
  std::map<int, Actor> actors_;
  std::map<Uuid, int> makers_;
  Paths paths_;
  std::set<std::string> retired_;
  bool has_lost_points_ = false;
};

}  // namespace datastorage
