// GatedRecordStore: another record store behind a gate, so that tests hold commits, fail them, and
// see the spans in which they came. Reads pass through.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "ports/record_store.h"

namespace datastorage {

class GatedRecordStore final : public RecordStore {
 public:
  explicit GatedRecordStore(RecordStore& inner) : inner_(inner) {}

  void Close() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_open_ = false;
  }
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_open_ = true;
    changed_.notify_all();
  }
  // Asked before each commit; an Error fails it, and nothing is changed.
  void FailCommits(std::function<std::optional<Error>(std::span<const WriteOp>)> fails) {
    const std::lock_guard<std::mutex> lock(mutex_);
    fails_ = std::move(fails);
  }
  bool AwaitCommitInside() {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(30), [&] { return inside_count_ > 0; });
  }
  std::vector<std::size_t> SpanSizes() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return span_sizes_;
  }

  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
                                           Deadline deadline) override {
    std::optional<Error> failure;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      span_sizes_.push_back(operations.size());
      ++inside_count_;
      changed_.notify_all();
      changed_.wait(lock, [&] { return is_open_; });
      --inside_count_;
      if (fails_) failure = fails_(operations);
    }
    if (failure.has_value()) return *failure;
    return inner_.Commit(operations, mode, deadline);
  }

  Result<std::vector<ReadOutcome>> Read(std::span<const RecordRef> refs,
                                        std::string_view space,
                                        Deadline deadline) override {
    return inner_.Read(refs, space, deadline);
  }
  Result<std::vector<Record>> History(RecordId id, Deadline deadline) override {
    return inner_.History(id, deadline);
  }
  Result<ListPage> List(const ListQuery& query, Deadline deadline) override {
    return inner_.List(query, deadline);
  }
  Result<std::int64_t> Count(const Filter& filter, std::int64_t cap, Deadline deadline) override {
    return inner_.Count(filter, cap, deadline);
  }
  Result<std::vector<SimilarHit>> ExactNearest(const Embedding& query,
                                               std::string_view space,
                                               const Filter& filter,
                                               int limit,
                                               Deadline deadline) override {
    return inner_.ExactNearest(query, space, filter, limit, deadline);
  }
  Result<std::vector<TextHit>> TextSearch(std::string_view text,
                                          const Filter& filter,
                                          int limit,
                                          Deadline deadline) override {
    return inner_.TextSearch(text, filter, limit, deadline);
  }
  Result<std::vector<StoredEmbedding>> ScanEmbeddings(std::string_view space,
                                                      RecordId after,
                                                      int limit,
                                                      Deadline deadline) override {
    return inner_.ScanEmbeddings(space, after, limit, deadline);
  }
  Result<std::vector<PendingVector>> LeaseDue(int limit,
                                              WallTime now,
                                              WallTime lease_until,
                                              Deadline deadline) override {
    return inner_.LeaseDue(limit, now, lease_until, deadline);
  }
  Result<void> Settle(std::span<const PendingVector> rows, Deadline deadline) override {
    return inner_.Settle(rows, deadline);
  }
  Result<void> Fail(std::span<const PendingVector> rows,
                    PendingReason reason,
                    WallTime due_at,
                    Deadline deadline) override {
    return inner_.Fail(rows, reason, due_at, deadline);
  }
  Result<void> Park(std::span<const PendingVector> rows, Deadline deadline) override {
    return inner_.Park(rows, deadline);
  }
  Result<std::int64_t> Release(VectorSetId set, WallTime now, Deadline deadline) override {
    return inner_.Release(set, now, deadline);
  }
  Result<PendingIdPage> PendingIds(VectorSetId set, Deadline deadline) override {
    return inner_.PendingIds(set, deadline);
  }
  Result<std::vector<PendingTally>> TallyPending(Deadline deadline) override {
    return inner_.TallyPending(deadline);
  }
  Result<std::vector<VectorSet>> Sets(Deadline deadline) override { return inner_.Sets(deadline); }
  Result<VectorSet> RegisterSet(const VectorSet& set, Deadline deadline) override {
    return inner_.RegisterSet(set, deadline);
  }
  Result<void> ChangeSetState(VectorSetId set, VectorSetState state, Deadline deadline) override {
    return inner_.ChangeSetState(set, state, deadline);
  }
  Result<std::string> Secret(std::string_view name, Deadline deadline) override {
    return inner_.Secret(name, deadline);
  }

 private:
  RecordStore& inner_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = true;
  int inside_count_ = 0;
  std::vector<std::size_t> span_sizes_;
  std::function<std::optional<Error>(std::span<const WriteOp>)> fails_;
};

}  // namespace datastorage
