// A RecordStore whose writes are the Committer's, for tests of the engine's part of a commit. The
// rest of the port is an empty fake's.
#pragma once

#include <mutex>
#include <optional>
#include <vector>

#include "fake/fake_record_store.h"
#include "fake/forwarding_record_store.h"
#include "postgres/committer.h"

namespace datastorage::postgres {

class CommitterStore final : public ForwardingRecordStore {
 public:
  explicit CommitterStore(Committer& committer)
      : ForwardingRecordStore(Nothing()), committer_(committer) {}

  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
                                           Deadline deadline) override {
    auto outcomes = committer_.Commit(operations, mode, deadline);
    const std::lock_guard lock(mutex_);
    answers_.push_back(outcomes.has_value() ? std::nullopt : std::optional(outcomes.error().code));
    return outcomes;
  }
  Result<std::vector<AttemptOutcome>> SettleAttempts(std::span<const AttemptRef> attempts,
                                                     Deadline deadline) override {
    return committer_.SettleAttempts(attempts, deadline);
  }

  // What commits answered since the last call: nothing, or the error's code.
  std::vector<std::optional<ErrorCode>> TakeAnswers() {
    const std::lock_guard lock(mutex_);
    return std::exchange(answers_, {});
  }

 private:
  static RecordStore& Nothing() {
    static FakeRecordStore nothing;
    return nothing;
  }

  Committer& committer_;
  std::mutex mutex_;
  std::vector<std::optional<ErrorCode>> answers_;
};

}  // namespace datastorage::postgres
