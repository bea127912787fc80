#include "domain/embedding.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace datastorage {
namespace {

Embedding RandomEmbedding(unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  Embedding embedding{};
  for (float& component : embedding) component = normal(random);
  return embedding;
}

TEST(Embedding, IsNormalisedToLengthOne) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    Embedding embedding = RandomEmbedding(seed);
    EXPECT_FALSE(IsUnit(embedding));
    ASSERT_TRUE(Normalize(embedding));
    EXPECT_TRUE(IsUnit(embedding));
    EXPECT_NEAR(Dot(embedding, embedding), 1.0, 1e-5);
  }
}

TEST(Embedding, ThatHasNoDirectionStaysAsItIs) {
  Embedding zero{};
  EXPECT_FALSE(Normalize(zero));
  EXPECT_EQ(zero, Embedding{});
  EXPECT_FALSE(IsUnit(zero));
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Embedding embedding{};
    embedding[0] = 1;
    embedding[383] = bad;
    EXPECT_FALSE(IsUnit(embedding));
    EXPECT_FALSE(Normalize(embedding));
    EXPECT_EQ(embedding[0], 1);
  }
}

TEST(Embedding, IsUnitWithinAThousandth) {
  Embedding embedding{};
  for (const auto& [length, is_unit] : {std::pair{1.0F, true},
                                        {1.0009F, true},
                                        {0.9991F, true},
                                        {1.0011F, false},
                                        {0.998F, false}}) {
    embedding[7] = length;
    EXPECT_EQ(IsUnit(embedding), is_unit) << length;
  }
}

TEST(Embedding, DotIsTheSumOfProducts) {
  for (unsigned seed = 0; seed < 50; ++seed) {
    const Embedding a = RandomEmbedding(seed);
    const Embedding b = RandomEmbedding(seed + 1'000);
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += double{a[i]} * double{b[i]};
    EXPECT_NEAR(Dot(a, b), sum, 1e-3);
    EXPECT_EQ(Dot(a, b), Dot(b, a));
  }
}

}  // namespace
}  // namespace datastorage
