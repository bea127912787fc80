// RecordStore: the truth. Records, their history, keys, embeddings, pending rows
// and vector sets, changed only by Commit in one transaction a span.
//
// Implementations: sqlite/. All pass test/contract/record_store_contract.h, and
// random spans of operations give equal outcomes and dumps on each and on the fake.
// All are thread-safe; calls block.
//
// To come, with the stores that need them (not virtual until a store, the fake and
// the contract suite have them): Facets(query), Timeline(key).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/attempt.h"
#include "domain/query.h"
#include "domain/write.h"

namespace datastorage {

enum class CommitMode : std::uint8_t {
  kEachForItself,      // One operation never fails its neighbours.
  kEachUnlessBlocked,  // The same, and the span does not wait for other transactions for longer
                       // than a moment: kConflict, and a smaller span may fare better.
  kAllOrNothing,       // Unless every outcome Succeeded, none is stored; the ones that would have
                       // succeeded answer kNotAttempted.
};

class RecordStore {
 public:
  virtual ~RecordStore() = default;

  // Applies the operations in order in one transaction and returns one outcome each, in order.
  // Durable once it returns. An Error means that nothing was changed, except kOutcomeUnknown.
  // REQUIRES: at most limits::kBatchItemCountMax operations.
  // Errors: kUnavailable, kDeadlineExceeded, kOutcomeUnknown, kResourceExhausted (disk full),
  // kInternal; kConflict only as kEachUnlessBlocked says.
  virtual Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                                   CommitMode mode,
                                                   Deadline deadline) = 0;

  // Reads current versions, in the order asked, in one snapshot. `space`, when not empty, asks
  // for the stored embedding of that space too, if it is of the record's current text.
  // Errors of this and all reads: kUnavailable, kDeadlineExceeded, kInternal.
  virtual Result<std::vector<ReadOutcome>> Read(std::span<const RecordRef> refs,
                                                std::string_view space,
                                                Deadline deadline) = 0;

  // Every version, newest first, the current one too, `vector` = kNone throughout.
  // Errors: also kNotFound. An erased record: empty.
  virtual Result<std::vector<Record>> History(RecordId id, Deadline deadline) = 0;

  virtual Result<ListPage> List(const ListQuery& query, Deadline deadline) = 0;

  // How many records match, counting no further than `cap`.
  virtual Result<std::int64_t> Count(const Filter& filter, std::int64_t cap, Deadline deadline) = 0;

  // The `limit` records nearest to `query` among those that match and have an embedding of
  // `space` for their current text; by brute force, most similar first, ties by id.
  virtual Result<std::vector<SimilarHit>> ExactNearest(const Embedding& query,
                                                       std::string_view space,
                                                       const Filter& filter,
                                                       int limit,
                                                       Deadline deadline) = 0;

  // Records whose summary, root_cause, recommendation or error_message hold any word of `text`
  // (free text of a person: never a query language), best first by BM25, ties by id.
  virtual Result<std::vector<TextHit>> TextSearch(std::string_view text,
                                                  const Filter& filter,
                                                  int limit,
                                                  Deadline deadline) = 0;

  // Embeddings of `space` that fit their record's current text, by id, after `after`.
  // REQUIRES: 0 < limit <= limits::kScanPageCountMax.
  virtual Result<std::vector<StoredEmbedding>> ScanEmbeddings(std::string_view space,
                                                              RecordId after,
                                                              int limit,
                                                              Deadline deadline) = 0;

  // Of each attempt, whether its transaction committed. Says so only when it is certain: an attempt
  // that is not found can commit no more once this returned. So it settles a Commit that answered
  // kOutcomeUnknown: run it again where none of its attempts is found.
  // Errors: kUnavailable and kDeadlineExceeded when it cannot be told yet.
  virtual Result<std::vector<AttemptOutcome>> SettleAttempts(std::span<const AttemptRef> attempts,
                                                             Deadline deadline) = 0;

  // Pending rows. LeaseDue hands out rows of one set that are due at `now`, and intents whose lease
  // has ended by then, oldest first, hiding them until `lease_until`; Settle deletes rows, intents
  // apart, whose stamp is still the given one (may be lost: harmless); Fail counts an attempt and
  // makes the row due again at `due_at`; Park takes it out of LeaseDue until Release makes every
  // parked row of the set due at once.
  virtual Result<std::vector<PendingVector>> LeaseDue(VectorSetId set,
                                                      int limit,
                                                      Lease lease,
                                                      Deadline deadline) = 0;
  virtual Result<void> Settle(std::span<const PendingVector> rows, Deadline deadline) = 0;
  virtual Result<void> Fail(std::span<const PendingVector> rows,
                            PendingReason reason,
                            WallTime due_at,
                            Deadline deadline) = 0;
  virtual Result<void> Park(std::span<const PendingVector> rows, Deadline deadline) = 0;
  virtual Result<std::int64_t> Release(VectorSetId set, WallTime now, Deadline deadline) = 0;
  virtual Result<PendingIdPage> PendingIds(VectorSetId set, Deadline deadline) = 0;
  virtual Result<std::vector<PendingTally>> TallyPending(Deadline deadline) = 0;

  // What the reconciler compares with an index: every record and every pending row of the set, by
  // id, after `after`, in one snapshot.
  // REQUIRES: 0 < limit <= limits::kScanPageCountMax.
  virtual Result<std::vector<StoredId>> ScanIds(VectorSetId set,
                                                RecordId after,
                                                int limit,
                                                Deadline deadline) = 0;

  // Makes every stamp that is drawn from now on higher than `floor`, and returns the highest one
  // that may have been issued before this call. With floor 0 it only reads.
  virtual Result<Stamp> RaiseStamps(Stamp floor, Deadline deadline) = 0;

  // Vector sets. RegisterSet adds one, filling or live as `set.state` says, and a due row
  // (kBackfill) for every record with a text to embed, and an intent row for every strict creation
  // under way; it waits out running commits. An embedding stored already does not save the row. One
  // that is cut short, also with its process, may leave the set `preparing`: writes leave rows in
  // it, searches and sends pass it by, and the next RegisterSet of its like goes on with it.
  virtual Result<VectorSet> RegisterSet(const VectorSet& set, Deadline deadline) = 0;
  virtual Result<std::vector<VectorSet>> Sets(Deadline deadline) = 0;
  // Takes a set that is in state `from` to state `to`; one that is there already stays. From
  // `preparing` to `filling` goes on with RegisterSet, and after kDeadlineExceeded the next call
  // does where this one stopped. At most one set is live: making one live retires the other.
  // Retiring deletes the set's pending rows.
  // Errors: also kNotFound; kConflict: it is in a third state, or MayBecome says no.
  virtual Result<void> ChangeSetState(VectorSetId set,
                                      VectorSetState from,
                                      VectorSetState to,
                                      Deadline deadline) = 0;

  // 32 random bytes kept under `name`, made on the first call.
  virtual Result<std::string> Secret(std::string_view name, Deadline deadline) = 0;

  // A text kept under `name` until the next one replaces it; empty before the first. For what every
  // service should know that comes after, and could do without: the last one may be lost.
  virtual Result<std::string> Note(std::string_view name, Deadline deadline) = 0;
  virtual Result<void> KeepNote(std::string_view name,
                                std::string_view text,
                                Deadline deadline) = 0;
};

}  // namespace datastorage
