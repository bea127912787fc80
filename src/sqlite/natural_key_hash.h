// What stays of an erased record's natural key: enough to refuse its reuse, not enough to read it.
#pragma once

#include <string_view>

#include "base/sha256.h"
#include "domain/records.h"

namespace datastorage::sqlite {

inline Sha256 NaturalKeyHash(RecordKind kind, std::string_view key) {
  return Sha256Of({"natural key", NameOf(kind), key});
}

}  // namespace datastorage::sqlite
