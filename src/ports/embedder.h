// Embedder: a model that turns texts into unit vectors of its published space.
//
// Implementations: minilm/, lexical/. All pass test/contract/embedder_contract.h.
// All are thread-safe; queueing, batching and single flight are the engine's.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/embedding.h"

namespace datastorage {

class Embedder {
 public:
  virtual ~Embedder() = default;

  // Names the model and everything that changes its vectors, such as
  // "minilm-all-l6-v2-53aa5117"; equal names promise comparable vectors.
  virtual std::string ModelId() const = 0;

  // Returns one unit vector a text, in order. Equal texts give vectors of cosine ≥ 0.9999 to each
  // other whatever else is in the batch. Texts are valid UTF-8 and not empty; what exceeds the
  // model's window is cut.
  // REQUIRES: 0 < texts.size() <= limits::kEmbeddingBatchTextCountMax.
  // Errors: kUnavailable, kDeadlineExceeded, kInternal, for the whole call.
  virtual Result<std::vector<Embedding>> Embed(std::span<const std::string_view> texts,
                                               Deadline deadline) = 0;

  // About how much work a text is, in the model's own unit (tokens); used to
  // bound batches and to sort by length. Never fails, never runs the model.
  virtual int CostOf(std::string_view text) const = 0;
};

}  // namespace datastorage
