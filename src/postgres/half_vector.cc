#include "postgres/half_vector.h"

#include <array>
#include <bit>
#include <cmath>

#include "base/check.h"

namespace datastorage::postgres {
namespace {

constexpr std::size_t kHeadByteCount = 4;  // The dimension and an unused number, 16 bits each.
constexpr std::size_t kByteCount = kHeadByteCount + 2 * kEmbeddingDimensionCount;

constexpr std::uint32_t kLeastNormal = 0x3880'0000;  // 2^-14, as the bits of a float.

// Both ways are computed and one is chosen: without a branch the loop is vectorised.
std::uint16_t HalfOf(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t sign = bits >> 16 & 0x8000;
  const std::uint32_t magnitude = bits & 0x7FFF'FFFF;
  // The exponent counts from 15 instead of 127; what is cut off rounds up from its middle on, or
  // above it where the last bit that stays is even.
  const std::uint32_t normal = (magnitude - (112U << 23) + 0xFFF + (magnitude >> 13 & 1)) >> 13;
  // Adding 1/2 leaves the multiples of 2^-24, rounded, in the last bits.
  const std::uint32_t tiny =
      std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - 0x3F00'0000;
  return static_cast<std::uint16_t>(sign | (magnitude < kLeastNormal ? tiny : normal));
}

float FloatOf(std::uint16_t half) {
  const int exponent = half >> 10 & 0x1F;
  const int fraction = half & 0x3FF;
  const float magnitude = exponent == 0
                              ? std::ldexp(static_cast<float>(fraction), -24)
                              : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

}  // namespace

std::string HalfVectorBytes(const Embedding& embedding) {
  std::string bytes(kByteCount, '\0');
  bytes[0] = static_cast<char>(kEmbeddingDimensionCount >> 8);
  bytes[1] = static_cast<char>(kEmbeddingDimensionCount & 0xFF);
  std::array<std::uint16_t, kEmbeddingDimensionCount> halves;
  for (std::size_t i = 0; i < halves.size(); ++i) halves[i] = HalfOf(embedding[i]);
  for (std::size_t i = 0; i < halves.size(); ++i) {
    bytes[kHeadByteCount + 2 * i] = static_cast<char>(halves[i] >> 8);
    bytes[kHeadByteCount + 2 * i + 1] = static_cast<char>(halves[i] & 0xFF);
  }
  return bytes;
}

Embedding EmbeddingOfHalves(std::span<const std::uint8_t> bytes) {
  DS_CHECK(bytes.size() == kByteCount);
  Embedding embedding;
  for (std::size_t i = 0; i < embedding.size(); ++i) {
    const std::uint8_t* const at = &bytes[kHeadByteCount + 2 * i];
    embedding[i] = FloatOf(static_cast<std::uint16_t>(at[0] << 8 | at[1]));
  }
  return embedding;
}

}  // namespace datastorage::postgres
