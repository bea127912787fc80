// Random record bodies from a seed: every member of every kind, present or absent, from small sets
// of values that are awkward to compare (case, accents, quotes, prefixes of each other, empty).
#pragma once

#include <optional>
#include <random>
#include <string>

#include "domain/records.h"

namespace datastorage {

class RandomRecords {
 public:
  explicit RandomRecords(std::uint64_t seed) : random_(seed) {}

  // 0 … count - 1.
  std::size_t Below(std::size_t count);
  bool Chance(int percent) { return Below(100) < static_cast<std::size_t>(percent); }

  RecordBody Body(RecordKind kind, const std::string& natural_key);
  RecordKind Kind() { return static_cast<RecordKind>(Below(kRecordKindCount)); }
  std::string Text();
  std::int64_t Integer();
  double Number();
  WallTime Time();
  std::string Metadata();
  Uuid Id();

 private:
  std::optional<std::string> MaybeText();
  std::optional<std::int64_t> MaybeInteger();
  std::optional<WallTime> MaybeTime();
  std::string MetadataValue(int depth);
  template <class OneKind>
  void FillCommon(OneKind& body);

  std::mt19937_64 random_;
};

}  // namespace datastorage
