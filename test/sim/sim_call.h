// What is said of a simulated call to a server, and of its faults.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/uuid.h"

namespace datastorage {

// Chances in a thousand calls.
struct SimFaults {
  int unavailable = 0;
  int request_lost = 0;
  int answer_lost = 0;
  int delayed = 0;
  int repeated = 0;  // Of calls that may be.
  int slow = 0;
  int interleaved = 0;  // Of batches of a vector store.
  int apart = 300;  // Served while the caller may give up or crash. 0: in the caller's own process.
  Duration delay_most = std::chrono::minutes(10);     // Of delayed and repeated calls.
  Duration slow_most = std::chrono::seconds(10);      // Of slow ones.
  Duration patience_most = std::chrono::seconds(60);  // Until a silent connection breaks.

  static SimFaults EachOf(int per_thousand);
};

// One kind of call. The texts outlive the runtime.
struct SimCall {
  std::string_view begins;         // Where the caller yields before it,
  std::string_view ends;           // and after.
  std::vector<std::string> steps;  // Counted as "<the runtime's step>/<each>".
  bool is_repeatable = false;      // Arriving twice is part of the protocol.
  bool is_commit = false;          // Unanswered: kOutcomeUnknown.
  std::vector<Uuid> marks{};       // By which it is found while under way.
};

// A call that is served apart from its caller.
struct SimMessage {
  std::vector<Uuid> marks;
  SteadyTime due_at;
  bool has_begun = false;
  bool is_cancelled = false;
  bool is_done = false;
};

}  // namespace datastorage
