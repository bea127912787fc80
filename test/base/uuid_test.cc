#include "base/uuid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <thread>
#include <vector>

namespace datastorage {
namespace {

TEST(Uuid, ComesBackFromItsTextInLowerCase) {
  const std::optional<Uuid> id = Uuid::Parse("0195A1B2-c3d4-7e5f-8a9b-0C1D2E3F4A5B");
  ASSERT_TRUE(id.has_value());
  EXPECT_EQ(id->ToString(), "0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b");
  EXPECT_EQ(id->bytes[0], 0x01);
  EXPECT_EQ(id->bytes[15], 0x5b);
  EXPECT_EQ(Uuid{}.ToString(), "00000000-0000-0000-0000-000000000000");
}

TEST(Uuid, IsRefusedInAnyOtherForm) {
  for (const char* text : {"",
                           "0195a1b2c3d47e5f8a9b0c1d2e3f4a5b",
                           "0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5",
                           "0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5bb",
                           "0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5g",
                           "0195a1b2-c3d4-7e5f-8a9b00c1d2e3f4a5b",
                           "0195a1b2c-3d4-7e5f-8a9b-0c1d2e3f4a5b",
                           "{0195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5}",
                           " 195a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}) {
    EXPECT_EQ(Uuid::Parse(text), std::nullopt) << text;
  }
}

TEST(Uuid, OfVersion7CarriesTheTimeAndRises) {
  const auto milliseconds = [](const Uuid& id) {
    std::int64_t value = 0;
    for (std::size_t i = 0; i < 6; ++i) value = (value << 8) | id.bytes[i];
    return value;
  };
  const auto now = [] {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               SystemClock().WallNow().time_since_epoch())
        .count();
  };
  const std::int64_t before = now();
  Uuid last = SystemUuidSource().MakeVersion7();
  for (int i = 0; i < 20'000; ++i) {
    const Uuid next = SystemUuidSource().MakeVersion7();
    ASSERT_LT(last, next);
    ASSERT_LT(last.ToString(), next.ToString());
    ASSERT_EQ(next.bytes[6] >> 4, 7);
    ASSERT_EQ(next.bytes[8] >> 6, 2);
    last = next;
  }
  EXPECT_GE(milliseconds(last), before);
  // 4,096 ids a millisecond: a faster caller borrows from the future, by no more than this.
  EXPECT_LE(milliseconds(last), now() + 5);
}

TEST(Uuid, OfVersion4IsRandom) {
  std::set<Uuid> ids;
  for (int i = 0; i < 1'000; ++i) {
    const Uuid id = SystemUuidSource().MakeVersion4();
    EXPECT_EQ(id.bytes[6] >> 4, 4);
    EXPECT_EQ(id.bytes[8] >> 6, 2);
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1'000U);
}

TEST(Uuid, OfManyThreadsIsNeverTheSame) {
  constexpr std::size_t kThreadCount = 4;
  constexpr std::size_t kIdCount = 5'000;
  std::vector<std::vector<Uuid>> made(kThreadCount);
  std::vector<std::thread> threads;
  for (std::vector<Uuid>& ids : made) {
    threads.emplace_back([&ids] {
      for (std::size_t i = 0; i < kIdCount; ++i) ids.push_back(SystemUuidSource().MakeVersion7());
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::set<Uuid> all;
  for (const std::vector<Uuid>& ids : made) {
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()));
    all.insert(ids.begin(), ids.end());
  }
  EXPECT_EQ(all.size(), kThreadCount * kIdCount);
}

}  // namespace
}  // namespace datastorage
