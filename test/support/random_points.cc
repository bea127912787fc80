#include "support/random_points.h"

#include <cmath>

namespace datastorage {
namespace {

constexpr std::array<const char*, 8> kTexts{
    "", "prod", "production", "staging", "a", "\xc3\xa9t\xc3\xa9", "OOMKilled", "zzz"};

}  // namespace

std::size_t RandomPoints::Below(std::size_t count) {
  return std::uniform_int_distribution<std::size_t>(0, count - 1)(random_);
}

Embedding RandomPoints::Unit() {
  std::normal_distribution<float> normal;
  Embedding vector;
  for (float& component : vector) component = normal(random_);
  Normalize(vector);
  return vector;
}

Embedding RandomPoints::Near(const Embedding& center, double cosine) {
  Embedding vector = Unit();
  const auto toward = static_cast<float>(cosine);
  const auto away = static_cast<float>(std::sqrt(1 - cosine * cosine));
  for (std::size_t d = 0; d < vector.size(); ++d) {
    vector[d] = toward * center[d] + away * vector[d];
  }
  Normalize(vector);
  return vector;
}

RecordId RandomPoints::Id() {
  RecordId id;
  for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(Below(256));
  return id;
}

MemberValue RandomPoints::Value(Member member, const std::vector<RecordId>& ids) {
  if (member == Member::kId) return ids[Below(ids.size())].ToString();
  constexpr std::array<double, 6> kNumbers{-1.5, -0.0, 0.0, 0.25, 0.5, 1e300};
  const auto step = static_cast<std::int64_t>(Below(8)) - 2;
  switch (Describe(member).type) {
    case MemberType::kText: return std::string(kTexts[Below(kTexts.size())]);
    case MemberType::kInteger: return step;
    case MemberType::kNumber: return kNumbers[Below(kNumbers.size())];
    case MemberType::kBoolean: return Below(2) == 0;
    case MemberType::kTime: return WallTime(Duration(step * 1'000'000));
  }
  return {};
}

FilterMembers RandomPoints::Members(RecordId id) {
  FilterMembers members;
  for (int m = 0; m < kMemberCount; ++m) {
    const auto member = static_cast<Member>(m);
    if (member == Member::kVector || Below(2) == 0) continue;
    members.values.emplace_back(member, Value(member, {id}));
  }
  if (Below(2) == 0) members.metadata.push_back({"team.name", kTexts[Below(kTexts.size())]});
  return members;
}

VectorWrite RandomPoints::Point(Stamp stamp) {
  VectorWrite write;
  write.id = Id();
  write.stamp = stamp;
  write.embedding = Unit();
  write.members = Members(write.id);
  return write;
}

Filter RandomPoints::Leaf(const std::vector<RecordId>& ids) {
  if (Below(16) == 0) return Filter::Path("team.name", {kTexts[Below(kTexts.size())]});
  const auto member = static_cast<Member>(Below(kMemberCount));
  const bool is_text = Describe(member).type == MemberType::kText;
  const std::size_t shape = Below(is_text ? 6 : 4);
  if (shape == 0) return Filter::Equals(member, Value(member, ids));
  if (shape == 1) {
    std::vector<MemberValue> values;
    for (std::size_t i = Below(4); i > 0; --i) values.push_back(Value(member, ids));
    return Filter::AnyOf(member, std::move(values));
  }
  if (shape < 4) {
    std::optional<FilterBound> lower;
    std::optional<FilterBound> upper;
    const std::size_t which = Below(3);
    if (which != 0) lower = FilterBound{Value(member, ids), Below(2) == 0};
    if (which != 1) upper = FilterBound{Value(member, ids), Below(2) == 0};
    return Filter::Range(member, std::move(lower), std::move(upper));
  }
  std::string prefix = std::get<std::string>(Value(member, ids));
  prefix.resize(Below(prefix.size() + 1));
  return Filter::Prefix(member, std::move(prefix));
}

Filter RandomPoints::AFilter(const std::vector<RecordId>& ids, int depth_max) {
  if (depth_max == 0 || Below(4) == 0) return Leaf(ids);
  if (Below(4) == 0) return Filter::Not(AFilter(ids, depth_max - 1));
  std::vector<Filter> children;
  const std::size_t child_count = Below(12) == 0 ? 0 : 1 + Below(3);
  while (children.size() < child_count) children.push_back(AFilter(ids, depth_max - 1));
  return Below(2) == 0 ? Filter::And(std::move(children)) : Filter::Or(std::move(children));
}

}  // namespace datastorage
