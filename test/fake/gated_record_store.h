// GatedRecordStore: a record store behind a gate: tests hold commits, fail them, see their spans.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>

#include "fake/forwarding_record_store.h"

namespace datastorage {

class GatedRecordStore : public ForwardingRecordStore {
 public:
  using ForwardingRecordStore::ForwardingRecordStore;

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
    return ForwardingRecordStore::Commit(operations, mode, deadline);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_open_ = true;
  int inside_count_ = 0;
  std::vector<std::size_t> span_sizes_;
  std::function<std::optional<Error>(std::span<const WriteOp>)> fails_;
};

}  // namespace datastorage
