// ProtocolEvent: one step of the write protocol as seen from outside, about one record in one
// vector set. A simulated or recorded run writes them down in order, ProtocolPath judges the order.
// The text form is that of model/write.pml under -DTRACE, so that the model's runs can be judged
// too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/vector_set.h"

namespace datastorage::test {

enum class ProtocolEventKind : std::uint8_t {
  // Commits of the record store, at the moment at which they become visible.
  kBeginIntent,     // stamp, text, content: what T1' is going to commit.
  kCreate,          // stamp, text, content. A due row with it.
  kUpdate,          // stamp, text, content. A due row with it.
  kErase,           // stamp. A due row with it.
  kConsumeIntent,   // stamp: the intent's. T1' of a strict creation.
  kAbortIntent,     // stamp: the fresh one. By the intent's own writer.
  kFence,           // stamp: the fresh one. By a relay that ends somebody's intent.
  kStoreEmbedding,  // stamp, text, content.
  kEnqueue,         // stamp. Not where a row was there already.
  kRenew,           // stamp. The same where a row may have been; but not where an intent was.
  kBackfill,        // stamp, text, content: the record's, when its set is registered. Comes first.
  kBackfillIntent,  // stamp, text, content: the intent's, when its set is registered. Comes first.
  kSettle,          // stamp, is_effective: whether a row was deleted. T2, and the relay's.
  kLoseSettle,      // stamp: T2 was not on disk yet, and the record store has restarted without it.
  // Between a writer or relay and the vector store.
  kSendVector,    // stamp, content. Content 0 is a tombstone.
  kApplyAtStore,  // stamp, content, is_effective: applied, or else superseded. Once a delivery.
  kAnswerVector,  // The actor learns that the store holds at least the stamp that it sent last.
  // What others see.
  kReply,        // reply.
  kSearchShows,  // stamp: the record's, when the search confirmed it.
  kCrash,        // The actor does nothing any more; its requests are still under way.
};

enum class ProtocolReply : std::uint8_t {
  kSynced,      // Committed, and the vector store holds it.
  kPending,     // Committed; the relay finishes, or there is nothing to index.
  kRolledBack,  // Nothing was stored, and never will be by this request.
  kUnknown,     // The commit is open.
};

// Texts and contents are told apart by any fingerprints that differ; stamps are those of the run.
struct ProtocolEvent {
  ProtocolEventKind kind = ProtocolEventKind::kCrash;
  int actor = 0;  // A request, a round of a relay, a reconcile: never used again for another.
  Stamp stamp = 0;
  std::uint64_t text = 0;     // What is embedded; 0: the record has no text to embed.
  std::uint64_t content = 0;  // What the index should hold; 0: nothing, or not embedded yet.
  bool is_effective = false;
  ProtocolReply reply = ProtocolReply::kUnknown;

  friend bool operator==(const ProtocolEvent&, const ProtocolEvent&) = default;
};

// As in the model: "event settle actor=0 stamp=3 deleted=1", only what the kind has.
std::string ToString(const ProtocolEvent& event);

// Empty: not an event of this form.
std::optional<ProtocolEvent> ParseProtocolEvent(std::string_view line);

}  // namespace datastorage::test
