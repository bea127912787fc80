// DualWriter: carries a write out in the record store and in the vector index, by the protocol of
// docs/dual-write.md. The record is committed first; whatever of the vector is not done then is a
// pending row, and the relay's to finish.
//
// Threads:   safe to call concurrently; calls block until the record is durable.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/runtime.h"
#include "engine/embedding_service.h"
#include "engine/group_committer.h"
#include "engine/index_writer.h"
#include "engine/vector_sets.h"
#include "ports/record_store.h"

namespace datastorage {

enum class WriteMode : std::uint8_t {
  kDefault,  // Commits whatever the embedder does in time.
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
    int embed_wait_count_max = 8;  // Requests that may wait for embeddings at once.
  };

  // `embedder` may be null: then nothing is embedded.
  DualWriter(Runtime& runtime,
             RecordStore& store,
             VectorSets& sets,
             EmbeddingService* embedder,
             Metrics& metrics,
             const Options& options);

  // Called with no lock held whenever a write has left something to the relay.
  void OnPending(std::function<void()> wake) { wake_relay_ = std::move(wake); }

  // Fills in what the operations lack (text hash, embedding, pending rule) and commits them. One
  // result each, in order. Errors: those of GroupCommitter; strict: kUnavailable when an
  // operation's own embedding was not ready, and nothing of it was stored. With kAllOrNothing an
  // Error is everybody's.
  std::vector<Result<CommittedWrite>> Create(std::vector<CreateOp> operations,
                                             CreateMode mode,
                                             Deadline deadline);

  // `has_new_text`: the embedded text is another than that of the version before, so that a vector
  // is needed; else the stored one stays, or the pending row does.
  Result<CommittedWrite> Update(UpdateOp operation, bool has_new_text, Deadline deadline);

 private:
  class WaitSlot;
  struct Draft;

  std::vector<Draft> Prepare(std::vector<CreateOp> operations, WriteMode mode, Deadline deadline);
  void EmbedEach(std::span<Draft> drafts, WriteMode mode, Deadline deadline);
  void Embed(std::span<const std::string> texts,
             std::span<std::optional<SpacedEmbedding>> out,
             PendingReason& reason,
             Deadline deadline);
  void Commit(std::span<Draft> drafts,
              CommitMode mode,
              const std::shared_ptr<UnappliedWrites::Entry>& entry,
              Deadline deadline);
  void Apply(std::span<Draft> drafts, UnappliedWrites::Entry& entry, Deadline deadline);
  CommittedWrite Committed(const WriteOutcome& outcome, bool has_text, PendingReason reason);
  void Count(const CommittedWrite& write);

  Runtime& runtime_;
  RecordStore& store_;
  VectorSets& sets_;
  EmbeddingService* embedder_;
  Metrics& metrics_;
  const Options options_;
  IndexWriter index_writer_;
  GroupCommitter committer_;
  std::function<void()> wake_relay_ = [] {};
  Mutex mutex_;
  int waiting_count_ = 0;
};

}  // namespace datastorage
