// WriteEmbedder: the embeddings that writes store, from the cache or the model, within a time
// budget and with a bound on how many requests may wait for them at once.
//
// Threads:   safe to call concurrently; calls block until the embedding is there or the time is up.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "domain/write.h"
#include "engine/embedding_service.h"
#include "engine/wait_slots.h"

namespace datastorage {

// Why a vector is pending whose text EmbeddingService could not embed.
PendingReason ReasonWithoutEmbedding(ErrorCode code);

// A text on its way to an embedding.
struct TextToEmbed {
  std::string text;
  std::optional<SpacedEmbedding> embedding;
  PendingReason reason = PendingReason::kNotYet;  // Why there is none.
};

class WriteEmbedder {
 public:
  // `embedder` may be null: then nothing is embedded.
  WriteEmbedder(Runtime& runtime, EmbeddingService* embedder, WaitSlots& slots)
      : runtime_(runtime), embedder_(embedder), slots_(slots) {}

  // What is not ready when the deadline passes stays queued for the relay. Waits for a slot until
  // `patience` has passed; without one only the cache answers.
  void EmbedEach(std::span<TextToEmbed> texts, Deadline deadline, Deadline patience);

 private:
  Runtime& runtime_;
  EmbeddingService* embedder_;
  WaitSlots& slots_;
};

}  // namespace datastorage
