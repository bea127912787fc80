// SimRecordStore: another record store, the fake or a real one, on a server behind a SimNetwork. A
// commit may fail before anything, be applied or not without an answer, or be applied late, when
// its caller has given up or crashed; only SettleAttempts tells. A caller that crashes while its
// own transaction runs takes it back, unless the server had gone on with it.
//
// Threads:   one. Outside of fibers every call goes straight to the inner store.
// Time:      deadlines are judged here, by the runtime's clock; the inner store gets none.
// Ownership: keeps references to all three.
#pragma once

#include <functional>
#include <memory>

#include "ports/record_store.h"
#include "sim/sim_network.h"

namespace datastorage {

class SimRecordStore : public RecordStore {
 public:
  SimRecordStore(FiberRuntime& runtime, FaultCounts& counts, RecordStore& inner)
      : runtime_(runtime), counts_(counts), inner_(inner), network_(runtime, counts) {}

  // For FakeRecordStore: lets others run, and a crash strike, between the steps of a transaction.
  static std::function<void()> YieldWithin(FiberRuntime& runtime) {
    return [&runtime] { runtime.Yield("within a transaction"); };
  }

  SimNetwork& network() { return network_; }
  // While stopped every call fails before anything.
  void Stop();
  void Start() { is_up_ = true; }

  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
                                           Deadline deadline) override;
  Result<std::vector<ReadOutcome>> Read(std::span<const RecordRef> refs,
                                        std::string_view space,
                                        Deadline deadline) override;
  Result<std::vector<Record>> History(RecordId id, Deadline deadline) override;
  Result<ListPage> List(const ListQuery& query, Deadline deadline) override;
  Result<std::int64_t> Count(const Filter& filter, std::int64_t cap, Deadline deadline) override;
  Result<std::vector<SimilarHit>> ExactNearest(const Embedding& query,
                                               std::string_view space,
                                               const Filter& filter,
                                               int limit,
                                               Deadline deadline) override;
  Result<std::vector<TextHit>> TextSearch(std::string_view text,
                                          const Filter& filter,
                                          int limit,
                                          Deadline deadline) override;
  Result<std::vector<StoredEmbedding>> ScanEmbeddings(std::string_view space,
                                                      RecordId after,
                                                      int limit,
                                                      Deadline deadline) override;
  Result<std::vector<AttemptOutcome>> SettleAttempts(std::span<const AttemptRef> attempts,
                                                     Deadline deadline) override;
  Result<std::vector<PendingVector>> LeaseDue(VectorSetId set,
                                              int limit,
                                              Lease lease,
                                              Deadline deadline) override;
  Result<void> Settle(std::span<const PendingVector> rows, Deadline deadline) override;
  Result<void> Fail(std::span<const PendingVector> rows,
                    PendingReason reason,
                    WallTime due_at,
                    Deadline deadline) override;
  Result<void> Park(std::span<const PendingVector> rows, Deadline deadline) override;
  Result<std::int64_t> Release(VectorSetId set, WallTime now, Deadline deadline) override;
  Result<PendingIdPage> PendingIds(VectorSetId set, Deadline deadline) override;
  Result<std::vector<PendingTally>> TallyPending(Deadline deadline) override;
  Result<std::vector<StoredId>> ScanIds(VectorSetId set,
                                        RecordId after,
                                        int limit,
                                        Deadline deadline) override;
  Result<Stamp> RaiseStamps(Stamp floor, Deadline deadline) override;
  Result<std::vector<VectorSet>> Sets(Deadline deadline) override;
  Result<VectorSet> RegisterSet(const VectorSet& set, Deadline deadline) override;
  Result<void> ChangeSetState(VectorSetId set,
                              VectorSetState from,
                              VectorSetState to,
                              Deadline deadline) override;
  Result<std::string> Secret(std::string_view name, Deadline deadline) override;
  Result<std::string> Note(std::string_view name, Deadline deadline) override;
  Result<void> KeepNote(std::string_view name, std::string_view text, Deadline deadline) override;

 private:
  // `ask` is called with the inner store, perhaps late; it owns what it needs.
  template <class Ask>
  auto Call(const char* step, Deadline deadline, Ask ask);
  template <class T>
  std::function<Result<T>()> IfUp(std::function<Result<T>()> serve);

  FiberRuntime& runtime_;
  FaultCounts& counts_;
  RecordStore& inner_;
  SimNetwork network_;
  bool is_up_ = true;
};

}  // namespace datastorage
