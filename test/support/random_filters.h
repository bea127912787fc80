// Random filters from a seed, over the values of given records: of every operation, on every
// member, with values that match, nearly match, or cannot match.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "domain/filter.h"
#include "support/random_records.h"

namespace datastorage {

class RandomFilters {
 public:
  RandomFilters(std::uint64_t seed, std::vector<FilterMembers> known)
      : values_(seed), known_(std::move(known)) {}

  // Of at most `depth_max` levels of branches.
  Filter Next(int depth_max = 3);

 private:
  Filter Leaf();
  Filter PathLeaf();
  Filter PrefixLeaf();
  Member AnyMember() { return static_cast<Member>(values_.Below(kMemberCount)); }
  MemberValue ValueFor(Member member);
  std::string TextFor(Member member);

  RandomRecords values_;
  std::vector<FilterMembers> known_;
};

}  // namespace datastorage
