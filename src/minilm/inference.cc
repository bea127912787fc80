#include "minilm/inference.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <openvino/runtime/core.hpp>
#include <openvino/runtime/properties.hpp>
#include <optional>
#include <utility>

#include "base/check.h"
#include "minilm/batch_plan.h"
#include "minilm/minilm_graph.h"

namespace datastorage {
namespace {

bool ProcessorHasBf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16") != 0;
#else
  return false;
#endif
}

Result<Precision> Choose(Precision wanted) {
  if (wanted == Precision::kAutomatic) {
    return ProcessorHasBf16() ? Precision::kBf16 : Precision::kF32;
  }
  // The runtime would emulate it, several times slower than f32, without a word.
  if (wanted == Precision::kBf16 && !ProcessorHasBf16()) {
    return InvalidArgument("this processor has no bf16 instructions; choose f32 or automatic");
  }
  return wanted;
}

void FillInputs(std::span<const std::vector<TokenId>> texts,
                const TextBatch& batch,
                ov::InferRequest& request) {
  const std::size_t length = batch.padded_length;
  const std::size_t count = batch.indices.size();
  ov::Tensor ids = request.get_input_tensor(0);
  ov::Tensor mask = request.get_input_tensor(1);
  ids.set_shape({count, length});
  mask.set_shape({count, length});
  std::int64_t* id = ids.data<std::int64_t>();
  float* weight = mask.data<float>();
  std::fill_n(id, count * length, std::int64_t{0});
  std::fill_n(weight, count * length, 0.0F);
  for (const std::size_t index : batch.indices) {
    std::copy(texts[index].begin(), texts[index].end(), id);
    std::fill_n(weight, texts[index].size(), 1.0F);
    id += length;
    weight += length;
  }
}

}  // namespace

std::string_view NameOf(Precision precision) {
  switch (precision) {
    case Precision::kAutomatic: return "automatic";
    case Precision::kF32: return "f32";
    case Precision::kBf16: return "bf16";
  }
  return "unknown";
}

// The free requests of the compiled model.
class Inference::Slots {
 public:
  Slots(ov::CompiledModel model, std::size_t count) : model_(std::move(model)) {
    for (std::size_t i = 0; i < count; ++i) free_.push_back(model_.create_infer_request());
  }

  std::optional<ov::InferRequest> TryTake() {
    const std::lock_guard lock(mutex_);
    return TakeLocked();
  }

  // Nothing when the deadline passed first.
  std::optional<ov::InferRequest> Take(Deadline deadline) {
    std::unique_lock lock(mutex_);
    given_back_.wait_for(lock, deadline.Remaining(), [this] { return !free_.empty(); });
    return TakeLocked();
  }

  void GiveBack(ov::InferRequest request) {
    {
      const std::lock_guard lock(mutex_);
      free_.push_back(std::move(request));
    }
    given_back_.notify_one();
  }

 private:
  std::optional<ov::InferRequest> TakeLocked() {
    if (free_.empty()) return std::nullopt;
    ov::InferRequest request = std::move(free_.back());
    free_.pop_back();
    return request;
  }

  ov::CompiledModel model_;
  std::mutex mutex_;
  std::condition_variable given_back_;
  std::vector<ov::InferRequest> free_;
};

// One call of Run: starts batches in as many slots as it gets and collects the oldest first.
// It waits for a slot only while it holds none, so callers cannot block each other for good.
class Inference::Session {
 public:
  Session(Slots& slots, std::span<const std::vector<TokenId>> texts)
      : slots_(slots), texts_(texts), embeddings_(texts.size()) {}

