// SimEmbedder: a model that the seed slows down and fails. Vectors as FakeEmbedder's.
#pragma once

#include "fake/fake_embedder.h"
#include "ports/embedder.h"
#include "sim/fiber_runtime.h"

namespace datastorage {

class SimEmbedder final : public Embedder {
 public:
  explicit SimEmbedder(FiberRuntime& runtime) : runtime_(runtime) {}

  // In a thousand calls: fail, and take up to 5 s.
  void SetFaults(int failure_per_thousand, int slow_per_thousand) {
    failure_per_thousand_ = failure_per_thousand;
    slow_per_thousand_ = slow_per_thousand;
  }

  std::string ModelId() const override { return "sim-1"; }
  Result<std::vector<Embedding>> Embed(std::span<const std::string_view> texts,
                                       Deadline deadline) override {
    runtime_.Yield("the model");
    if (runtime_.random().Chance(slow_per_thousand_)) {
      runtime_.Sleep(runtime_.random().SomeTime(std::chrono::seconds(5)));
    }
    if (deadline.HasPassed(runtime_)) return DeadlineExceeded("the model took too long");
    if (runtime_.random().Chance(failure_per_thousand_)) return Unavailable("the model fails");
    std::vector<Embedding> vectors;
    vectors.reserve(texts.size());
    for (const std::string_view text : texts) vectors.push_back(FakeEmbedder::VectorOf(text));
    return vectors;
  }
  int CostOf(std::string_view text) const override { return static_cast<int>(text.size()); }

 private:
  FiberRuntime& runtime_;
  int failure_per_thousand_ = 0;
  int slow_per_thousand_ = 0;
};

}  // namespace datastorage
