// DualWriter: carries a write out in the record store and in the vector indexes, by the protocol of
// docs/dual-write.md. A default write commits the record first; whatever of the vector is not done
// then is a pending row, and the relay's to finish. A strict creation stores both or neither.
//
// Threads:   safe to call concurrently; calls block until the record is durable.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/metrics.h"
#include "base/runtime.h"
#include "engine/embedding_service.h"
#include "engine/group_committer.h"
#include "engine/index_writer.h"
#include "engine/settler.h"
#include "engine/vector_sets.h"
#include "engine/write_embedder.h"
#include "ports/record_store.h"

namespace datastorage {

enum class WriteMode : std::uint8_t {
  kDefault,  // Commits whatever the embedder and the indexes do in time.
  kStrict,   // Record and vector, or neither.
};

struct CreateMode {
  CommitMode commit = CommitMode::kEachForItself;
  WriteMode write = WriteMode::kDefault;
};

struct CommittedWrite {
  WriteOutcome outcome;
  VectorState vector = VectorState::kNone;
  PendingReason reason = PendingReason::kNotYet;
};

class DualWriter {
 public:
  struct Options {
    Duration embed_budget = std::chrono::milliseconds(1'500);  // What a default write waits.
    Duration index_budget = std::chrono::milliseconds(1'000);  // What any write waits, each index.
    // Then a relay ends a strict creation, soon after its deadline if that is earlier: what is left
    // to do takes a second or two, and the keys of a writer that died are free no sooner.
    Duration intent_lease = std::chrono::seconds(8);
    // Requests that may wait for embeddings or indexes at once. Half as many strict creations more
    // may wait for one of these to be done, each for index_budget.
    int wait_count_max = 8;
  };

  // `embedder` may be null: then nothing is embedded.
  DualWriter(Runtime& runtime,
             RecordStore& store,
             VectorSets& sets,
             EmbeddingService* embedder,
             Settler& settler,
             Metrics& metrics,
             const Options& options);

  // Called with no lock held whenever a write has left something to the relay.
  void OnPending(std::function<void()> wake) { wake_relay_ = std::move(wake); }

  // Fills in what the operations lack (text hash, embedding, pending rule) and commits them. One
  // result each, in order. Errors: those of GroupCommitter; strict: kUnavailable when an
  // operation's own embedding or an index was not ready, and nothing of it is stored, now or
  // later. With kAllOrNothing an Error is everybody's.
  std::vector<Result<CommittedWrite>> Create(std::vector<CreateOp> operations,
                                             CreateMode mode,
                                             Deadline deadline);

  // `has_new_text`: the embedded text is another than that of the version before, so that a vector
  // is needed; else the stored one stays, or the pending row does.
  Result<CommittedWrite> Update(UpdateOp operation, bool has_new_text, Deadline deadline);

  // `vector` of the answer means nothing.
  Result<CommittedWrite> Erase(EraseOp operation, Deadline deadline);

 private:
  struct Draft;
  struct Sent;

  void CreateByDefault(std::span<Draft> drafts, CommitMode mode, Deadline deadline);
  void CreateStrictly(std::span<Draft> drafts, CommitMode mode, Deadline deadline);

  std::vector<Draft> Prepare(std::vector<CreateOp> operations, WriteMode mode, Deadline deadline);
  void EmbedEach(std::span<Draft> drafts, WriteMode mode, Deadline deadline);
  void BeginIntents(std::span<Draft> drafts, CommitMode mode, Deadline deadline);
  std::vector<Sent> Send(std::span<Draft> drafts, WriteMode mode, Deadline deadline);
  Deadline PatienceFor(WriteMode mode, Deadline deadline) const;
  bool LeaveRefused(std::span<const Sent> sent, Deadline deadline);
  void CommitRecords(std::span<Draft> drafts,
                     CommitMode mode,
                     const std::shared_ptr<void>& held,
                     Deadline deadline);
  void AbortIntents(std::span<Draft> drafts);
  void Settle(std::span<const Sent> sent);

  static std::vector<Draft*> Undecided(std::span<Draft> drafts, CommitMode mode);
  static void RefuseUnheld(std::span<Draft> drafts);
  static bool IsEachKnown(std::span<const Draft> drafts);
  static PendingReason ReasonOf(const VectorPlace& place,
                                const Result<std::vector<ApplyResult>>& results);
  static PendingVector RowOf(const VectorPlace& place, RecordId id, Stamp stamp);
  std::vector<Result<WriteOutcome>> CommitInMode(std::vector<WriteOp> operations,
                                                 CommitMode mode,
                                                 const std::shared_ptr<void>& held,
                                                 Deadline deadline);
  Result<std::vector<ApplyResult>> SendTo(const VectorPlace& place,
                                          std::span<const VectorWrite> writes,
                                          WriteMode mode,
                                          Deadline deadline);
  void SendCurrent(CommittedWrite& write,
                   bool has_text,
                   UnappliedWrites::Entry& unapplied,
                   Deadline deadline);
  CommittedWrite Committed(const Draft& draft, bool has_live_set);
  void Count(const CommittedWrite& write);

  Runtime& runtime_;
  VectorSets& sets_;
  Settler& settler_;
  Metrics& metrics_;
  const Options options_;
  WaitSlots slots_;
  WriteEmbedder write_embedder_;
  IndexWriter index_writer_;
  std::function<void()> wake_relay_ = [] {};
  GroupCommitter committer_;  // Last: it ends first, and wakes the relay until then.
};

}  // namespace datastorage
