// TranslatedStamps: a store whose stamps have gaps, with the stamps of another one beside it, which
// must have drawn them in the same order. What was not learned from an outcome is nobody's.
#pragma once

#include <map>
#include <vector>

#include "fake/forwarding_record_store.h"

namespace datastorage {

class TranslatedStamps : public ForwardingRecordStore {
 public:
  // `beside` gets the same calls, each after this one.
  explicit TranslatedStamps(RecordStore& beside) : beside_(beside) {}

  // Translates the outcomes of a span, by what the other store answered to it.
  void Learn(CommitMode mode,
             const std::vector<WriteOutcome>& beside,
             std::vector<WriteOutcome>& outcomes);
  Stamp BesideOf(Stamp real) const;

  // Operations as the other store gets them.
  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
                                           Deadline deadline) override;
  Result<std::vector<ReadOutcome>> Read(std::span<const RecordRef> refs,
                                        std::string_view space,
                                        Deadline deadline) override;
  Result<std::vector<Record>> History(RecordId id, Deadline deadline) override;
  Result<ListPage> List(const ListQuery& query, Deadline deadline) override;
  Result<std::vector<SimilarHit>> ExactNearest(const Embedding& query,
                                               std::string_view space,
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
  Result<PendingIdPage> PendingIds(VectorSetId set, Deadline deadline) override;
  Result<std::vector<StoredId>> ScanIds(VectorSetId set,
                                        RecordId after,
                                        int limit,
                                        Deadline deadline) override;
  // Raises as far above the highest stamp as the other store does.
  Result<Stamp> RaiseStamps(Stamp floor, Deadline deadline) override;

 private:
  void LearnOne(Stamp real, Stamp beside);
  Stamp RealOf(Stamp beside) const;
  void Turn(Stamp& stamp) const;
  template <class Item>
  Result<std::vector<Item>> Turned(Result<std::vector<Item>> items) const;
  std::vector<PendingVector> Own(std::span<const PendingVector> rows) const;

  RecordStore& beside_;
  std::map<Stamp, Stamp> beside_of_;
  std::map<Stamp, Stamp> real_of_;
};

}  // namespace datastorage
