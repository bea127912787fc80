#include "sim/protocol_path.h"

#include <algorithm>
#include <array>

namespace datastorage::test {
namespace {

std::string Number(std::uint64_t number) {
  return std::to_string(number);
}

std::string Number(Stamp stamp) {
  return std::to_string(stamp);
}

}  // namespace

std::optional<std::string> ProtocolPath::Take(const ProtocolEvent& event) {
  if (is_refused_) return "an earlier event was refused";
  Refusal refusal = TakeStep(event);
  has_begun_ = true;
  if (!refusal.has_value()) refusal = Invariants();
  is_refused_ = refusal.has_value();
  return refusal;
}

ProtocolPath::Refusal ProtocolPath::TakeStep(const ProtocolEvent& event) {
  const auto actor = actors_.find(event.actor);
  if (actor != actors_.end() && actor->second.is_crashed) {
    if (!MayComeAfterCrash(actor->second, event)) return "the actor has crashed";
    if (event.kind != ProtocolEventKind::kApplyAtStore) actor->second.has_ended = true;
  }
  switch (event.kind) {
    case ProtocolEventKind::kBeginIntent: return BeginIntent(event);
    case ProtocolEventKind::kCreate: return Create(event);
    case ProtocolEventKind::kUpdate: return Update(event);
    case ProtocolEventKind::kErase: return Erase(event);
    case ProtocolEventKind::kConsumeIntent: return ConsumeIntent(event);
    case ProtocolEventKind::kAbortIntent: return AbortIntent(event);
    case ProtocolEventKind::kFence: return Fence(event);
    case ProtocolEventKind::kStoreEmbedding: return StoreEmbedding(event);
    case ProtocolEventKind::kEnqueue: return Enqueue(event);
    case ProtocolEventKind::kRenew: return Renew(event);
    case ProtocolEventKind::kBackfill: return Backfill(event);
    case ProtocolEventKind::kBackfillIntent: return BackfillIntent(event);
    case ProtocolEventKind::kSettle: return Settle(event);
    case ProtocolEventKind::kLoseSettle: return LoseSettle(event);
    case ProtocolEventKind::kSendVector: return SendVector(event);
    case ProtocolEventKind::kApplyAtStore: return ApplyAtStore(event);
    case ProtocolEventKind::kAnswerVector: return AnswerVector(event);
    case ProtocolEventKind::kReply: return Reply(event);
    case ProtocolEventKind::kSearchShows: return SearchShows(event);
    case ProtocolEventKind::kCrash: return Crash(event);
  }
  return "there is no such event";
}

// What was under way to either store: requests, and one commit; of T0, any repetition.
bool ProtocolPath::MayComeAfterCrash(const Actor& actor, const ProtocolEvent& event) {
  using Kind = ProtocolEventKind;
  constexpr std::array kRepeats{Kind::kApplyAtStore, Kind::kBeginIntent};
  constexpr std::array kOwn{
      Kind::kSendVector, Kind::kAnswerVector, Kind::kReply, Kind::kSearchShows, Kind::kCrash};
  if (std::find(kRepeats.begin(), kRepeats.end(), event.kind) != kRepeats.end()) return true;
  return !actor.has_ended && std::find(kOwn.begin(), kOwn.end(), event.kind) == kOwn.end();
}

// They follow from the steps, as in the model; here they guard the steps' own code.
ProtocolPath::Refusal ProtocolPath::Invariants() const {
  const bool is_settled = pending_kind_ == PendingKind::kNone;
  if (has_row_ && is_settled && point_ != content_) {
    return "I2: the point differs from the record, and no pending row is there";
  }
  if (has_row_ && is_settled && text_ != 0 && content_ == 0) {
    return "I2: the record's text has no embedding, and no pending row is there";
  }
  if (!has_row_ && is_settled && point_ != 0) {
    return "I3: a point without a record, and no pending row is there";
  }
  if (has_row_ && pending_kind_ == PendingKind::kDue && pending_stamp_ != row_stamp_) {
    return "the record's stamp and its due row's differ";
  }
  return std::nullopt;
}

// ---- the vector store ----

// What the record was before the set was registered may be sent to it yet.
void ProtocolPath::TakeFromBefore(const ProtocolEvent& event) {
  const bool is_erased = !has_begun_ && event.content == 0;  // Its id never comes back.
  const bool is_older = event.stamp < backfilled_stamp_ && !drawn_.contains(event.stamp);
  if (!is_erased && !is_older) return;
  was_erased_ |= is_erased;
  drawn_[event.stamp] = {event.content, true, true, event.content == 0};
}

ProtocolPath::Refusal ProtocolPath::SendVector(const ProtocolEvent& event) {
  Actor& actor = ActorOf(event);
  if (set_ == ProtocolSet::kLater) TakeFromBefore(event);
  const auto drawn = drawn_.find(event.stamp);
  if (drawn == drawn_.end()) return "no commit of this record took this stamp";
  const bool is_tombstone = event.content == 0 && drawn->second.may_be_tombstone;
  if (!is_tombstone && event.content != drawn->second.content) {
    return "one stamp, one content: this stamp has content " + Number(drawn->second.content);
  }
  switch (actor.place) {
    case Place::kIntended:
      if (!actor.intents.contains(event.stamp)) return "a strict creation sends its own stamp only";
      break;
    case Place::kOutside:
    case Place::kRelay:
    case Place::kCommitted:
      if (!is_tombstone && !drawn->second.was_read) return "the record never had this stamp";
      if (actor.place == Place::kOutside) actor.place = Place::kRelay;
      break;
    case Place::kAborted:
    case Place::kOutcomeOpen:
    case Place::kGivenUp:
    case Place::kDone: return "it has given up, or answered";
  }
  actor.request = Request{event.stamp, event.content, false};
  requests_.push_back(*actor.request);
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::ApplyAtStore(const ProtocolEvent& event) {
  const auto is_this = [&event](const Request& request) {
    return request.stamp == event.stamp && request.content == event.content;
  };
  if (std::none_of(requests_.begin(), requests_.end(), is_this)) return "nobody has sent it";
  const bool is_higher = event.stamp > point_stamp_;
  if (event.is_effective && !is_higher) {
    return "applied, though the store holds stamp " + Number(point_stamp_);
  }
  if (!event.is_effective && is_higher) {
    return "superseded, though the store holds only stamp " + Number(point_stamp_);
  }
  for (auto& [id, actor] : actors_) {
    if (actor.request.has_value() && is_this(*actor.request)) actor.request->is_delivered = true;
  }
  if (!is_higher) return std::nullopt;
  point_ = event.content;
  point_stamp_ = event.stamp;
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::AnswerVector(const ProtocolEvent& event) {
  Actor& actor = ActorOf(event);
  if (!actor.request.has_value()) return "it has asked nothing";
  if (!actor.request->is_delivered) return "its request has not reached the store";
  if (!actor.IsAtWork()) return "it has given up, or answered";
  actor.answered_stamp = actor.request->stamp;
  held_stamp_ = std::max(held_stamp_, actor.answered_stamp);
  return std::nullopt;
}

// ---- what others see ----

ProtocolPath::Refusal ProtocolPath::Reply(const ProtocolEvent& event) {
  Actor& actor = ActorOf(event);
  if (!actor.IsAtWork() && actor.place != Place::kAborted) return "it had answered";
  if (actor.place == Place::kRelay) return "a relay answers nobody";
  const bool has_committed = actor.place == Place::kCommitted;
  switch (event.reply) {
    case ProtocolReply::kSynced:
      if (!has_committed) return "it says synced, and has not committed";
      if (actor.answered_stamp < actor.st) return "it says synced without an answer to V";
      break;
    case ProtocolReply::kPending:
      if (!has_committed) return "it says pending, and has not committed";
      break;
    case ProtocolReply::kRolledBack:
      // Its intent may stand yet, or come only now: a relay ends it.
      if (has_committed) return "it says rolled back, and has committed";
      actor.place = Place::kGivenUp;
      return std::nullopt;
    case ProtocolReply::kUnknown:
      if (has_committed) break;
      actor.place = actor.place == Place::kAborted ? Place::kGivenUp : Place::kOutcomeOpen;
      return std::nullopt;
  }
  actor.place = Place::kDone;
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::SearchShows(const ProtocolEvent& event) {
  if (!has_row_) return "I4: there is no record to show";
  if (event.stamp != row_stamp_) return "the record has stamp " + Number(row_stamp_);
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::Crash(const ProtocolEvent& event) {
  Actor& actor = ActorOf(event);
  actor.is_crashed = true;
  if (actor.place == Place::kOutside || actor.place == Place::kIntended) {
    actor.place = Place::kOutcomeOpen;
  }
  return std::nullopt;
}

// ---- the end ----

std::optional<std::string> ProtocolPath::Finish() const {
  if (pending_kind_ != PendingKind::kNone) return "a pending row is left";
  if (point_ != content_) return "the point differs from the record";
  return std::nullopt;
}

std::string ProtocolPath::State() const {
  std::string state =
      has_row_ ? "row " + Number(text_) + " as " + Number(content_) + " under " + Number(row_stamp_)
               : std::string(was_erased_ ? "erased" : "no row");
  switch (pending_kind_) {
    case PendingKind::kNone: state += ", nothing pending"; break;
    case PendingKind::kIntent: state += ", intent under " + Number(pending_stamp_); break;
    case PendingKind::kDue: state += ", due under " + Number(pending_stamp_); break;
  }
  return state + ", point " + Number(point_) + " under " + Number(point_stamp_);
}

std::optional<std::string> RefusalOf(std::span<const ProtocolEvent> path,
                                     bool is_finished,
                                     ProtocolSet set) {
  ProtocolPath taken(set);
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::string state = taken.State();
    if (const auto why = taken.Take(path[i])) {
      return "event " + Number(i + 1) + ", " + ToString(path[i]) + ": " + *why + " (" + state + ")";
    }
  }
  if (!is_finished) return std::nullopt;
  if (const auto why = taken.Finish()) return "at the end: " + *why + " (" + taken.State() + ")";
  return std::nullopt;
}

}  // namespace datastorage::test