  ~Session() {
    while (!running_.empty()) Abandon();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Result<std::vector<Embedding>> Run(Deadline deadline) {
    std::vector<std::size_t> lengths;
    for (const auto& text : texts_) lengths.push_back(text.size());
    const auto batches = PlanBatches(lengths);
    for (const TextBatch& batch : batches) {
      if (deadline.HasPassed()) return DeadlineExceeded("embed: the deadline passed");
      DS_RETURN_IF_ERROR(Start(batch, deadline));
    }
    while (!running_.empty()) DS_RETURN_IF_ERROR(CollectOldest());
    return std::move(embeddings_);
  }

 private:
  struct Running {
    ov::InferRequest request;
    const TextBatch* batch;
  };

  Result<void> Start(const TextBatch& batch, Deadline deadline) {
    std::optional<ov::InferRequest> request = slots_.TryTake();
    while (!request.has_value() && !running_.empty()) {
      DS_RETURN_IF_ERROR(CollectOldest());
      request = slots_.TryTake();
    }
    if (!request.has_value()) request = slots_.Take(deadline);
    if (!request.has_value()) return DeadlineExceeded("embed: no free model before the deadline");
    running_.push_back({*request, &batch});
    FillInputs(texts_, batch, *request);
    request->start_async();
    return {};
  }

  Result<void> CollectOldest() {
    Running& oldest = running_.front();
    oldest.request.wait();
    const ov::Tensor output = oldest.request.get_output_tensor();
    const float* component = output.data<const float>();
    bool usable = true;
    for (const std::size_t index : oldest.batch->indices) {
      Embedding& embedding = embeddings_[index];
      std::copy_n(component, kEmbeddingDimensionCount, embedding.begin());
      component += kEmbeddingDimensionCount;
      // Low precision leaves the length a little off 1.
      usable = Normalize(embedding) && usable;
    }
    slots_.GiveBack(std::move(oldest.request));
    running_.pop_front();
    if (!usable) return Internal("embed: the model gave a vector that is zero or not finite");
    return {};
  }

  // Waits, so that nothing writes to a request that the next caller gets.
  void Abandon() {
    try {
      running_.front().request.wait();
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch)
      // The call reports its first failure already, or nobody waits for this one.
    }
    slots_.GiveBack(std::move(running_.front().request));
    running_.pop_front();
  }

  Slots& slots_;
  std::span<const std::vector<TokenId>> texts_;
  std::vector<Embedding> embeddings_;
  std::deque<Running> running_;
};

Inference::Inference(std::unique_ptr<Slots> slots, Precision precision, std::size_t thread_count)
    : slots_(std::move(slots)), precision_(precision), thread_count_(thread_count) {}
Inference::~Inference() = default;

Result<std::unique_ptr<Inference>> Inference::Compile(const Safetensors& weights,
                                                      Precision precision,
                                                      std::size_t thread_count) {
  DS_CHECK(thread_count > 0);
  DS_ASSIGN_OR_RETURN(const Precision chosen, Choose(precision));
  try {
    DS_ASSIGN_OR_RETURN(const std::shared_ptr<ov::Model> model, BuildMiniLmGraph(weights));
    const auto type = chosen == Precision::kBf16 ? ov::element::bf16 : ov::element::f32;
    const auto count = static_cast<std::int32_t>(thread_count);
    ov::Core core;
    ov::CompiledModel compiled = core.compile_model(model,
                                                    "CPU",
                                                    ov::hint::inference_precision(type),
                                                    ov::num_streams(count),
                                                    ov::inference_num_threads(count),
                                                    ov::hint::enable_cpu_pinning(false));
    auto slots = std::make_unique<Slots>(std::move(compiled), thread_count);
    return std::unique_ptr<Inference>(new Inference(std::move(slots), chosen, thread_count));
  } catch (const std::exception& failure) {
    return Internal(std::string("compile the model: ") + failure.what());
  }
}

Result<std::vector<Embedding>> Inference::Run(std::span<const std::vector<TokenId>> texts,
                                              Deadline deadline) {
  try {
    return Session(*slots_, texts).Run(deadline);
  } catch (const std::exception&) {
    // The runtime's text names its source lines: of no use to a client.
    return Internal("embed: the inference runtime failed");
  }
}

}  // namespace datastorage
