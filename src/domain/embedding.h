// Embedding: a text's place in the published space of a model.
#pragma once

#include <array>
#include <cstddef>
#include <string>

namespace datastorage {

inline constexpr std::size_t kEmbeddingDimensionCount = 384;

// 384 finite components, Euclidean length 1 ± 1e-3, except where said otherwise.
using Embedding = std::array<float, kEmbeddingDimensionCount>;

// Whether all components are finite and the length is 1 ± 1e-3.
bool IsUnit(const Embedding& embedding);
// Scales to length 1. False, and unchanged, for a zero or non-finite vector.
bool Normalize(Embedding& embedding);
// Dot product; the cosine for unit vectors.
float Dot(const Embedding& a, const Embedding& b);

}  // namespace datastorage
