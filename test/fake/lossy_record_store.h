// LossyRecordStore: a GatedRecordStore that answers kOutcomeUnknown to commits that had effect.
#pragma once

#include "fake/gated_record_store.h"

namespace datastorage {

class LossyRecordStore : public GatedRecordStore {
 public:
  using GatedRecordStore::GatedRecordStore;

  // Asked before each commit: whether its answer is lost. REQUIRES: no commit is under way.
  void LoseAnswers(std::function<bool(std::span<const WriteOp>)> loses) {
    loses_ = std::move(loses);
  }
  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
                                           Deadline deadline) override {
    const bool is_lost = loses_ && loses_(operations);
    auto outcomes = GatedRecordStore::Commit(operations, mode, deadline);
    if (is_lost && outcomes.has_value()) return OutcomeUnknown("the answer was lost");
    return outcomes;
  }

 private:
  std::function<bool(std::span<const WriteOp>)> loses_;
};

}  // namespace datastorage
