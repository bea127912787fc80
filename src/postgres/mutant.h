// Mutants of the store over PostgreSQL, for runs on real servers, which must catch each: a mutant
// takes a guard away that no statement holds but the code. Only a second build of this folder for
// tests has them; elsewhere DS_STORE_MUTANT is false and costs nothing.
#pragma once

#ifdef DS_STORE_MUTANTS

#include <cstdint>

namespace datastorage::postgres {

enum class StoreMutant : std::uint8_t {
  kNone,
  kNoFence,             // A strict creation commits though its intent was taken away.
  kUnguardedEmbedding,  // An embedding is stored whatever text it is of.
};
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a test sets it.
inline StoreMutant store_mutant = StoreMutant::kNone;

}  // namespace datastorage::postgres

#define DS_STORE_MUTANT(name) \
  (::datastorage::postgres::store_mutant == ::datastorage::postgres::StoreMutant::name)
#else
#define DS_STORE_MUTANT(name) false
#endif
