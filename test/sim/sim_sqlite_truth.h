// SimSqliteTruth: SQLite under a simulated history, on a disk that keeps only what was synced when
// its power is cut. Each call is one step of the simulation; what is committed is read out of the
// file by a connection of its own.
//
// Threads: none. One at a time, since its disk is registered under one name.
#pragma once

#include <map>
#include <random>
#include <string>

#include "fake/forwarding_record_store.h"
#include "sim/sim_random.h"
#include "sim/sim_truth.h"
#include "sqlite/connection.h"
#include "sqlite/faulty_disk_vfs.h"
#include "sqlite/sqlite_record_store.h"
#include "support/temporary_folder.h"

namespace datastorage {

class SimSqliteTruth final : public SimTruth, private ForwardingRecordStore {
 public:
  // `random`: what a power cut draws from; no other part of the simulation may. `lacks_syncs`: a
  // mutant.
  SimSqliteTruth(const Clock& clock, SimRandom random, bool lacks_syncs);
  ~SimSqliteTruth() override;
  SimSqliteTruth(const SimSqliteTruth&) = delete;
  SimSqliteTruth& operator=(const SimSqliteTruth&) = delete;

  RecordStore& store() override { return *this; }
  std::shared_ptr<const FakeState> State() override;
  void OnCommitted(std::function<void(const FakeState&)> watch) override {
    on_committed_ = std::move(watch);
  }
  // The file is put together from what was synced, and opened again.
  void CutPower() override;
  std::string Damage() const override { return damage_; }
  // Killed: what was written is there, synced or not. Half of the time the power goes with it.
  void EndWithProcess() override;

 private:
  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
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
  Result<Stamp> RaiseStamps(Stamp floor, Deadline deadline) override;
  Result<VectorSet> RegisterSet(const VectorSet& set, Deadline deadline) override;
  Result<void> ChangeSetState(VectorSetId set,
                              VectorSetState from,
                              VectorSetState to,
                              Deadline deadline) override;

  void Open();
  void Close();
  void TellOfCommit();
  // Runs `sql` and calls `take` for each row.
  void ForEachRow(const std::string& sql,
                  const std::function<void(const sqlite::StatementRun&)>& take);
  // From the port, or as read before: a record does not change without its stamp.
  const ReadOutcome& ReadAt(RecordId id, Stamp stamp, const std::string& space);

  const Clock& clock_;
  SimRandom random_;
  TemporaryFolder folder_;
  FaultyDisk disk_;
  FaultyVfs vfs_{disk_};
  std::unique_ptr<SqliteRecordStore> sqlite_;
  std::unique_ptr<sqlite::Connection> reader_;
  std::shared_ptr<const FakeState> state_;  // nullptr: something was changed since it was read.
  std::map<RecordId, ReadOutcome> read_;
  std::string damage_;
  std::function<void(const FakeState&)> on_committed_ = [](const FakeState&) {};
};

}  // namespace datastorage
