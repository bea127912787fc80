// Half-precision vectors in pgvector's binary form, both ways.
//
// Threads: none.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "domain/embedding.h"

namespace datastorage::postgres {

// No component of a unit vector is further than this from its half: half of the last of 11 bits.
inline constexpr float kHalfError = 0x1p-12F + 0x1p-22F;  // The length may be 1 + 1e-3.

// Rounds to the nearest half, ties to even. REQUIRES: IsUnit(embedding).
std::string HalfVectorBytes(const Embedding& embedding);

// REQUIRES: a halfvec(384) of the server.
Embedding EmbeddingOfHalves(std::span<const std::uint8_t> bytes);

}  // namespace datastorage::postgres
