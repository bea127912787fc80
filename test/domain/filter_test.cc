#include "domain/filter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

namespace datastorage {
namespace {

FilterMembers Sample() {
  FilterMembers members;
  members.values = {{Member::kName, std::string("web-1")},
                    {Member::kStartTime, WallTime(Duration(1'000))},
                    {Member::kDuration, std::int64_t{50}},
                    {Member::kConfidenceScore, 0.5},
                    {Member::kSuccess, true}};
  members.metadata = {{"team", "payments"}, {"tags", "a"}, {"tags", "b"}, {"n", "1"}};
  return members;
}

FilterBound Inclusive(MemberValue value) {
  return {std::move(value), true};
}
FilterBound Exclusive(MemberValue value) {
  return {std::move(value), false};
}

Filter DurationRange(std::optional<FilterBound> lower, std::optional<FilterBound> upper) {
  return Filter::Range(Member::kDuration, std::move(lower), std::move(upper));
}

struct LeafCase {
  const char* name;
  Filter filter;
  bool matches;
};

TEST(Filter, LeavesMatch) {
  const auto number = [](std::int64_t value) { return MemberValue(value); };
  const std::vector<LeafCase> cases{
      {"equal", Filter::Equals(Member::kName, std::string("web-1")), true},
      {"case counts", Filter::Equals(Member::kName, std::string("Web-1")), false},
      {"any of", Filter::AnyOf(Member::kName, {std::string("x"), std::string("web-1")}), true},
      {"none of", Filter::AnyOf(Member::kName, {}), false},
      {"absent equals nothing", Filter::Equals(Member::kActor, std::string("")), false},
      {"boolean", Filter::Equals(Member::kSuccess, true), true},
      {"other boolean", Filter::Equals(Member::kSuccess, false), false},
      {"number", Filter::Equals(Member::kConfidenceScore, 0.5), true},
      {"time", Filter::Equals(Member::kStartTime, WallTime(Duration(1'000))), true},
      {"prefix", Filter::Prefix(Member::kName, "web-"), true},
      {"whole as prefix", Filter::Prefix(Member::kName, "web-1"), true},
      {"longer prefix", Filter::Prefix(Member::kName, "web-12"), false},
      {"empty prefix of a present one", Filter::Prefix(Member::kName, ""), true},
      {"empty prefix of an absent one", Filter::Prefix(Member::kActor, ""), false},
      {"at the lower bound", DurationRange(Inclusive(number(50)), std::nullopt), true},
      {"beyond the lower bound", DurationRange(Exclusive(number(50)), std::nullopt), false},
      {"at the upper bound", DurationRange(std::nullopt, Inclusive(number(50))), true},
      {"beyond the upper bound", DurationRange(std::nullopt, Exclusive(number(50))), false},
      {"between", DurationRange(Exclusive(number(49)), Exclusive(number(51))), true},
      {"empty range", DurationRange(Inclusive(number(60)), Inclusive(number(40))), false},
      {"range of an absent one",
       Filter::Range(Member::kTokensUsed, Inclusive(number(0)), std::nullopt),
       false},
      {"path", Filter::Path("team", {"payments"}), true},
      {"path, other value", Filter::Path("team", {"search"}), false},
      {"path, part of a name", Filter::Path("tea", {"payments"}), false},
      {"path, second element", Filter::Path("tags", {"x", "b"}), true},
      {"path, absent", Filter::Path("nothing", {""}), false},
      {"everything", Filter::And({}), true},
      {"nothing", Filter::Or({}), false},
  };
  for (const LeafCase& c : cases) {
    EXPECT_EQ(Matches(c.filter, Sample()), c.matches) << c.name;
    EXPECT_EQ(Matches(Filter::Not(c.filter), Sample()), !c.matches) << "not " << c.name;
  }
}

TEST(Filter, ComparesTextByBytes) {
  EXPECT_EQ(Compare(std::string("a"), std::string("b")), -1);
  EXPECT_EQ(Compare(std::string("Z"), std::string("a")), -1);
  EXPECT_EQ(Compare(std::string("z"), std::string("é")), -1);
  EXPECT_EQ(Compare(std::string("a"), std::string("a")), 0);
  EXPECT_EQ(Compare(false, true), -1);
  EXPECT_EQ(Compare(-0.0, 0.0), 0);
  EXPECT_EQ(Compare(std::int64_t{2}, std::int64_t{1}), 1);
}

// Small domains, so that leaves match about as often as not.
class RandomFilter {
 public:
  explicit RandomFilter(unsigned seed) : random_(seed) {}

  Filter Make(int depth) {
    switch (Below(depth > 0 ? 7 : 4)) {
      case 0: return Filter::AnyOf(Member::kName, {Name(), Name()});
      case 1: return Range();
      case 2: return Filter::Prefix(Member::kName, Name().substr(0, 1));
      case 3: return Filter::Path("team", {Name()});
      case 4: return Filter::Not(Make(depth - 1));
      case 5: return Filter::And({Make(depth - 1), Make(depth - 1)});
      default: return Filter::Or({Make(depth - 1), Make(depth - 1)});
    }
  }

  FilterMembers Members() {
    FilterMembers members;
    if (Below(4) > 0) members.values.emplace_back(Member::kName, Name());
    if (Below(4) > 0) members.values.emplace_back(Member::kDuration, std::int64_t{Below(6)});
    if (Below(4) > 0) members.metadata.push_back({"team", Name()});
    return members;
  }

 private:
  int Below(int bound) { return std::uniform_int_distribution<int>(0, bound - 1)(random_); }
  std::string Name() {
    return std::array{"a", "ab", "b", "bc"}[static_cast<std::size_t>(Below(4))];
  }
  Filter Range() {
    const FilterBound low{std::int64_t{Below(6)}, Below(2) == 0};
    const FilterBound high{std::int64_t{Below(6)}, Below(2) == 0};
    const int shape = Below(3);
    if (shape == 0) return DurationRange(low, std::nullopt);
    if (shape == 1) return DurationRange(std::nullopt, high);
    return DurationRange(low, high);
  }

  std::mt19937 random_;
};

TEST(Filter, ObeysTheLawsOfLogic) {
  int matched = 0;
  for (unsigned seed = 0; seed < 20'000; ++seed) {
    RandomFilter random(seed);
    const Filter a = random.Make(3);
    const Filter b = random.Make(3);
    const FilterMembers members = random.Members();
    const bool is_a = Matches(a, members);
    const bool is_b = Matches(b, members);
    ASSERT_EQ(Matches(Filter::Not(a), members), !is_a) << seed;
    ASSERT_EQ(Matches(Filter::And({a, b}), members), is_a && is_b) << seed;
    ASSERT_EQ(Matches(Filter::Or({a, b}), members), is_a || is_b) << seed;
    matched += is_a ? 1 : 0;
  }
  EXPECT_GT(matched, 4'000);
  EXPECT_LT(matched, 16'000);
}

bool IsByName(const Filter& leaf) {
  return leaf.op != FilterOp::kPath && leaf.member == Member::kName;
}
bool IsAnything(const Filter&) {
  return true;
}
bool IsNothing(const Filter&) {
  return false;
}

bool HasOnly(const Filter& filter, bool (*can_decide)(const Filter&)) {
  if (filter.op != FilterOp::kAnd && filter.op != FilterOp::kOr && filter.op != FilterOp::kNot) {
    return can_decide(filter);
  }
  return std::all_of(filter.children.begin(), filter.children.end(), [&](const Filter& child) {
    return HasOnly(child, can_decide);
  });
}

TEST(Widen, MatchesNoLessAndNoMoreWhenExact) {
  int inexact = 0;
  for (unsigned seed = 0; seed < 20'000; ++seed) {
    RandomFilter random(seed);
    const Filter filter = random.Make(4);
    const WidenedFilter widened = Widen(filter, IsByName);
    ASSERT_TRUE(HasOnly(widened.filter, IsByName)) << seed;
    ASSERT_EQ(widened.is_exact, HasOnly(filter, IsByName)) << seed;
    inexact += widened.is_exact ? 0 : 1;
    for (int i = 0; i < 5; ++i) {
      const FilterMembers members = random.Members();
      const bool is_kept = Matches(widened.filter, members);
      if (Matches(filter, members)) {
        ASSERT_TRUE(is_kept) << seed;
      }
      if (widened.is_exact) {
        ASSERT_EQ(is_kept, Matches(filter, members)) << seed;
      }
    }
  }
  EXPECT_GT(inexact, 5'000);
}

TEST(Widen, KeepsAllOrTellsNothing) {
  const Filter filter = Filter::Not(Filter::Equals(Member::kName, std::string("a")));
  EXPECT_EQ(CanonicalText(Widen(filter, IsAnything).filter), CanonicalText(filter));
  EXPECT_TRUE(Matches(Widen(filter, IsNothing).filter, Sample()));
  EXPECT_TRUE(Matches(Widen(filter.children[0], IsNothing).filter, Sample()));
}

TEST(CanonicalText, IgnoresOnlyTheOrderOfValues) {
  const std::string a = "a";
  const std::string b = "b";
  EXPECT_EQ(CanonicalText(Filter::AnyOf(Member::kName, {a, b})),
            CanonicalText(Filter::AnyOf(Member::kName, {b, a})));
  const std::vector<Filter> different{
      Filter::And({}),
      Filter::Or({}),
      Filter::AnyOf(Member::kName, {a, b}),
      Filter::AnyOf(Member::kName, {std::string("a,b")}),
      Filter::AnyOf(Member::kName, {a}),
      Filter::AnyOf(Member::kActor, {a}),
      Filter::Prefix(Member::kName, "a"),
      Filter::Path("a", {"b"}),
      Filter::Path("b", {"a"}),
      Filter::Not(Filter::AnyOf(Member::kName, {a})),
      Filter::And({Filter::Equals(Member::kName, a), Filter::Equals(Member::kName, b)}),
      Filter::And({Filter::Equals(Member::kName, b), Filter::Equals(Member::kName, a)}),
      DurationRange(Inclusive(std::int64_t{1}), std::nullopt),
      DurationRange(Exclusive(std::int64_t{1}), std::nullopt),
      DurationRange(std::nullopt, Inclusive(std::int64_t{1})),
      Filter::Range(Member::kConfidenceScore, Inclusive(1.0), std::nullopt),
      Filter::Equals(Member::kConfidenceScore, 0.1),
      Filter::Equals(Member::kConfidenceScore, 0.1 + 1e-17 + 1e-16),
      Filter::Equals(Member::kSuccess, true),
      Filter::Equals(Member::kSuccess, false),
  };
  for (std::size_t i = 0; i < different.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_NE(CanonicalText(different[i]), CanonicalText(different[j])) << i << " and " << j;
    }
  }
}

}  // namespace
}  // namespace datastorage
