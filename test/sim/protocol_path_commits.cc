// The steps of ProtocolPath that are commits of the record store.
#include <algorithm>
#include <string>

#include "sim/protocol_path.h"

namespace datastorage::test {

ProtocolPath::Refusal ProtocolPath::IsFresh(Stamp stamp) const {
  if (stamp > last_stamp_) return std::nullopt;
  return "stamp " + std::to_string(stamp) + " is not above " + std::to_string(last_stamp_) +
         ": it was drawn before the record was locked, or twice";
}

// Of a write's only commit: Create, Update, Erase.
ProtocolPath::Refusal ProtocolPath::MayWrite(const ProtocolEvent& event) const {
  const auto actor = actors_.find(event.actor);
  if (actor != actors_.end()) {
    const Place place = actor->second.place;
    if (place == Place::kRelay) return "it sent or stored something before its first commit";
    const bool is_open = place == Place::kOutcomeOpen && actor->second.st == 0;
    if (place != Place::kOutside && !is_open) return "it had committed or answered already";
  }
  return IsFresh(event.stamp);
}

void ProtocolPath::SetDue(Stamp stamp, std::uint64_t content) {
  pending_kind_ = PendingKind::kDue;
  pending_stamp_ = stamp;
  last_stamp_ = std::max(last_stamp_, stamp);
  lost_if_cut_ = 0;
  drawn_[stamp] = {content, true, has_row_, !has_row_};
}

// T0 whose answer was lost is sent again, and each of them may come late: whoever finds no intent
// makes one. Nobody takes up that of a writer which has answered; a relay ends it.
ProtocolPath::Refusal ProtocolPath::BeginIntent(const ProtocolEvent& event) {
  if (has_row_) return "a record is there";
  if (was_erased_) return "the record was erased";
  if (pending_kind_ == PendingKind::kIntent) return "another intent is there";
  if (Refusal refusal = IsFresh(event.stamp)) return refusal;
  Actor& actor = ActorOf(event);
  if (actor.place == Place::kRelay) return "it sent or stored something before its first commit";
  if (actor.place == Place::kCommitted || actor.place == Place::kDone) {
    return "it had committed or answered already";
  }
  SetIntent(actor, event);
  return std::nullopt;
}

void ProtocolPath::SetIntent(Actor& actor, const ProtocolEvent& event) {
  if (actor.place == Place::kOutside) actor.place = Place::kIntended;
  if (actor.place == Place::kOutcomeOpen && actor.intents.empty()) actor.place = Place::kGivenUp;
  actor.text = event.text;
  actor.intents.insert(event.stamp);
  pending_kind_ = PendingKind::kIntent;
  pending_stamp_ = event.stamp;
  last_stamp_ = event.stamp;
  lost_if_cut_ = 0;
  drawn_[event.stamp] = {event.content, false, false, false};
}

// What creations and updates do, once they may.
void ProtocolPath::Write(const ProtocolEvent& event) {
  Actor& actor = ActorOf(event);
  actor.place = actor.place == Place::kOutcomeOpen ? Place::kDone : Place::kCommitted;
  actor.st = event.stamp;
  has_row_ = true;
  text_ = event.text;
  content_ = event.content;
  row_stamp_ = event.stamp;
  SetDue(event.stamp, event.content);
}

ProtocolPath::Refusal ProtocolPath::Create(const ProtocolEvent& event) {
  if (has_row_) return "a record is there";
  if (was_erased_) return "the record was erased";
  if (pending_kind_ == PendingKind::kIntent) return "an intent is there";
  if (Refusal refusal = MayWrite(event)) return refusal;
  Write(event);
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::Update(const ProtocolEvent& event) {
  if (!has_row_) return "there is no record";
  if (Refusal refusal = MayWrite(event)) return refusal;
  Write(event);
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::Erase(const ProtocolEvent& event) {
  if (!has_row_) return "there is no record";
  if (Refusal refusal = MayWrite(event)) return refusal;
  Write(event);
  has_row_ = false;
  text_ = 0;
  content_ = 0;
  row_stamp_ = 0;
  was_erased_ = true;
  // A relay that leased an earlier row finds no record from now on.
  for (auto& [stamp, drawn] : drawn_) drawn.may_be_tombstone = drawn.was_due;
  drawn_[event.stamp].content = 0;
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::IsMyIntent(const Actor& actor) const {
  if (actor.intents.empty()) return "it has no intent";
  const bool is_mine = actor.intents.contains(pending_stamp_);
  if (pending_kind_ == PendingKind::kIntent && is_mine) return std::nullopt;
  return "its intent is gone: it was fenced";
}

ProtocolPath::Refusal ProtocolPath::ConsumeIntent(const ProtocolEvent& event) {
  Actor& actor = ActorOf(event);
  if (actor.place == Place::kGivenUp) return "it has given up";
  if (Refusal refusal = IsMyIntent(actor)) return refusal;
  if (event.stamp != pending_stamp_) return "it takes another stamp than its intent's";
  const bool knows_set = set_ == ProtocolSet::kFirst || actor.request.has_value();
  if (knows_set && actor.answered_stamp < event.stamp) {
    return "the vector store has not answered it";
  }
  actor.place = actor.place == Place::kOutcomeOpen ? Place::kDone : Place::kCommitted;
  actor.st = event.stamp;
  has_row_ = true;
  text_ = actor.text;
  content_ = drawn_[actor.st].content;
  row_stamp_ = actor.st;
  SetDue(actor.st, content_);
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::AbortIntent(const ProtocolEvent& event) {
  Actor& actor = ActorOf(event);
  if (Refusal refusal = IsMyIntent(actor)) return refusal;
  if (Refusal refusal = IsFresh(event.stamp)) return refusal;
  if (actor.place == Place::kIntended) actor.place = Place::kAborted;
  if (actor.place == Place::kOutcomeOpen) actor.place = Place::kGivenUp;
  SetDue(event.stamp, 0);
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::Fence(const ProtocolEvent& event) {
  Actor& actor = ActorOf(event);
  if (!actor.MayRelay()) return "it is no relay";
  if (pending_kind_ != PendingKind::kIntent) return "there is no intent";
  if (Refusal refusal = IsFresh(event.stamp)) return refusal;
  if (!actor.is_crashed) actor.place = Place::kRelay;
  SetDue(event.stamp, 0);
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::StoreEmbedding(const ProtocolEvent& event) {
  Actor& actor = ActorOf(event);
  if (!actor.MayRelay()) return "it is no relay";
  if (!has_row_) return "there is no record";
  if (event.text != text_) return "the record's text is another by now";
  if (event.content == 0) return "there is no embedding to store";
  if (Refusal refusal = IsFresh(event.stamp)) return refusal;
  if (!actor.is_crashed) actor.place = Place::kRelay;
  content_ = event.content;
  row_stamp_ = event.stamp;
  SetDue(event.stamp, content_);
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::Enqueue(const ProtocolEvent& event) {
  if (pending_kind_ != PendingKind::kNone) return "a pending row is there: it must stay as it is";
  return Renew(event);
}

ProtocolPath::Refusal ProtocolPath::Renew(const ProtocolEvent& event) {
  if (pending_kind_ == PendingKind::kIntent) return "an intent is there: it must stay as it is";
  if (Refusal refusal = IsFresh(event.stamp)) return refusal;
  if (has_row_) row_stamp_ = event.stamp;
  SetDue(event.stamp, content_);
  return std::nullopt;
}

// Of a strict creation under way, when its set is registered.
ProtocolPath::Refusal ProtocolPath::BackfillIntent(const ProtocolEvent& event) {
  if (has_begun_) return "a set is registered before anything of it";
  SetIntent(ActorOf(event), event);
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::Backfill(const ProtocolEvent& event) {
  if (has_begun_) return "a set is registered before anything of it";
  has_row_ = true;
  backfilled_stamp_ = event.stamp;
  text_ = event.text;
  content_ = event.content;
  row_stamp_ = event.stamp;
  SetDue(event.stamp, content_);
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::Settle(const ProtocolEvent& event) {
  if (held_stamp_ < event.stamp) return "the vector store has not said that it holds this stamp";
  const bool is_unchanged = pending_kind_ == PendingKind::kDue && pending_stamp_ == event.stamp;
  if (!is_unchanged && event.is_effective) return "it deleted a row of another stamp, or none";
  if (is_unchanged && !event.is_effective) return "it left a row whose stamp is unchanged";
  if (!event.is_effective) return std::nullopt;
  pending_kind_ = PendingKind::kNone;
  pending_stamp_ = 0;
  lost_if_cut_ = event.stamp;
  return std::nullopt;
}

ProtocolPath::Refusal ProtocolPath::LoseSettle(const ProtocolEvent& event) {
  if (lost_if_cut_ == 0 || lost_if_cut_ != event.stamp) {
    return "no row of this stamp was settled last: a later commit brings it to the disk";
  }
  SetDue(event.stamp, content_);
  return std::nullopt;
}

}  // namespace datastorage::test
