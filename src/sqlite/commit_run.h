// CommitRun: the operations of one commit, inside its transaction. Each operation decides before it
// writes, so that one that is refused leaves nothing to undo; docs/commit.md has the table.
//
// Threads: none; it lives as long as one transaction of the writer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "domain/write.h"
#include "sqlite/connection.h"

namespace datastorage::sqlite {

class CommitRun {
 public:
  // `now` is for operations that carry no time of their own.
  CommitRun(Connection& writer, WallTime now) : writer_(writer), now_(now) {}

  // Every Error means that the transaction must be rolled back.
  Result<void> Begin();
  Result<WriteOutcome> Apply(const WriteOp& operation);
  Result<void> Finish();

  bool has_erased() const { return has_erased_; }

 private:
  // What stands in the way of an operation, or nothing.
  using Verdict = std::optional<WriteOutcome>;

  struct ActiveSet {
    VectorSetId id = 0;
    std::string space;
    PendingRule rule = PendingRule::kEverySet;
  };

  struct RecordHead {
    std::int64_t no = 0;
    RecordKind kind = RecordKind::kRemediation;
    std::int64_t version = 0;
    Stamp stamp = 0;
    Sha256 content_hash{};
    std::optional<Sha256> text_hash{};
  };

  struct Intent {
    std::string kind;
    std::string key;
    Stamp stamp = 0;
  };

  // What decides, with each set's rule, which pending rows a write of a record leaves.
  struct PendingChange {
    RecordId id{};
    Stamp stamp = 0;
    WallTime now{};
    PendingReason reason = PendingReason::kNotYet;
    bool is_erasure = false;            // Counts as kEverySet, whatever the set's rule.
    bool has_text = false;              // There is something to embed now, or
    bool had_text = false;              // there was before.
    std::vector<std::string> spaces{};  // That hold an embedding of the current text.
  };

  Result<WriteOutcome> Do(const BeginIntentOp& operation);
  Result<WriteOutcome> Do(const CreateOp& operation);
  Result<WriteOutcome> Do(const UpdateOp& operation);
  Result<WriteOutcome> Do(const EraseOp& operation);
  Result<WriteOutcome> Do(const AbortIntentOp& operation);
  Result<WriteOutcome> Do(const StoreEmbeddingOp& operation);
  Result<WriteOutcome> Do(const EnqueuePendingOp& operation);

  // commit_keys.cc
  Result<Verdict> CheckClaim(const std::optional<IdempotencyClaim>& claim, WallTime now);
  Result<void> Claim(const std::optional<IdempotencyClaim>& claim,
                     int http_status,
                     const WriteOutcome& outcome,
                     WallTime now);
  Result<Verdict> CheckNaturalKey(RecordKind kind,
                                  const std::string& key,
                                  const Sha256& content_hash);
  Result<Verdict> CheckId(RecordId id);
  // What is in the way of `operation`, a CreateOp or BeginIntentOp under that natural key. A claim
  // that meets an equal record is made.
  template <class Operation>
  Result<Verdict> CheckCreation(const Operation& operation,
                                RecordKind kind,
                                const std::string& key);
  Result<std::optional<Intent>> FindIntent(RecordId id);
  Result<void> PurgeClaims();

  // commit_create.cc, commit_update.cc
  Result<bool> OwnsItsIntentRows(RecordId id, Stamp stamp);
  Result<WriteOutcome> FinishIntent(const CreateOp& operation);
  Result<WriteOutcome> StoreRecord(const CreateOp& operation, Stamp stamp);
  Result<void> ReplaceContent(const UpdateOp& operation, const RecordHead& head, Stamp stamp);
  Result<void> ReplaceTexts(std::int64_t no, const RecordBody* before, const RecordBody* after);
  Result<void> NoteErasure(const EraseOp& operation, const RecordHead& head, Stamp stamp);
  Result<RecordBody> ReadBody(const RecordHead& head);
  Result<WriteOutcome> NotThere(RecordId id);

  // commit_vectors.cc
  Result<void> PutEmbedding(RecordId id, const SpacedEmbedding& embedding, Stamp stamp);
  Result<bool> LeavePending(const PendingChange& change);
  Result<bool> LeavePendingIn(const ActiveSet& set, const PendingChange& change);

  Result<std::optional<RecordHead>> FindHead(RecordId id);
  Stamp DrawStamp() { return next_stamp_++; }

  Connection& writer_;
  WallTime now_;
  std::vector<ActiveSet> sets_;  // Not retired.
  Stamp next_stamp_ = 0;
  Stamp first_stamp_ = 0;
  std::optional<WallTime> last_claim_;
  bool has_erased_ = false;
};

}  // namespace datastorage::sqlite
