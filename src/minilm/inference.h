// Inference: the compiled model and a bounded set of places to run it.
//
// Threads:   safe to call concurrently; as many batches run at once as there are threads, over all
//            callers together, and further ones wait.
// Ownership: keeps the weights mapped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "domain/embedding.h"
#include "minilm/safetensors.h"
#include "minilm/vocabulary.h"

namespace datastorage {

enum class Precision : std::uint8_t {
  kAutomatic,  // bf16 where the processor has instructions for it, else f32.
  kF32,
  kBf16,
};

// "automatic", "f32", "bf16".
std::string_view NameOf(Precision precision);

class Inference {
 public:
  // `thread_count` is the number of batches at once, one thread each.
  // REQUIRES: 0 < thread_count.
  // Errors: kInvalidArgument when the weights are of another model or the processor has no bf16
  // and it was asked for; kInternal when the runtime refuses.
  static Result<std::unique_ptr<Inference>> Compile(const Safetensors& weights,
                                                    Precision precision,
                                                    std::size_t thread_count);
  ~Inference();
  Inference(const Inference&) = delete;
  Inference& operator=(const Inference&) = delete;

  // Returns a unit vector for each text's tokens, in order.
  // REQUIRES: each text has between 1 and 512 ids, all in the vocabulary.
  // Errors, for the whole call: kDeadlineExceeded, looked at before each batch; kInternal.
  Result<std::vector<Embedding>> Run(std::span<const std::vector<TokenId>> texts,
                                     Deadline deadline);

  // What it was compiled for; never kAutomatic.
  Precision precision() const { return precision_; }
  std::size_t thread_count() const { return thread_count_; }

 private:
  class Slots;
  class Session;

  Inference(std::unique_ptr<Slots> slots, Precision precision, std::size_t thread_count);

  std::unique_ptr<Slots> slots_;
  Precision precision_;
  std::size_t thread_count_;
};

}  // namespace datastorage
