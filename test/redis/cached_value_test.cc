#include "redis/cached_value.h"

#include <gtest/gtest.h>

#include <limits>

#include "support/cache_entries.h"

namespace datastorage::redis {
namespace {

const ModelMark kModel = MarkOf("some model");

TEST(CachedValue, ComesBackForItsKeyAndModel) {
  const EmbeddingCacheEntry entry = AnEntry(1);
  const std::string value = EncodeValue(entry, kModel);
  EXPECT_EQ(value.size(), kCachedValueByteCount);
  EXPECT_EQ(DecodeValue(value, entry.key, kModel), entry.embedding);
}

TEST(CachedValue, IsOfNoUseForAnotherKeyOrModel) {
  const std::string value = EncodeValue(AnEntry(1), kModel);
  EXPECT_EQ(DecodeValue(value, AnEntry(2).key, kModel), std::nullopt);
  EXPECT_EQ(DecodeValue(value, AnEntry(1).key, MarkOf("some other")), std::nullopt);
}

TEST(CachedValue, IsRefusedWithAnyBitChangedOrAnyLengthButItsOwn) {
  const std::string value = EncodeValue(AnEntry(1), kModel);
  for (std::size_t bit = 0; bit < value.size() * 8; ++bit) {
    std::string changed = value;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << bit % 8));
    ASSERT_EQ(DecodeValue(changed, AnEntry(1).key, kModel), std::nullopt) << bit;
  }
  for (std::size_t size = 0; size < value.size(); ++size) {
    ASSERT_EQ(DecodeValue(value.substr(0, size), AnEntry(1).key, kModel), std::nullopt) << size;
  }
  EXPECT_EQ(DecodeValue(value + "x", AnEntry(1).key, kModel), std::nullopt);
}

TEST(CachedValue, IsRefusedWhenItsVectorIsNoDirection) {
  EmbeddingCacheEntry entry = AnEntry(1);
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), 2.0F}) {
    entry.embedding[0] = bad;
    EXPECT_EQ(DecodeValue(EncodeValue(entry, kModel), entry.key, kModel), std::nullopt);
  }
}

// A change of the layout must change the version, or replicas of two releases misread one another.
TEST(CachedValue, KeepsItsLayout) {
  EmbeddingCacheEntry entry{};
  entry.embedding[0] = 1;
  const std::string value = EncodeValue(entry, kModel);
  EXPECT_EQ(value.substr(0, 4), std::string("\1\0\0\0", 4));
  EXPECT_EQ(value.substr(4, 8), std::string(kModel.data(), kModel.size()));
  EXPECT_EQ(value.substr(12, 8), std::string("\0\0\x80\x3f\0\0\0\0", 8));
  EXPECT_EQ(value.size(), 12U + 384U * 4U + 16U);
}

}  // namespace
}  // namespace datastorage::redis
