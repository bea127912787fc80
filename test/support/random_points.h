// Random points of a vector index and random filters over them, from a seed. Values come from
// small sets, so that filters pass some points and not others.
#pragma once

#include <random>

#include "domain/filter.h"
#include "ports/vector_index.h"

namespace datastorage {

class RandomPoints {
 public:
  explicit RandomPoints(std::uint64_t seed) : random_(seed) {}

  // 0 … count - 1.
  std::size_t Below(std::size_t count);
  Embedding Unit();
  // A unit vector whose cosine to `center` is about `cosine`.
  Embedding Near(const Embedding& center, double cosine);
  RecordId Id();
  // About half of all members, of every type, long texts and metadata too; kId names `id`.
  FilterMembers Members(RecordId id);
  VectorWrite Point(Stamp stamp);
  // Of every operation; `ids` are what leaves on kId ask for.
  Filter AFilter(const std::vector<RecordId>& ids, int depth_max = 3);

 private:
  MemberValue Value(Member member, const std::vector<RecordId>& ids);
  Filter Leaf(const std::vector<RecordId>& ids);

  std::mt19937_64 random_;
};

}  // namespace datastorage
