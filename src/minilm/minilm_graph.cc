#include "minilm/minilm_graph.h"

#include <cstdint>
#include <openvino/core/model.hpp>
#include <openvino/opsets/opset13.hpp>
#include <string>
#include <vector>

namespace datastorage {
namespace {

namespace op = ov::opset13;

using Value = ov::Output<ov::Node>;
using Shape = std::vector<std::int64_t>;

constexpr std::int64_t kVocabularyCount = 30'522;
constexpr std::int64_t kPositionCountMax = 512;
constexpr std::int64_t kTokenTypeCount = 2;
constexpr std::int64_t kHiddenCount = 384;
constexpr std::int64_t kInnerCount = 1'536;
constexpr std::int64_t kHeadCount = 12;
constexpr int kLayerCount = 6;
constexpr double kLayerNormEpsilon = 1e-12;

Value Integers(const Shape& values) {
  return op::Constant::create(ov::element::i64, ov::Shape{values.size()}, values);
}
Value Integer(std::int64_t value) {
  return op::Constant::create(ov::element::i64, ov::Shape{}, {value});
}
Value Real(float value) {
  return op::Constant::create(ov::element::f32, ov::Shape{}, {value});
}

template <class Operation, class... Arguments>
Value Make(Arguments&&... arguments) {
  return std::make_shared<Operation>(std::forward<Arguments>(arguments)...)->output(0);
}

class GraphBuilder {
 public:
  explicit GraphBuilder(const Safetensors& weights) : weights_(weights) {}

  std::shared_ptr<ov::Model> Build();
  // What is wrong with the weights, after Build; empty when nothing is.
  const std::string& wrong() const { return wrong_; }

 private:
  Value Weight(const std::string& name, const Shape& shape);
  Value Linear(const Value& input, const std::string& name, std::int64_t in, std::int64_t out);
  Value LayerNorm(const Value& input, const std::string& name);
  Value Embeddings(const Value& ids);
  // [rows, length, hidden] to [rows, heads, length, hidden / heads].
  Value SplitHeads(const Value& input);
  Value Attention(const Value& hidden, const Value& bias, const std::string& layer);
  Value Layer(const Value& hidden, const Value& bias, const std::string& layer);
  Value Pool(const Value& hidden, const Value& mask);

