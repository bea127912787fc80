#include "postgres/half_vector.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/random_points.h"

namespace datastorage::postgres {
namespace {

Embedding RoundTrip(const Embedding& embedding) {
  const std::string bytes = HalfVectorBytes(embedding);
  return EmbeddingOfHalves({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

TEST(HalfVector, IsNoFurtherFromAVectorThanItSays) {
  RandomPoints random(3);
  for (int trial = 0; trial < 200; ++trial) {
    Embedding vector = random.Unit();
    if (trial % 2 == 0) {
      vector[0] = 30;  // One large component, and tiny ones.
      Normalize(vector);
    }
    const Embedding near = RoundTrip(vector);
    for (std::size_t i = 0; i < vector.size(); ++i) {
      ASSERT_LE(std::abs(near[i] - vector[i]), kHalfError);
      // Relative to the component: 11 bits, or a multiple of 2^-24.
      ASSERT_LE(std::abs(near[i] - vector[i]),
                std::max(std::abs(vector[i]) * 0x1p-11F, 0x1p-25F) * 1.0001F);
    }
  }
}

TEST(HalfVector, KeepsWhatAHalfCanHoldAndRoundsTiesToEven) {
  Embedding vector{};
  vector[0] = 1;
  vector[1] = -0.5F;
  vector[2] = 0x1p-24F;   // The least there is.
  vector[3] = -0x1p-14F;  // The least normal one.
  vector[4] = 0x1.FF8p-15F;
  vector[5] = 0x1.004p-1F;  // Held exactly.
  EXPECT_EQ(RoundTrip(vector), vector);
  vector[5] = 0x1.002p-1F;  // Between 0x1.000 and 0x1.004.
  vector[6] = 0x1.006p-1F;  // Between 0x1.004 and 0x1.008.
  vector[7] = 0x1p-25F;     // Between zero and the least.
  const Embedding rounded = RoundTrip(vector);
  EXPECT_EQ(rounded[5], 0x1p-1F);
  EXPECT_EQ(rounded[6], 0x1.008p-1F);
  EXPECT_EQ(rounded[7], 0);
}

}  // namespace
}  // namespace datastorage::postgres
