#include "sim/sim_paths.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "schema/members.h"

namespace datastorage {
namespace {

using test::ProtocolEvent;
using test::ProtocolEventKind;
using test::ProtocolSet;

// Never 0, which stands for nothing.
std::uint64_t Print(std::string_view bytes) {
  return std::hash<std::string_view>()(bytes) | 1;
}

std::string TextOf(const MemberValue& value) {
  struct Text {
    std::string operator()(const std::string& text) const { return text; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return std::to_string(number); }
    std::string operator()(bool is_true) const { return is_true ? "true" : "false"; }
    std::string operator()(WallTime time) const {
      return std::to_string(time.time_since_epoch().count());
    }
  };
  return std::visit(Text(), value);
}

// Of what an index holds of a record: its vector, and the members beside it. The state of the
// vector is not content.
std::uint64_t ContentOf(const std::optional<Embedding>& embedding, const FilterMembers& members) {
  if (!embedding.has_value()) return 0;
  std::string content(reinterpret_cast<const char*>(embedding->data()), sizeof *embedding);
  for (const auto& [member, value] : members.values) {
    if (member == Member::kVector) continue;
    content += std::to_string(static_cast<int>(member)) + "=" + TextOf(value) + ";";
  }
  return Print(content);
}

std::uint64_t TextPrint(const std::optional<Sha256>& hash) {
  if (!hash.has_value()) return 0;
  return Print({reinterpret_cast<const char*>(hash->data()), hash->size()});
}

std::vector<VectorSet> ActiveSets(const FakeState& state) {
  std::vector<VectorSet> active;
  for (const auto& [id, set] : state.sets) {
    if (set.state != VectorSetState::kRetired) active.push_back(set);
  }
  return active;
}

ProtocolEvent Event(ProtocolEventKind kind, int actor, Stamp stamp = 0) {
  ProtocolEvent event;
  event.kind = kind;
  event.actor = actor;
  event.stamp = stamp;
  return event;
}

struct CommitForm {
  WriteStatus status;
  ProtocolEventKind kind;
  bool leaves_record;
};
constexpr std::array kForms{
    CommitForm{WriteStatus::kIntentBegun, ProtocolEventKind::kBeginIntent, false},
    CommitForm{WriteStatus::kCreated, ProtocolEventKind::kCreate, true},
    CommitForm{WriteStatus::kUpdated, ProtocolEventKind::kUpdate, true},
    CommitForm{WriteStatus::kErasedNow, ProtocolEventKind::kErase, false},
    CommitForm{WriteStatus::kIntentAborted, ProtocolEventKind::kAbortIntent, false},
    CommitForm{WriteStatus::kEmbeddingStored, ProtocolEventKind::kStoreEmbedding, true},
};

std::optional<Uuid> AttemptOf(const WriteOp& operation) {
  return std::visit(
      [](const auto& op) -> std::optional<Uuid> {
        if constexpr (requires { op.attempt; }) return op.attempt;
        return std::nullopt;
      },
      operation);
}

}  // namespace

void SimPaths::Add(const Place& place, ProtocolEvent event) {
  if (retired_.contains(place.first)) return;
  Path& path = paths_[place];
  if (path.is_cut) return;
  if (path.events.empty()) {
    const bool is_first =
        before_->sets.empty() || before_->sets.begin()->second.engine == place.first;
    path.set = is_first ? ProtocolSet::kFirst : ProtocolSet::kLater;
  }
  if (event.actor != 0) actors_[event.actor].places.insert(place);
  path.events.push_back(event);
}

int SimPaths::MakerOf(const Uuid& id) const {
  const auto maker = makers_.find(id);
  return maker != makers_.end() ? maker->second : 0;
}

ProtocolEvent SimPaths::WriteEvent(ProtocolEventKind kind,
                                   int actor,
                                   const FakeState& state,
                                   const VectorSet& set,
                                   RecordId id) const {
  const FakeRecord& record = state.records.at(id);
  ProtocolEvent event = Event(kind, actor, record.current().stamp);
  event.text = TextPrint(record.text_hash);
  const std::optional<FakeEmbedding> embedding = state.CurrentEmbedding(id, set.space);
  if (embedding.has_value()) {
    event.content = ContentOf(embedding->vector, schema::FilterMembersOf(record.current()));
  }
  return event;
}

void SimPaths::Committed(std::span<const WriteOp> operations,
                         std::span<const WriteOutcome> outcomes) {
  const std::shared_ptr<const FakeState> after = state_();
  for (std::size_t i = 0; i < operations.size(); ++i) {
    CommittedOne(operations[i], outcomes[i], *after);
  }
  before_ = after;
}

void SimPaths::CommittedOne(const WriteOp& operation,
                            const WriteOutcome& outcome,
                            const FakeState& after) {
  if (outcome.status == WriteStatus::kEnqueued) {
    return Enqueued(std::get<EnqueuePendingOp>(operation), outcome.stamp, after);
  }
  const auto form = std::find_if(kForms.begin(), kForms.end(), [&](const CommitForm& each) {
    return each.status == outcome.status;
  });
  if (form == kForms.end()) return;
  // An intent that is begun again stands as it was begun first.
  if (form->kind == Kind::kBeginIntent && outcome.stamp < before_->next_stamp) return;
  Kind kind = form->kind;
  // What writers ask for is committed by a fiber of nobody, for many at once.
  const int caller = runtime_.actor();
  const auto* create = std::get_if<CreateOp>(&operation);
  if (create != nullptr && create->consumes_intent.has_value()) kind = Kind::kConsumeIntent;
  if (kind == Kind::kAbortIntent && caller != 0) kind = Kind::kFence;
  const int actor = caller != 0 ? caller : MakerOf(AttemptOf(operation).value_or(outcome.id));
  for (const VectorSet& set : ActiveSets(after)) {
    Add({set.engine, outcome.id},
        form->leaves_record ? WriteEvent(kind, actor, after, set, outcome.id)
                            : Event(kind, actor, outcome.stamp));
  }
}

// The other sets that hold the record get a row as well, whether they had one or not.
void SimPaths::Enqueued(const EnqueuePendingOp& operation, Stamp stamp, const FakeState& after) {
  for (const VectorSet& set : ActiveSets(after)) {
    const auto row = after.pending.find({set.id, operation.id});
    if (row == after.pending.end() || row->second.stamp != stamp) continue;
    const bool is_own = set.id == operation.set && !operation.renews;
    Add({set.engine, operation.id},
        Event(is_own ? Kind::kEnqueue : Kind::kRenew, runtime_.actor(), stamp));
  }
}

void SimPaths::Settled(std::span<const PendingVector> rows) {
  const std::shared_ptr<const FakeState> after = state_();
  std::set<std::pair<VectorSetId, RecordId>> deleted;
  for (const PendingVector& row : rows) {
    const auto set = after->sets.find(row.set);
    if (set == after->sets.end()) continue;
    const auto was = before_->pending.find({row.set, row.id});
    const bool is_gone = was != before_->pending.end() && !after->pending.contains(was->first);
    // Several stamps of one record may be settled at once.
    const bool is_by_another =
        is_gone && was->second.stamp != row.stamp &&
        std::any_of(rows.begin(), rows.end(), [&](const PendingVector& other) {
          return other.id == row.id && other.stamp == was->second.stamp;
        });
    ProtocolEvent event = Event(Kind::kSettle, runtime_.actor(), row.stamp);
    event.is_effective = is_gone && !is_by_another && deleted.insert(was->first).second;
    Add({set->second.engine, row.id}, event);
  }
  before_ = after;
}

void SimPaths::SetsChanged() {
  const std::shared_ptr<const FakeState> after = state_();
  for (const auto& [id, set] : after->sets) {
    if (set.state == VectorSetState::kRetired && retired_.insert(set.engine).second) {
      for (auto& [place, path] : paths_) path.is_cut |= place.first == set.engine;
    }
    if (before_->sets.contains(id)) continue;
    for (const auto& [place, row] : after->pending) {
      if (place.first != id) continue;
      const bool is_intent = row.state == FakePendingState::kIntent;
      Add({set.engine, place.second},
          is_intent ? Event(Kind::kBackfillIntent, MakerOf(place.second), row.stamp)
                    : WriteEvent(Kind::kBackfill, 0, *after, set, place.second));
    }
  }
  before_ = after;
}

void SimPaths::PowerWasCut() {
  const std::shared_ptr<const FakeState> after = state_();
  for (const auto& [place, row] : after->pending) {
    if (before_->pending.contains(place)) continue;
    Add({after->sets.at(place.first).engine, place.second}, Event(Kind::kLoseSettle, 0, row.stamp));
  }
  before_ = after;
}

void SimPaths::Read(std::span<const ReadOutcome> outcomes) {
  // Of a search that crashed meanwhile, nobody is shown anything.
  if (runtime_.step() != "search" || actors_[runtime_.actor()].is_done) return;
  for (const ReadOutcome& outcome : outcomes) {
    if (outcome.status != ReadStatus::kFound) continue;
    for (const VectorSet& set : ActiveSets(*before_)) {
      Add({set.engine, outcome.id},
          Event(Kind::kSearchShows, runtime_.actor(), outcome.record.stamp));
    }
  }
}

void SimPaths::Sent(const std::string& engine, std::span<const VectorWrite> writes) {
  if (runtime_.IsCallerDead()) return;
  actors_[runtime_.actor()].process = runtime_.current_process();
  for (const VectorWrite& write : writes) {
    ProtocolEvent event = Event(Kind::kSendVector, runtime_.actor(), write.stamp);
    event.content = ContentOf(write.embedding, write.members);
    Add({engine, write.id}, event);
  }
}

void SimPaths::Delivered(const std::string& engine, const VectorWrite& write, bool is_effective) {
  ProtocolEvent event = Event(Kind::kApplyAtStore, runtime_.actor(), write.stamp);
  event.content = ContentOf(write.embedding, write.members);
  event.is_effective = is_effective;
  Add({engine, write.id}, event);
}

void SimPaths::Answered(const std::string& engine,
                        std::span<const VectorWrite> writes,
                        std::span<const ApplyResult> results) {
  for (std::size_t i = 0; i < writes.size(); ++i) {
    if (results[i].status == ApplyStatus::kRefused) continue;
    Add({engine, writes[i].id}, Event(Kind::kAnswerVector, runtime_.actor()));
  }
}

void SimPaths::LostPoints(const std::string& engine) {
  has_lost_points_ = true;
  for (auto& [place, path] : paths_) path.is_cut |= place.first == engine;
}

void SimPaths::Began(const std::string& live) {
  actors_[runtime_.actor()].process = runtime_.current_process();
  actors_[runtime_.actor()].live = live;
}

void SimPaths::Made(const Uuid& id) {
  constexpr int kTimed = 7;
  Actor& actor = actors_[runtime_.actor()];
  actor.process = runtime_.current_process();
  if (id.bytes[6] >> 4 == kTimed) actor.made = id;
  makers_[id] = runtime_.actor();
}

void SimPaths::Replied(const std::string& live,
                       std::optional<RecordId> id,
                       test::ProtocolReply reply) {
  // It had to run on to a point where it can be dropped.
  if (runtime_.IsCallerDead()) return;
  const Actor& actor = actors_[runtime_.actor()];
  if (!id.has_value()) id = actor.made;
  if (!id.has_value() || live != actor.live) return;
  ProtocolEvent event = Event(Kind::kReply, runtime_.actor());
  event.reply = reply;
  Add({live, *id}, event);
}

void SimPaths::Ended() {
  actors_[runtime_.actor()].is_done = true;
}

void SimPaths::Crashed(ProcessId process) {
  for (auto& [number, actor] : actors_) {
    if (number == 0 || actor.process != process || std::exchange(actor.is_done, true)) continue;
    const std::set<Place> places = actor.places;
    for (const Place& place : places) Add(place, Event(Kind::kCrash, number));
  }
}

}  // namespace datastorage
