#include "sim/sim_sqlite_truth.h"

#include <array>
#include <filesystem>

#include "base/check.h"
#include "base/log.h"

namespace datastorage {
namespace {

const Deadline kNever = Deadline::Never();

FakePendingState PendingStateOf(std::string_view name) {
  if (name == "intent") return FakePendingState::kIntent;
  return name == "parked" ? FakePendingState::kParked : FakePendingState::kDue;
}

}  // namespace

SimSqliteTruth::SimSqliteTruth(const Clock& clock, SimRandom random, bool lacks_syncs)
    : clock_(clock), random_(random) {
  if (lacks_syncs) disk_.forced_synchronous = '0';
  Open();
}

SimSqliteTruth::~SimSqliteTruth() {
  Close();
}

void SimSqliteTruth::Open() {
  SqliteRecordStore::Options options{
      .directory = folder_.path(), .reader_count = 1, .clock = &clock_, .vfs = FaultyVfs::kName};
  auto opened = SqliteRecordStore::Open(options);
  if (!opened.has_value()) {
    damage_ = opened.error().message;
    disk_.Forget();
    for (const char* suffix : {"", "-wal", "-shm"}) {
      std::filesystem::remove(folder_.path() + "/datastorage.db" + suffix);
    }
    opened = SqliteRecordStore::Open(options);
  }
  sqlite_ = *std::move(opened);
  reader_ = sqlite::Connection::Open({.path = folder_.path() + "/datastorage.db"}).value();
  SetInner(*sqlite_);
  state_ = nullptr;
}

void SimSqliteTruth::Close() {
  reader_ = nullptr;
  sqlite_ = nullptr;
}

void SimSqliteTruth::CutPower() {
  constexpr std::array kLosses{PowerLoss::kDropped, PowerLoss::kTorn, PowerLoss::kReordered};
  disk_.CutPowerAfter(0);
  Close();
  LossTally ignored;
  std::mt19937_64 random(random_.Next());
  disk_.Recover(kLosses[random_.Below(kLosses.size())], random, ignored);
  Open();
  on_committed_(*State());
}

void SimSqliteTruth::EndWithProcess() {
  if (random_.Chance(500)) return CutPower();
  disk_.CutPowerAfter(0);  // A process that was killed empties no log.
  Close();
  disk_.Forget();
  Open();
}

void SimSqliteTruth::TellOfCommit() {
  state_ = nullptr;
  on_committed_(*State());
}

void SimSqliteTruth::ForEachRow(const std::string& sql,
                                const std::function<void(const sqlite::StatementRun&)>& take) {
  sqlite::Statement statement =
      sqlite::Statement::Prepare(reader_->handle(), "simulator", sql).value();
  sqlite::StatementRun run(statement);
  while (run.Next().value()) take(run);
}

const ReadOutcome& SimSqliteTruth::ReadAt(RecordId id, Stamp stamp, const std::string& space) {
  ReadOutcome& known = read_[id];
  if (known.record.stamp == stamp) return known;
  const RecordRef ref = id;
  known = sqlite_->Read({&ref, 1}, space, kNever).value().front();
  DS_CHECK(known.status == ReadStatus::kFound && known.record.stamp == stamp);
  return known;
}

std::shared_ptr<const FakeState> SimSqliteTruth::State() {
  if (state_ != nullptr) return state_;
  const auto state = std::make_shared<FakeState>();
  std::string space;
  const std::vector<VectorSet> sets = sqlite_->Sets(kNever).value();
  for (const VectorSet& set : sets) {
    state->sets[set.id] = set;
    space = set.space;
  }
  ForEachRow("SELECT next FROM stamp",
             [&](const auto& row) { state->next_stamp = row.Integer(0); });
  ForEachRow("SELECT id, stamp, attempt, text_hash FROM record", [&](const auto& row) {
    const RecordId id = row.Id(0);
    const ReadOutcome& read = ReadAt(id, row.Integer(1), space);
    FakeRecord& record = state->records[id];
    record.versions.push_back({read.record, row.Id(2)});
    record.text_hash = row.Hash(3);
    if (!read.embedding.has_value()) return;
    state->embeddings[{id, space}] = {
        row.Integer(1), read.embedding->text_hash, read.embedding->vector};
  });
  ForEachRow("SELECT id, stamp FROM erasure",
             [&](const auto& row) { state->erasures[row.Id(0)].stamp = row.Integer(1); });
  ForEachRow("SELECT set_id, record_id, stamp, state, reason FROM pending_vector",
             [&](const auto& row) {
               FakePending& pending = state->pending[{row.Integer(0), row.Id(1)}];
               pending.stamp = row.Integer(2);
               pending.state = PendingStateOf(row.Text(3));
               pending.reason = ParsePendingReason(row.Text(4)).value();
             });
  return state_ = state;
}

Result<std::vector<WriteOutcome>> SimSqliteTruth::Commit(std::span<const WriteOp> operations,
                                                         CommitMode mode,
                                                         Deadline deadline) {
  auto outcomes = ForwardingRecordStore::Commit(operations, mode, deadline);
  TellOfCommit();
  return outcomes;
}

Result<std::vector<PendingVector>> SimSqliteTruth::LeaseDue(VectorSetId set,
                                                            int limit,
                                                            Lease lease,
                                                            Deadline deadline) {
  state_ = nullptr;
  return ForwardingRecordStore::LeaseDue(set, limit, lease, deadline);
}

Result<void> SimSqliteTruth::Settle(std::span<const PendingVector> rows, Deadline deadline) {
  Result<void> settled = ForwardingRecordStore::Settle(rows, deadline);
  TellOfCommit();
  return settled;
}

Result<void> SimSqliteTruth::Fail(std::span<const PendingVector> rows,
                                  PendingReason reason,
                                  WallTime due_at,
                                  Deadline deadline) {
  state_ = nullptr;
  return ForwardingRecordStore::Fail(rows, reason, due_at, deadline);
}

Result<void> SimSqliteTruth::Park(std::span<const PendingVector> rows, Deadline deadline) {
  state_ = nullptr;
  return ForwardingRecordStore::Park(rows, deadline);
}

Result<std::int64_t> SimSqliteTruth::Release(VectorSetId set, WallTime now, Deadline deadline) {
  state_ = nullptr;
  return ForwardingRecordStore::Release(set, now, deadline);
}

Result<Stamp> SimSqliteTruth::RaiseStamps(Stamp floor, Deadline deadline) {
  state_ = nullptr;
  return ForwardingRecordStore::RaiseStamps(floor, deadline);
}

Result<VectorSet> SimSqliteTruth::RegisterSet(const VectorSet& set, Deadline deadline) {
  auto registered = ForwardingRecordStore::RegisterSet(set, deadline);
  TellOfCommit();
  return registered;
}

Result<void> SimSqliteTruth::ChangeSetState(VectorSetId set,
                                            VectorSetState from,
                                            VectorSetState to,
                                            Deadline deadline) {
  Result<void> changed = ForwardingRecordStore::ChangeSetState(set, from, to, deadline);
  TellOfCommit();
  return changed;
}

}  // namespace datastorage
