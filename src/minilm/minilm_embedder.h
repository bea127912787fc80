// MiniLmEmbedder: sentence-transformers' all-MiniLM-L6-v2 in this process: mean of the last layer
// over the tokens, length 1, the first 256 word pieces of a text.
//
// Threads:     safe to call concurrently; at most thread_count batches run at once.
// Limitations: English in the main; the weights are pinned, another file is refused.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "minilm/inference.h"
#include "minilm/word_piece_tokenizer.h"
#include "ports/embedder.h"

namespace datastorage {

class MiniLmEmbedder final : public Embedder {
 public:
  struct Options {
    // Where model.safetensors and vocab.txt lie; tools/fetch_model.sh puts them there.
    std::string model_directory;
    Precision precision = Precision::kAutomatic;
    // Threads that run the model, 0 for one a processor; at most limits::kWorkerCountMax.
    std::size_t thread_count = 0;
  };

  // Takes about half a second: checks both files' SHA-256, builds and compiles the graph.
  // Errors: kNotFound, kUnavailable, kInvalidArgument, kInternal. The message is for the operator:
  // it names each file that is missing or not the pinned one, and what to do.
  static Result<std::unique_ptr<MiniLmEmbedder>> Open(const Options& options);

  // The same for every precision: their vectors differ by less than cosine 0.001.
  std::string ModelId() const override;
  Result<std::vector<Embedding>> Embed(std::span<const std::string_view> texts,
                                       Deadline deadline) override;
  // Exact, in tokens.
  int CostOf(std::string_view text) const override;

  // One line for the start log, such as "all-MiniLM-L6-v2, bf16, 2 threads".
  std::string Description() const;

 private:
  MiniLmEmbedder(std::unique_ptr<Vocabulary> vocabulary, std::unique_ptr<Inference> inference)
      : tokenizer_(std::move(vocabulary)), inference_(std::move(inference)) {}

  WordPieceTokenizer tokenizer_;
  std::unique_ptr<Inference> inference_;
};

}  // namespace datastorage
