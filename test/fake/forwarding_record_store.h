// ForwardingRecordStore: another record store as it is. Tests that change one method derive from
// it.
//
// Ownership: keeps a pointer to the other one.
#pragma once

#include "ports/record_store.h"

namespace datastorage {

class ForwardingRecordStore : public RecordStore {
 public:
  explicit ForwardingRecordStore(RecordStore& inner) : inner_(&inner) {}
  void SetInner(RecordStore& inner) { inner_ = &inner; }

  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
                                           Deadline deadline) override {
    return inner_->Commit(operations, mode, deadline);
  }
  Result<std::vector<ReadOutcome>> Read(std::span<const RecordRef> refs,
                                        std::string_view space,
                                        Deadline deadline) override {
    return inner_->Read(refs, space, deadline);
  }
  Result<std::vector<Record>> History(RecordId id, Deadline deadline) override {
    return inner_->History(id, deadline);
  }
  Result<ListPage> List(const ListQuery& query, Deadline deadline) override {
    return inner_->List(query, deadline);
  }
  Result<std::int64_t> Count(const Filter& filter, std::int64_t cap, Deadline deadline) override {
    return inner_->Count(filter, cap, deadline);
  }
  Result<std::vector<SimilarHit>> ExactNearest(const Embedding& query,
                                               std::string_view space,
                                               const Filter& filter,
                                               int limit,
                                               Deadline deadline) override {
    return inner_->ExactNearest(query, space, filter, limit, deadline);
  }
  Result<std::vector<TextHit>> TextSearch(std::string_view text,
                                          const Filter& filter,
                                          int limit,
                                          Deadline deadline) override {
    return inner_->TextSearch(text, filter, limit, deadline);
  }
  Result<std::vector<StoredEmbedding>> ScanEmbeddings(std::string_view space,
                                                      RecordId after,
                                                      int limit,
                                                      Deadline deadline) override {
    return inner_->ScanEmbeddings(space, after, limit, deadline);
  }
  Result<std::vector<AttemptOutcome>> SettleAttempts(std::span<const AttemptRef> attempts,
                                                     Deadline deadline) override {
    return inner_->SettleAttempts(attempts, deadline);
  }
  Result<std::vector<PendingVector>> LeaseDue(VectorSetId set,
                                              int limit,
                                              Lease lease,
                                              Deadline deadline) override {
    return inner_->LeaseDue(set, limit, lease, deadline);
  }
  Result<void> Settle(std::span<const PendingVector> rows, Deadline deadline) override {
    return inner_->Settle(rows, deadline);
  }
  Result<void> Fail(std::span<const PendingVector> rows,
                    PendingReason reason,
                    WallTime due_at,
                    Deadline deadline) override {
    return inner_->Fail(rows, reason, due_at, deadline);
  }
  Result<void> Park(std::span<const PendingVector> rows, Deadline deadline) override {
    return inner_->Park(rows, deadline);
  }
  Result<std::int64_t> Release(VectorSetId set, WallTime now, Deadline deadline) override {
    return inner_->Release(set, now, deadline);
  }
  Result<PendingIdPage> PendingIds(VectorSetId set, Deadline deadline) override {
    return inner_->PendingIds(set, deadline);
  }
  Result<std::vector<PendingTally>> TallyPending(Deadline deadline) override {
    return inner_->TallyPending(deadline);
  }
  Result<std::vector<StoredId>> ScanIds(VectorSetId set,
                                        RecordId after,
                                        int limit,
                                        Deadline deadline) override {
    return inner_->ScanIds(set, after, limit, deadline);
  }
  Result<Stamp> RaiseStamps(Stamp floor, Deadline deadline) override {
    return inner_->RaiseStamps(floor, deadline);
  }
  Result<std::vector<VectorSet>> Sets(Deadline deadline) override { return inner_->Sets(deadline); }
  Result<VectorSet> RegisterSet(const VectorSet& set, Deadline deadline) override {
    return inner_->RegisterSet(set, deadline);
  }
  Result<void> ChangeSetState(VectorSetId set,
                              VectorSetState from,
                              VectorSetState to,
                              Deadline deadline) override {
    return inner_->ChangeSetState(set, from, to, deadline);
  }
  Result<std::string> Secret(std::string_view name, Deadline deadline) override {
    return inner_->Secret(name, deadline);
  }
  Result<std::string> Note(std::string_view name, Deadline deadline) override {
    return inner_->Note(name, deadline);
  }
  Result<void> KeepNote(std::string_view name, std::string_view text, Deadline deadline) override {
    return inner_->KeepNote(name, text, deadline);
  }

 protected:
  // REQUIRES: SetInner comes before the first call.
  ForwardingRecordStore() = default;

 private:
  RecordStore* inner_ = nullptr;
};

}  // namespace datastorage
