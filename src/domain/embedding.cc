#include "domain/embedding.h"

#include <cmath>

namespace datastorage {
namespace {

double SquaredLength(const Embedding& embedding) {
  double sum = 0;
  for (const float component : embedding) sum += double{component} * double{component};
  return sum;
}

}  // namespace

bool IsUnit(const Embedding& embedding) {
  const double length = std::sqrt(SquaredLength(embedding));
  return std::isfinite(length) && std::abs(length - 1.0) <= 1e-3;
}

bool Normalize(Embedding& embedding) {
  const double length = std::sqrt(SquaredLength(embedding));
  if (!std::isfinite(length) || length < 1e-12) return false;
  for (float& component : embedding) {
    component = static_cast<float>(double{component} / length);
  }
  return true;
}

float Dot(const Embedding& a, const Embedding& b) {
  // Eight partial sums let the compiler vectorise without reassociating.
  std::array<float, 8> sums{};
  for (std::size_t i = 0; i < kEmbeddingDimensionCount; i += 8) {
    for (std::size_t lane = 0; lane < 8; ++lane) sums[lane] += a[i + lane] * b[i + lane];
  }
  return ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

}  // namespace datastorage
