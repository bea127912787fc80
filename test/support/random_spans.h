// Random spans of write operations from a seed, over few ids, keys, texts and sets, so that they
// meet each other in every state.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ports/record_store.h"
#include "support/random_records.h"

namespace datastorage {

class RandomSpans {
 public:
  // Fewer ids meet each other more often.
  explicit RandomSpans(std::uint64_t seed, std::size_t id_count = 16);

  std::vector<WriteOp> Next(WallTime now);
  // Remembers versions and stamps, so that later operations name them right, or just wrong.
  void Learn(const std::vector<WriteOp>& operations, const std::vector<WriteOutcome>& outcomes);

  const std::vector<RecordId>& ids() const { return ids_; }
  RandomRecords& random() { return random_; }
  NaturalKey KeyOf(std::size_t index) const;
  static const std::vector<std::string>& Spaces();
  Embedding Vector();
  // To register, or a state to change to: of either rule.
  VectorSet Set();

 private:
  WriteOp Any(WallTime now);
  BeginIntentOp Intent(std::size_t index, WallTime now);
  CreateOp Create(std::size_t index, WallTime now);
  UpdateOp Update(std::size_t index, WallTime now);
  // 0: no text, else one of three.
  void FillText(std::optional<Sha256>& text_hash, std::vector<SpacedEmbedding>& embeddings);
  std::optional<IdempotencyClaim> Claim();
  PendingReason Reason();

  RandomRecords random_;
  std::vector<RecordId> ids_;
  std::map<RecordId, std::int64_t> versions_;
  std::map<RecordId, Stamp> intents_;
};

}  // namespace datastorage
