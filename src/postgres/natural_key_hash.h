// What stays of an erased record's natural key: enough to refuse its reuse, not enough to read it.
#pragma once

#include <string_view>

#include "base/sha256.h"

namespace datastorage::postgres {

// `kind` is the kind's name.
inline Sha256 NaturalKeyHash(std::string_view kind, std::string_view key) {
  return Sha256Of({"natural key", kind, key});
}

}  // namespace datastorage::postgres
