#include "codes/quantized_vector.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace datastorage::codes {
namespace {

struct Norms {
  double original = 0;
  double quantized = 0;
  double residual = 0;
};

template <class Code>
Norms Quantize(const Embedding& vector, int code_max, Code* codes, float* scale) {
  float largest = 0;
  for (const float component : vector) largest = std::max(largest, std::abs(component));
  *scale = largest / static_cast<float>(code_max);
  Norms squares;
  for (std::size_t d = 0; d < kEmbeddingDimensionCount; ++d) {
    const double value = vector[d];
    const double step = *scale;
    const long code = step > 0 ? std::lround(value / step) : 0;
    const long clamped = std::clamp(code, long{-code_max}, long{code_max});
    codes[d] = static_cast<Code>(clamped);
    const double restored = step * static_cast<double>(clamped);
    squares.original += value * value;
    squares.quantized += restored * restored;
    squares.residual += (value - restored) * (value - restored);
  }
  return {std::sqrt(squares.original), std::sqrt(squares.quantized), std::sqrt(squares.residual)};
}

}  // namespace

QuantizationLoss QuantizeRow(const Embedding& vector, std::int8_t* codes, float* scale) {
  const Norms norms = Quantize(vector, kCodeMax, codes, scale);
  return {norms.residual, std::abs(norms.original - 1)};
}

QuantizedQuery QuantizeQuery(const Embedding& vector) {
  QuantizedQuery query;
  const Norms norms = Quantize(vector, kQueryCodeMax, query.codes.data(), &query.scale);
  query.residual = norms.residual;
  query.norm = norms.quantized;
  query.norm_deviation = std::abs(norms.original - 1);
  return query;
}

RestoredVector RestoreRow(const std::int8_t* codes, float scale) {
  RestoredVector restored;
  for (std::size_t d = 0; d < kEmbeddingDimensionCount; ++d) {
    restored.vector[d] = scale * static_cast<float>(codes[d]);
  }
  // Half a step, and what is lost where the scale and the product are rounded: 127 · 2^-24 steps
  // each, of which 1e-4 is six times both.
  restored.error = 0.5001F * scale;
  return restored;
}

float ScoreErrorBound(const QuantizedQuery& query, const QuantizationLoss& worst) {
  const double norm_max = 1 + worst.norm_deviation;
  const double quantization = query.residual * norm_max + query.norm * worst.residual;
  const double deviation = query.norm_deviation * norm_max + worst.norm_deviation;
  const double bound = quantization + deviation + kRoundingError;
  return std::nextafter(static_cast<float>(bound), std::numeric_limits<float>::infinity());
}

}  // namespace datastorage::codes
