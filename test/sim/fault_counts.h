// FaultCounts: how often each kind of fault met each step, so that a step that no fault ever met
// cannot pass for one that withstood them all.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace datastorage {

enum class FaultKind : std::uint8_t {
  kNone,         // The step was reached, faults or not.
  kUnavailable,  // Refused before anything happened.
  kRequestLost,  // Never arrived; the caller does not know.
  kAnswerLost,   // Done; the caller does not know.
  kDelayed,      // Done late, perhaps after the caller gave up or crashed.
  kRepeated,     // Done again later.
  kSlow,         // Done, and answered, late.
  kInterleaved,  // Done in parts, with other things between.
  kRefused,      // One item alone was refused.
  kCrash,        // The caller's process crashed here.
  kRestart,
  kWiped,
  kPutBack,
};
std::string_view NameOf(FaultKind kind);

class FaultCounts {
 public:
  void Add(FaultKind kind, std::string_view step);
  void Add(const FaultCounts& other);
  std::uint64_t Of(FaultKind kind, std::string_view step) const;
  std::uint64_t Of(FaultKind kind) const;
  // A line a step, a column a kind.
  std::string Table() const;

 private:
  std::map<std::string, std::map<FaultKind, std::uint64_t>, std::less<>> counts_;
};

}  // namespace datastorage
