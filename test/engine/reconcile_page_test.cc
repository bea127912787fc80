#include "engine/reconcile_page.h"

#include <gtest/gtest.h>

namespace datastorage {
namespace {

constexpr Stamp kLostUntil = 90;

StoredId Stored(std::optional<Stamp> record, std::optional<Stamp> pending) {
  StoredId stored;
  stored.record_stamp = record;
  stored.pending_stamp = pending;
  stored.has_text = stored.has_embedding = record.has_value();
  return stored;
}

HeldPoint Held(Stamp stamp, bool is_tombstone = false) {
  HeldPoint point;
  point.stamp = stamp;
  point.is_tombstone = is_tombstone;
  return point;
}

Verdict Compare(const std::optional<StoredId>& stored,
                const std::optional<HeldPoint>& point,
                LostStamps lost = {}) {
  const ReconcilePage::Side side{stored.has_value() ? &*stored : nullptr,
                                 point.has_value() ? &*point : nullptr};
  return side.Compare(lost);
}

TEST(ReconcilePageTest, SaysWhatTheTwoSidesOfAnIdMean) {
  EXPECT_EQ(Compare(Stored(7, {}), Held(7)), Verdict::kCompareContents);
  EXPECT_EQ(Compare(Stored(7, {}), {}), Verdict::kMissing);
  EXPECT_EQ(Compare(Stored(7, {}), Held(7, /*is_tombstone=*/true)), Verdict::kMissing);
  EXPECT_EQ(Compare(Stored(7, {}), Held(6)), Verdict::kStale);
  EXPECT_EQ(Compare(Stored(7, {}), Held(8)), Verdict::kStale);
  EXPECT_EQ(Compare({}, Held(7)), Verdict::kForeign);
  EXPECT_EQ(Compare({}, Held(7, /*is_tombstone=*/true)), Verdict::kEqual);
  StoredId without_text = Stored(7, {});
  without_text.has_text = without_text.has_embedding = false;
  EXPECT_EQ(Compare(without_text, {}), Verdict::kEqual);
  EXPECT_EQ(Compare(without_text, Held(7)), Verdict::kForeign);
  StoredId without_embedding = Stored(7, {});
  without_embedding.has_embedding = false;
  EXPECT_EQ(Compare(without_embedding, Held(7)), Verdict::kMissing);
}

TEST(ReconcilePageTest, LetsAPendingRowStandForItsDifferenceUnlessTheIndexIsAhead) {
  EXPECT_EQ(Compare(Stored(7, 9), {}), Verdict::kUnderWay);
  EXPECT_EQ(Compare(Stored(7, 9), Held(7)), Verdict::kUnderWay);
  EXPECT_EQ(Compare(Stored(7, 9), Held(9)), Verdict::kEqual);
  EXPECT_EQ(Compare(Stored({}, 9), Held(9)), Verdict::kEqual);  // A strict creation.
  EXPECT_EQ(Compare(Stored(7, 9), Held(10)), Verdict::kStale);
  EXPECT_EQ(Compare(Stored(7, 9), Held(9), LostStamps{8, kLostUntil}), Verdict::kStale);
  EXPECT_EQ(Compare(Stored(7, 99), Held(99), LostStamps{8, kLostUntil}), Verdict::kEqual);
}

TEST(ReconcilePageTest, TellsReadingsApartBetweenWhichAWriteCame) {
  const StoredId before = Stored(7, {}), pending = Stored(7, 9), after = Stored(9, {});
  const HeldPoint old_point = Held(7), new_point = Held(9), tombstone = Held(9, true);
  const auto stamps = [](const StoredId* stored, const HeldPoint* point) {
    return ReconcilePage::StampsOf({stored, point});
  };
  const ReconcilePage::Stamps first = stamps(&before, &old_point);
  EXPECT_EQ(first, stamps(&before, &old_point));
  for (const StoredId* stored : {static_cast<const StoredId*>(nullptr), &pending, &after}) {
    EXPECT_NE(first, stamps(stored, &old_point));
  }
  EXPECT_NE(first, stamps(&before, nullptr));
  EXPECT_NE(first, stamps(&before, &new_point));
  EXPECT_NE(stamps(nullptr, &new_point), stamps(nullptr, &tombstone));
}

}  // namespace
}  // namespace datastorage
