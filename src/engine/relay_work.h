// A row on its way through Relay, and what kept it from being done with. Included by relay.cc only.
#pragma once

#include <optional>
#include <string>

#include "engine/relay.h"

namespace datastorage {

// A leased row on its way.
struct Relay::Work {
  PendingVector row;
  bool is_found = false;            // There is a record; else a tombstone is due.
  std::optional<std::string> text;  // Of a record without an embedding: what is to be embedded.
  std::optional<Embedding> embedding;
  std::optional<ApplyResult> result;
  std::optional<ErrorCode> failure;  // Of the index.
  bool is_given_back = false;
  bool is_whole = false;  // Record and vector were written together; the row went with it.
};

// What kept a row from being done with.
struct Relay::Failure {
  ErrorCode code;
  PendingReason reason;
  bool is_spared = false;  // A breaker decides when the next attempt is made.
};

}  // namespace datastorage
