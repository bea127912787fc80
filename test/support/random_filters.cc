#include "support/random_filters.h"

namespace datastorage {

Filter RandomFilters::Next(int depth_max) {
  const std::size_t form = depth_max > 0 ? values_.Below(6) : 5;
  if (form == 0) return Filter::Not(Next(depth_max - 1));
  if (form > 2) return Leaf();
  std::vector<Filter> children(values_.Below(4));
  for (Filter& child : children) child = Next(depth_max - 1);
  return form == 1 ? Filter::And(std::move(children)) : Filter::Or(std::move(children));
}

Filter RandomFilters::Leaf() {
  const std::size_t form = values_.Below(10);
  if (form == 0) return PathLeaf();
  if (form < 3) return PrefixLeaf();
  const Member member = AnyMember();
  if (form < 6) {
    std::vector<MemberValue> wanted;
    for (std::size_t count = values_.Below(4); count > 0; --count) {
      wanted.push_back(ValueFor(member));
    }
    return Filter::AnyOf(member, std::move(wanted));
  }
  std::optional<FilterBound> lower;
  std::optional<FilterBound> upper;
  const std::size_t bounds = values_.Below(3);
  if (bounds != 0) lower = FilterBound{ValueFor(member), values_.Chance(50)};
  if (bounds != 1) upper = FilterBound{ValueFor(member), values_.Chance(50)};
  return Filter::Range(member, std::move(lower), std::move(upper));
}

Filter RandomFilters::PathLeaf() {
  std::string path = "team";
  std::vector<std::string> texts{values_.Text(), "1"};
  const FilterMembers& record = known_[values_.Below(known_.size())];
  if (!record.metadata.empty()) {
    const MetadataScalar& scalar = record.metadata[values_.Below(record.metadata.size())];
    path = scalar.path;
    if (values_.Chance(70)) texts.push_back(scalar.text);
  }
  if (values_.Chance(10)) texts.clear();
  return Filter::Path(std::move(path), std::move(texts));
}

Filter RandomFilters::PrefixLeaf() {
  Member member = AnyMember();
  while (Describe(member).type != MemberType::kText) member = AnyMember();
  std::string text = TextFor(member);
  if (!text.empty() && values_.Chance(60)) text.resize(values_.Below(text.size() + 1));
  return Filter::Prefix(member, std::move(text));
}

std::string RandomFilters::TextFor(Member member) {
  if (values_.Chance(60)) {
    const MemberValue* found = known_[values_.Below(known_.size())].Find(member);
    if (found != nullptr) return std::get<std::string>(*found);
  }
  return values_.Text();
}

MemberValue RandomFilters::ValueFor(Member member) {
  const MemberType type = Describe(member).type;
  if (type == MemberType::kText) return TextFor(member);
  if (values_.Chance(60)) {
    const MemberValue* found = known_[values_.Below(known_.size())].Find(member);
    if (found != nullptr) return *found;
  }
  switch (type) {
    case MemberType::kInteger: return values_.Integer();
    case MemberType::kNumber: return values_.Number();
    case MemberType::kBoolean: return values_.Chance(50);
    case MemberType::kTime: return values_.Time();
    case MemberType::kText: break;
  }
  return std::string();
}

}  // namespace datastorage
