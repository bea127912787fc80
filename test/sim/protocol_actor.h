// What ProtocolPath knows of those who act, and of the stamps that they drew.
#pragma once

#include <cstdint>
#include <optional>
#include <set>

#include "domain/vector_set.h"

namespace datastorage::test {

struct ProtocolRequest {
  Stamp stamp = 0;
  std::uint64_t content = 0;
  bool is_delivered = false;  // Since it was sent; it may be delivered again.
};

struct ProtocolActor {
  enum class Place : std::uint8_t {
    kOutside,      // Nothing committed.
    kRelay,        // Sends, fences or stores what others wrote.
    kIntended,     // After T0.
    kCommitted,    // After T1 or T1'.
    kAborted,      // After its abort.
    kOutcomeOpen,  // Said "unknown", or crashed; one commit may come yet.
    kGivenUp,      // Said "rolled back": its intent may come and go, but nothing takes it up.
    kDone,         // Has answered.
  };
  Place place = Place::kOutside;
  Stamp st = 0;             // Of its commit.
  std::uint64_t text = 0;   // Of its intent.
  std::set<Stamp> intents;  // Of its T0, which is sent again when its answer is lost.
  std::optional<ProtocolRequest> request;
  Stamp answered_stamp = 0;
  bool is_crashed = false;
  bool has_ended = false;  // Crashed, and the commit that was under way has come.

  // Also one that crashed before anything of it was seen.
  bool MayRelay() const {
    return place == Place::kOutside || place == Place::kRelay ||
           (is_crashed && place == Place::kOutcomeOpen && intents.empty());
  }
  // Neither given up nor answered.
  bool IsAtWork() const {
    return place == Place::kOutside || place == Place::kRelay || place == Place::kIntended ||
           place == Place::kCommitted;
  }
};

// What a stamp stands for: one stamp, one content.
struct ProtocolStamp {
  std::uint64_t content = 0;
  bool was_due = false;           // A relay may have leased it.
  bool was_read = false;          // The record carried it.
  bool may_be_tombstone = false;  // Leased, and no record was there then or later.
};

}  // namespace datastorage::test
