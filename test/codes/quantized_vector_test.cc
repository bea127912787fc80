#include "codes/quantized_vector.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/random_points.h"

namespace datastorage::codes {
namespace {

double ExactDot(const Embedding& a, const Embedding& b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) sum += double{a[d]} * double{b[d]};
  return sum;
}

double NormOf(const Embedding& a) {
  return std::sqrt(ExactDot(a, a));
}

void Scale(Embedding& vector, double factor) {
  for (float& component : vector) component = static_cast<float>(double{component} * factor);
}

struct Stored {
  std::array<std::int8_t, kEmbeddingDimensionCount> codes{};
  float scale = 0;
  QuantizationLoss loss;
};

Stored Store(const Embedding& vector) {
  Stored stored;
  stored.loss = QuantizeRow(vector, stored.codes.data(), &stored.scale);
  return stored;
}

float Score(const QuantizedQuery& query, const Stored& stored) {
  std::int32_t dot = 0;
  for (std::size_t d = 0; d < stored.codes.size(); ++d) {
    dot += std::int32_t{query.codes[d]} * std::int32_t{stored.codes[d]};
  }
  return ScoreOf(dot, query.scale, stored.scale);
}

// Returns the part of the bound that was used up, 0…1 when it holds.
double ShareOfBound(const Embedding& query, const Embedding& vector) {
  const QuantizedQuery quantized = QuantizeQuery(query);
  const Stored stored = Store(vector);
  const auto score = double{Score(quantized, stored)};
  const double bound = double{ScoreErrorBound(quantized, stored.loss)};
  const double dot = ExactDot(query, vector);
  const double cosine = dot / (NormOf(query) * NormOf(vector));
  const double error = std::max({std::abs(score - dot),
                                 std::abs(score - cosine),
                                 std::abs(score - double{Dot(query, vector)})});
  return error / bound;
}

// The vector whose product with `vector`'s residual is the greatest there is.
Embedding WorstQueryFor(const Embedding& vector) {
  const Stored stored = Store(vector);
  Embedding worst;
  for (std::size_t d = 0; d < worst.size(); ++d) {
    worst[d] = vector[d] - stored.scale * static_cast<float>(stored.codes[d]);
  }
  EXPECT_TRUE(Normalize(worst));
  return worst;
}

TEST(QuantizedVector, KeepsTheScoreWithinItsBound) {
  RandomPoints random(11);
  for (int trial = 0; trial < 3'000; ++trial) {
    Embedding vector = random.Unit();
    const Embedding query =
        random.Near(vector, -1 + 0.001 * static_cast<double>(random.Below(2'000)));
    if (trial % 3 == 0) Scale(vector, trial % 2 == 0 ? 1.0009 : 0.9991);
    if (trial % 5 == 0) {  // One component dwarfs the rest, so that their codes are coarse.
      vector[random.Below(vector.size())] = 8;
      ASSERT_TRUE(Normalize(vector));
    }
    ASSERT_LE(ShareOfBound(query, vector), 1.0);
    ASSERT_LE(ShareOfBound(vector, query), 1.0);
  }
}

// The bound is not slack: a query along the residual uses nearly all of it.
TEST(QuantizedVector, HasABoundThatTheWorstQueryReaches) {
  RandomPoints random(12);
  for (int trial = 0; trial < 200; ++trial) {
    const Embedding vector = random.Unit();
    const double share = ShareOfBound(WorstQueryFor(vector), vector);
    ASSERT_LE(share, 1.0);
    ASSERT_GE(share, 0.95);
  }
}

TEST(QuantizedVector, BoundsEveryVectorByTheWorstLoss) {
  RandomPoints random(13);
  const QuantizedQuery query = QuantizeQuery(random.Unit());
  const float small = ScoreErrorBound(query, {0.001, 0});
  EXPECT_LT(small, ScoreErrorBound(query, {0.002, 0}));
  EXPECT_LT(small, ScoreErrorBound(query, {0.001, 0.001}));
  EXPECT_LT(ScoreErrorBound(query, Store(random.Unit()).loss), 0.015F);
}

// What is stored exactly still differs from the cosine when it is not quite unit.
TEST(QuantizedVector, BoundsTheDeviationFromUnitLength) {
  for (const float query_length : {0.9991F, 1.0F, 1.0009F}) {
    for (const float length : {0.9991F, 1.0F, 1.0009F}) {
      Embedding query{};
      query[7] = query_length;
      Embedding vector{};
      vector[7] = length;
      EXPECT_LE(ShareOfBound(query, vector), 1.0) << query_length << " " << length;
    }
  }
}

TEST(QuantizedVector, StoresASingleComponentExactly) {
  Embedding axis{};
  axis[5] = -1;
  const Stored stored = Store(axis);
  EXPECT_EQ(stored.codes[5], -127);
  EXPECT_NEAR(stored.loss.residual, 0, 1e-7);
  EXPECT_NEAR(Score(QuantizeQuery(axis), stored), 1, 1e-6);
}

}  // namespace
}  // namespace datastorage::codes