  const Safetensors& weights_;
  std::string wrong_;
};

Value GraphBuilder::Weight(const std::string& name, const Shape& shape) {
  const ov::Shape dimensions(shape.begin(), shape.end());
  const Tensor* const tensor = weights_.Find(name);
  if (tensor == nullptr || tensor->dtype != "F32" || tensor->shape != shape) {
    wrong_ += "; " + name + (tensor == nullptr ? " is missing" : " has another type or shape");
    return Make<op::Constant>(ov::element::f32, dimensions);
  }
  // Shared, not copied; the holder keeps the file mapped.
  auto holder = std::const_pointer_cast<MappedFile>(weights_.file());
  return Make<op::Constant>(
      ov::element::f32, dimensions, tensor->bytes.data(), std::shared_ptr<void>(holder));
}

Value GraphBuilder::Linear(const Value& input,
                           const std::string& name,
                           std::int64_t in,
                           std::int64_t out) {
  const Value product = Make<op::MatMul>(input, Weight(name + ".weight", {out, in}), false, true);
  return Make<op::Add>(product, Weight(name + ".bias", {out}));
}

Value GraphBuilder::LayerNorm(const Value& input, const std::string& name) {
  const Value normalized = Make<op::MVN>(input,
                                         Integers({-1}),
                                         true,
                                         static_cast<float>(kLayerNormEpsilon),
                                         ov::op::MVNEpsMode::INSIDE_SQRT);
  const Value scaled = Make<op::Multiply>(normalized, Weight(name + ".weight", {kHiddenCount}));
  return Make<op::Add>(scaled, Weight(name + ".bias", {kHiddenCount}));
}

Value GraphBuilder::Embeddings(const Value& ids) {
  const std::string prefix = "embeddings.";
  const Value words = Make<op::Gather>(
      Weight(prefix + "word_embeddings.weight", {kVocabularyCount, kHiddenCount}), ids, Integer(0));
  const Value length = Make<op::Gather>(Make<op::ShapeOf>(ids), Integers({1}), Integer(0));
  const Value positions = Make<op::Slice>(
      Weight(prefix + "position_embeddings.weight", {kPositionCountMax, kHiddenCount}),
      Integers({0}),
      length,
      Integers({1}),
      Integers({0}));
  // One text at a time: every token is of the first type.
  const Value type = Make<op::Gather>(
      Weight(prefix + "token_type_embeddings.weight", {kTokenTypeCount, kHiddenCount}),
      Integer(0),
      Integer(0));
  const Value sum = Make<op::Add>(words, Make<op::Add>(positions, type));
  return LayerNorm(sum, prefix + "LayerNorm");
}

Value GraphBuilder::SplitHeads(const Value& input) {
  const Value split =
      Make<op::Reshape>(input, Integers({0, 0, kHeadCount, kHiddenCount / kHeadCount}), true);
  return Make<op::Transpose>(split, Integers({0, 2, 1, 3}));
}

Value GraphBuilder::Attention(const Value& hidden, const Value& bias, const std::string& layer) {
  const auto project = [&](const std::string& part) {
    return SplitHeads(Linear(hidden, layer + "attention.self." + part, kHiddenCount, kHiddenCount));
  };
  const Value query = project("query");
  const Value key = project("key");
  const Value value = project("value");
  const Value heads = Make<op::ScaledDotProductAttention>(query, key, value, bias, false);
  const Value joined = Make<op::Reshape>(
      Make<op::Transpose>(heads, Integers({0, 2, 1, 3})), Integers({0, 0, kHiddenCount}), true);
  return Linear(joined, layer + "attention.output.dense", kHiddenCount, kHiddenCount);
}

Value GraphBuilder::Layer(const Value& hidden, const Value& bias, const std::string& layer) {
  const Value attended = LayerNorm(Make<op::Add>(Attention(hidden, bias, layer), hidden),
                                   layer + "attention.output.LayerNorm");
  const Value inner =
      Make<op::Gelu>(Linear(attended, layer + "intermediate.dense", kHiddenCount, kInnerCount));
  const Value output = Linear(inner, layer + "output.dense", kInnerCount, kHiddenCount);
  return LayerNorm(Make<op::Add>(output, attended), layer + "output.LayerNorm");
}

Value GraphBuilder::Pool(const Value& hidden, const Value& mask) {
  const Value masked = Make<op::Multiply>(hidden, Make<op::Unsqueeze>(mask, Integers({2})));
  const Value sum = Make<op::ReduceSum>(masked, Integers({1}), false);
  const Value count = Make<op::ReduceSum>(mask, Integers({1}), true);
  const Value mean = Make<op::Divide>(sum, count);
  return Make<op::NormalizeL2>(mean, Integers({1}), 1e-12F, ov::op::EpsMode::MAX);
}

std::shared_ptr<ov::Model> GraphBuilder::Build() {
  const ov::PartialShape shape{-1, -1};
  const auto ids = std::make_shared<op::Parameter>(ov::element::i64, shape);
  const auto mask = std::make_shared<op::Parameter>(ov::element::f32, shape);
  // 0 where attention may look, far below any score where it may not; [rows, 1, 1, length].
  const Value bias = Make<op::Multiply>(
      Make<op::Subtract>(Make<op::Unsqueeze>(mask, Integers({1, 2})), Real(1.0F)), Real(1e9F));
  Value hidden = Embeddings(ids);
  for (int layer = 0; layer < kLayerCount; ++layer) {
    hidden = Layer(hidden, bias, "encoder.layer." + std::to_string(layer) + ".");
  }
  const auto result = std::make_shared<op::Result>(Pool(hidden, mask));
  return std::make_shared<ov::Model>(
      ov::ResultVector{result}, ov::ParameterVector{ids, mask}, "all-MiniLM-L6-v2");
}

}  // namespace

Result<std::shared_ptr<ov::Model>> BuildMiniLmGraph(const Safetensors& weights) {
  GraphBuilder builder(weights);
  std::shared_ptr<ov::Model> model = builder.Build();
  if (!builder.wrong().empty()) {
    return InvalidArgument("build the model's graph: " + builder.wrong().substr(2));
  }
  return model;
}

}  // namespace datastorage
