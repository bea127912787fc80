// ProtocolPath: says whether the events of one record in one vector set are a path of
// model/write.pml, and if not, which event is refused and why. It is the model's transition
// relation by hand, under the model's names, with any number of actors, crashes and faults:
//
//   event            step of write.pml                      refused, among others, when
//   kBeginIntent     StrictCreation end_T0                  a record or an intent is there
//   kCreate/Update   DefaultWrite end_T1 (commit_write)     a stamp is not above all earlier ones
//   kErase           DefaultWrite end_T1 (commit_write)     there is no record
//   kConsumeIntent   StrictCreation T1_strict               the intent is gone, or its writer gave
//                                                           up; V was not answered
//   kAbortIntent     StrictCreation abort (end_intent)      the stamp is not a fresh one
//   kFence           Relay end (end_intent)                 the stamp is not a fresh one
//   kStoreEmbedding  Relay, text read == row                the text is another by now
//   kEnqueue         Reconciler end                         a pending row is there
//   kRenew           Reconciler end                         an intent is there
//   kBackfill…       – (model/sets.pml, Register)           something came before it
//   kSettle          StrictCreation, DefaultWrite T2, Relay (settle_row)
//                                                           the store did not say that it holds it
//   kLoseSettle      – (model/durable.pml, Disk)            something was committed since
//   kSendVector      StrictCreation, DefaultWrite V, Relay (send)
//                                                           not committed; another content
//   kApplyAtStore    VectorStore end (apply)                not sent; not by the stamps' order
//   kAnswerVector    V_answer, Relay                        nothing of the actor's was applied
//   kReply           reply, abort, outcome_open, end_T0, end_T1
//                                                           synced without an answer; rolled back
//                                                           though it committed, or may yet
//   kSearchShows     Search end                             the record is not so any more
//   kCrash           CRASH                                  –
//
// and whenever an event has been taken, the model's Invariants hold. Steps that nobody sees (a
// lease, a read, a request that is lost) are no events: a relay may send what the record was at any
// moment since. A restore, or an index that is wiped, begins another path, with kBackfill. A set
// that was registered later may be unknown to a writer: it then commits without having sent
// anything.
//
// Not thread-safe. Keeps every stamp of the path.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/protocol_actor.h"
#include "sim/protocol_event.h"

namespace datastorage::test {

enum class ProtocolSet : std::uint8_t { kFirst, kLater };

class ProtocolPath {
 public:
  explicit ProtocolPath(ProtocolSet set = ProtocolSet::kFirst) : set_(set) {}

  // Empty: taken. Else why it is no step from here; the path has ended then, and takes nothing
  // more.
  [[nodiscard]] std::optional<std::string> Take(const ProtocolEvent& event);

  // The model's last line, for runs that went on until nothing was left to do.
  [[nodiscard]] std::optional<std::string> Finish() const;

  // row, pending row and point, as in the model.
  std::string State() const;

 private:
  enum class PendingKind : std::uint8_t { kNone, kIntent, kDue };
  using Actor = ProtocolActor;
  using Place = Actor::Place;
  using Request = ProtocolRequest;
  using Drawn = ProtocolStamp;
  using Refusal = std::optional<std::string>;

  Refusal TakeStep(const ProtocolEvent& event);
  Refusal Invariants() const;
  Refusal BeginIntent(const ProtocolEvent& event);
  Refusal Create(const ProtocolEvent& event);
  Refusal Update(const ProtocolEvent& event);
  Refusal Erase(const ProtocolEvent& event);
  Refusal ConsumeIntent(const ProtocolEvent& event);
  Refusal AbortIntent(const ProtocolEvent& event);
  Refusal Fence(const ProtocolEvent& event);
  Refusal StoreEmbedding(const ProtocolEvent& event);
  Refusal Enqueue(const ProtocolEvent& event);
  Refusal Renew(const ProtocolEvent& event);
  Refusal Backfill(const ProtocolEvent& event);
  Refusal BackfillIntent(const ProtocolEvent& event);
  Refusal Settle(const ProtocolEvent& event);
  Refusal LoseSettle(const ProtocolEvent& event);
  Refusal SendVector(const ProtocolEvent& event);
  Refusal ApplyAtStore(const ProtocolEvent& event);
  Refusal AnswerVector(const ProtocolEvent& event);
  Refusal Reply(const ProtocolEvent& event);
  Refusal SearchShows(const ProtocolEvent& event);
  Refusal Crash(const ProtocolEvent& event);

  static bool MayComeAfterCrash(const Actor& actor, const ProtocolEvent& event);
  void TakeFromBefore(const ProtocolEvent& event);
  Refusal MayWrite(const ProtocolEvent& event) const;
  Refusal IsFresh(Stamp stamp) const;
  Refusal IsMyIntent(const Actor& actor) const;
  void Write(const ProtocolEvent& event);
  void SetIntent(Actor& actor, const ProtocolEvent& event);
  void SetDue(Stamp stamp, std::uint64_t content);
  Actor& ActorOf(const ProtocolEvent& event) { return actors_[event.actor]; }

  const ProtocolSet set_;
  // The record store, by the model's names.
  bool has_row_ = false;
  std::uint64_t text_ = 0;
  std::uint64_t content_ = 0;
  Stamp row_stamp_ = 0;
  bool was_erased_ = false;
  PendingKind pending_kind_ = PendingKind::kNone;
  Stamp pending_stamp_ = 0;
  Stamp last_stamp_ = 0;  // next_stamp - 1, as far as this record has seen.
  Stamp backfilled_stamp_ = 0;
  Stamp lost_if_cut_ = 0;  // Settled, and nothing committed since.
  // The vector store.
  std::uint64_t point_ = 0;
  Stamp point_stamp_ = 0;
  Stamp held_stamp_ = 0;  // The highest that it said to hold.

  std::map<Stamp, Drawn> drawn_;
  std::map<int, Actor> actors_;
  std::vector<Request> requests_;  // All that was ever sent: each may come again.
  bool has_begun_ = false;
  bool is_refused_ = false;
};

// The first refusal of a whole run: the event's number from 1, the event, why, and the state before
// it. `is_finished`: nothing was left to do at its end.
std::optional<std::string> RefusalOf(std::span<const ProtocolEvent> path,
                                     bool is_finished,
                                     ProtocolSet set = ProtocolSet::kFirst);

}  // namespace datastorage::test
