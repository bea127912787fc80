#include "engine/cursor.h"

#include <gtest/gtest.h>

namespace datastorage {
namespace {

constexpr std::string_view kSecret = "0123456789abcdef0123456789abcdef";

Cursor ACursor(std::optional<MemberValue> value) {
  Cursor cursor;
  cursor.scope = CursorScope({});
  cursor.now = WallTime(Duration(1'700'000'000'123'456));
  cursor.position = {std::move(value), SystemUuidSource().MakeVersion7()};
  return cursor;
}

TEST(Cursor, RoundTripsEveryTypeOfSortValue) {
  const std::vector<std::optional<MemberValue>> values{std::nullopt,
                                                       MemberValue(std::string("a\0b\xC3\xA9", 5)),
                                                       MemberValue(std::string()),
                                                       MemberValue(std::int64_t{-7}),
                                                       MemberValue(0.1),
                                                       MemberValue(true),
                                                       MemberValue(WallTime(Duration(-1)))};
  for (const auto& value : values) {
    const Cursor cursor = ACursor(value);
    const Result<Cursor> decoded = DecodeCursor(EncodeCursor(cursor, kSecret), kSecret);
    ASSERT_TRUE(decoded.has_value());
    EXPECT_EQ(decoded->now, cursor.now);
    EXPECT_EQ(decoded->position.id, cursor.position.id);
    EXPECT_EQ(decoded->position.value, cursor.position.value);
  }
}

TEST(Cursor, RefusesEveryChangeOfOneCharacter) {
  const std::string text = EncodeCursor(ACursor(MemberValue(std::string("x"))), kSecret);
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = changed[i] == '0' ? '1' : '0';
    EXPECT_FALSE(DecodeCursor(changed, kSecret).has_value()) << i;
  }
  EXPECT_FALSE(DecodeCursor(text.substr(0, text.size() - 2), kSecret).has_value());
  EXPECT_FALSE(DecodeCursor("", kSecret).has_value());
  EXPECT_FALSE(DecodeCursor("not hex at all", kSecret).has_value());
}

TEST(Cursor, RefusesOneSignedWithAnotherSecret) {
  const std::string text = EncodeCursor(ACursor(std::nullopt), "another secret");
  EXPECT_FALSE(DecodeCursor(text, kSecret).has_value());
}

TEST(CursorScope, DependsOnKindFilterAndSortButNotOnTheOrderOfAnyOf) {
  ListQuery query;
  query.filter = Filter::AnyOf(Member::kPhase, {std::string("failed"), std::string("pending")});
  ListQuery reordered = query;
  reordered.filter = Filter::AnyOf(Member::kPhase, {std::string("pending"), std::string("failed")});
  EXPECT_EQ(CursorScope(query), CursorScope(reordered));

  ListQuery other_kind = query;
  other_kind.kind = RecordKind::kWorkflow;
  EXPECT_NE(CursorScope(query), CursorScope(other_kind));
  ListQuery other_sort = query;
  other_sort.sort.is_descending = false;
  EXPECT_NE(CursorScope(query), CursorScope(other_sort));
  ListQuery other_filter = query;
  other_filter.filter = Filter::Not(query.filter);
  EXPECT_NE(CursorScope(query), CursorScope(other_filter));
}

}  // namespace
}  // namespace datastorage
