// Filter: a tree that says which records are wanted. Two-valued: an absent member
// equals nothing, lies in no range and has no prefix, and `not` is the complement.
// Matches() is the reference that every compiler of filters is tested against.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "domain/member.h"

namespace datastorage {

enum class FilterOp : std::uint8_t {
  kAnd,     // All children; everything when there are none.
  kOr,      // Any child; nothing when there are none.
  kNot,     // Not its one child.
  kAnyOf,   // `member` equals one of `values`.
  kRange,   // `member` lies within `lower` and `upper`; at least one is given.
  kPrefix,  // `member`, a text, begins with `text`.
  kPath,    // A metadata scalar at path `text` has one of the text forms in `values`.
};

struct FilterBound {
  MemberValue value;
  bool is_inclusive = true;
};

// A value. The default one matches everything.
struct Filter {
  FilterOp op = FilterOp::kAnd;
  std::vector<Filter> children;
  Member member = Member::kId;
  std::vector<MemberValue> values;  // kPath: strings.
  std::optional<FilterBound> lower;
  std::optional<FilterBound> upper;
  std::string text;

  static Filter And(std::vector<Filter> children);
  static Filter Or(std::vector<Filter> children);
  static Filter Not(Filter child);
  static Filter AnyOf(Member member, std::vector<MemberValue> values);
  static Filter Equals(Member member, MemberValue value);
  static Filter Range(Member member,
                      std::optional<FilterBound> lower,
                      std::optional<FilterBound> upper);
  static Filter Prefix(Member member, std::string text);
  // `path` is joined by dots and does not begin with "metadata.".
  static Filter Path(std::string path, std::vector<std::string> texts);

  bool IsEverything() const { return op == FilterOp::kAnd && children.empty(); }
};

bool Matches(const Filter& filter, const FilterMembers& members);

// The tree as one line; equal for filters that differ only in the order of
// any-of values. For cursors, logs of tests and nothing else.
std::string CanonicalText(const Filter& filter);

// -1, 0 or 1. REQUIRES: both hold the same alternative.
int Compare(const MemberValue& a, const MemberValue& b);

// A filter that matches whatever `filter` matches, made only of leaves that
// `can_decide` accepts; `is_exact` says whether it matches nothing more.
struct WidenedFilter {
  Filter filter;
  bool is_exact = true;
};
WidenedFilter Widen(const Filter& filter, bool (*can_decide)(const Filter& leaf));

}  // namespace datastorage
