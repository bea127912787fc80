// Mutants of the engine, for the simulator and for runs on real servers, which must catch each: a
// mutant takes one guard of the protocol away. Only a second build of this folder for tests has
// them; elsewhere DS_MUTANT is false and costs nothing.
#pragma once

#ifdef DS_ENGINE_MUTANTS

#include <cstdint>

namespace datastorage {

enum class EngineMutant : std::uint8_t {
  kNone,
  kOriginalOrder,     // The vector is sent before the record is committed.
  kEarlySettle,       // T2 does not wait until searches see the write.
  kSyncedUnanswered,  // `synced` is said whatever the index answered.
  kLostIsFailed,      // A commit without an answer is reported as failed.
  kIndexFirst,        // A search reads the index before what is pending or unapplied.
  kLeavesEarly,       // A caller that gives up takes its unapplied entry away.
  kNeverEnters,       // No unapplied entry is made.
  kSettlesUnsent,     // The relay settles rows whatever the index answered.
  kSerialIds,         // An id is given out again until its record is committed.
};
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a test sets it.
inline EngineMutant engine_mutant = EngineMutant::kNone;

}  // namespace datastorage

#define DS_MUTANT(name) (::datastorage::engine_mutant == ::datastorage::EngineMutant::name)
#else
#define DS_MUTANT(name) false
#endif
