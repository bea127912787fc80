// FakeRecordStore: the record store in memory, with the promises of ports/record_store.h and one
// more: a hook is called between the steps of a commit, so that a test can interleave.
//
// Threads:     safe to call concurrently. With a hook, a writer that finds another one at work
//              calls the hook until that one is done, so it may run on fibers of one thread.
// Limitations: TextSearch knows no stemming; nothing outlives the object.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "fake/fake_commit.h"
#include "ports/health_probe.h"
#include "ports/record_store.h"

namespace datastorage {

class FakeRecordStore final : public RecordStore, public HealthProbe {
 public:
  explicit FakeRecordStore(const Clock& clock = SystemClock(),
                           std::function<void()> yield = {},
                           const FakeMutants& mutants = {})
      : clock_(clock), yield_(std::move(yield)), mutants_(mutants) {}

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
  Result<void> Check(Deadline deadline) override;

  // What was settled since the last commit may be pending again: settling need not be durable.
  // A transaction that is running fails.
  void CutPower();
  // From now on every call answers this error; nullopt ends it.
  void FailWith(std::optional<Error> error);
  // Called after each commit, with the state that it left, before anybody else runs.
  void OnCommitted(std::function<void(const FakeState&)> watch) {
    on_committed_ = std::move(watch);
  }
  // All that is committed, as StoreDump writes it.
  std::string Dump();
  // What is committed, to go back to. Secrets stay.
  std::shared_ptr<const FakeState> State();
  void Restore(const std::shared_ptr<const FakeState>& state);

 private:
  class Turn;  // The right to write, of one caller at a time.

  // A copy of what is committed: reads never see a commit half done.
  Result<std::shared_ptr<const FakeState>> Snapshot(Deadline deadline);
  // Runs `change` on a copy and commits it if it returns no error.
  Result<void> Change(Deadline deadline, const std::function<Result<void>(FakeState&)>& change);
  Result<void> ChangeRows(std::span<const PendingVector> rows,
                          Deadline deadline,
                          const std::function<void(FakeState&, const PendingVector&)>& change);
  Stamp DrawEarly(Stamp count);
  void Yield() const;

  const Clock& clock_;
  const std::function<void()> yield_;
  const FakeMutants mutants_;
  std::function<void(const FakeState&)> on_committed_;
  std::map<std::pair<VectorSetId, RecordId>, FakePending> settled_;  // Since the last commit.
  std::shared_ptr<FakeState> synced_ = std::make_shared<FakeState>();
  Stamp early_stamps_ = 1;
  int commit_count_ = 0;
  int cut_count_ = 0;
  std::mutex mutex_;
  std::condition_variable turn_over_;
  bool is_turn_taken_ = false;
  std::shared_ptr<FakeState> state_ = std::make_shared<FakeState>();
  std::map<std::string, std::string, std::less<>> secrets_;
  std::optional<Error> failure_;
};

}  // namespace datastorage
