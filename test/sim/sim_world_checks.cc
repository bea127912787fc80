// What is checked of a simulated history: the invariants of docs/dual-write.md.
#include <algorithm>

#include "fake/fake_vector_index.h"
#include "schema/embedded_text.h"
#include "sim/sim_world.h"

namespace datastorage {
namespace {

std::string SummaryOf(const Record& record) {
  return std::get<Remediation>(record.body).summary.value_or("");
}

std::string NameOf(RecordId id, const FakeState& state) {
  const auto found = state.records.find(id);
  return found == state.records.end() ? id.ToString() : NaturalKeyOf(found->second.current().body);
}

}  // namespace

// I6, its first half: whoever is told `synced` can rely on the index. A strict creation whose
// COMMIT was not answered may learn the stamp of a later write. The row of that stands beside the
// vector then, or in the set that has followed since.
void SimWorld::CheckSynced(const WriteReply& reply) {
  if (reply.record.vector != VectorState::kSynced) return;
  const std::shared_ptr<const FakeState> state = inner_.State();
  bool is_held = false;
  bool is_awaited = false;
  for (const auto& [id, set] : state->sets) {
    const SimVectorStore* store = StoreOf(set.engine);
    if (store == nullptr) return;
    const FakePoints& points = store->Points();
    const auto point = points.find(reply.record.id);
    if (point != points.end() && point->second.stamp >= reply.record.stamp) return;
    is_held |= point != points.end() && point->second.embedding.has_value();
    const auto row = state->pending.find({id, reply.record.id});
    is_awaited |= row != state->pending.end() && row->second.stamp >= reply.record.stamp;
  }
  if (is_held && is_awaited) return;
  if (!has_tampered_) Fail("I6", "synced was said of a vector that no index holds");
}

// I4: only what was committed, as it was committed, and not erased before the search began.
void SimWorld::CheckAnswer(const SearchReply& reply, WallTime begin) {
  for (const SearchHit& hit : reply.hits) {
    const auto version = committed_.find({hit.record.id, hit.record.version});
    if (version == committed_.end() || version->second != SummaryOf(hit.record)) {
      Fail("I4", "a search shows what was never committed: " + hit.record.id.ToString());
    }
    const auto erased = erased_at_.find(hit.record.id);
    if (erased != erased_at_.end() && erased->second < begin) {
      Fail("I4", "a search shows what was erased before it began");
    }
    const std::optional<std::string> text = schema::EmbeddedText(hit.record.body);
    if (hit.similarity.has_value() && text.has_value()) ++tally_.state_check_count;
  }
}

void SimWorld::CheckState(const FakeState& state) {
  const FiberRuntime::Instant instant(runtime_);
  ++tally_.state_check_count;
  if (const std::string damage = inner_.Damage(); !damage.empty()) Fail("durable", damage);
  std::map<std::string, int> holders;
  for (const auto& [id, record] : state.records) {
    const Record& current = record.current();
    committed_[{id, current.version}] = SummaryOf(current);
    Stamp& last = last_stamps_[id];
    if (current.stamp < last) Fail("I5", "the stamp of a record fell: " + NameOf(id, state));
    last = current.stamp;
    const std::string& key = NaturalKeyOf(current.body);
    if (++holders[key] > 1) Fail("I7", "two records of one natural key: " + key);
    if (refused_keys_.contains(key)) Fail("I8", "a refused creation is there: " + key);
  }
  for (const auto& [id, erasure] : state.erasures) {
    erased_at_.try_emplace(id, runtime_.WallNow());
  }
  if (is_tampered_) return;
  for (const auto& [set_id, set] : state.sets) {
    if (set.state == VectorSetState::kRetired) continue;
    for (const auto& [id, record] : state.records) {
      if (record.text_hash.has_value()) CheckRecord(state, set, id);
    }
  }
}

// I2: the index holds the record's content, or something stands for the difference.
void SimWorld::CheckRecord(const FakeState& state, const VectorSet& set, RecordId id) {
  if (state.pending.contains({set.id, id})) return;
  SimVectorStore* store = StoreOf(set.engine);
  if (store == nullptr) {
    if (!IsHeldInProcess(state, id)) Fail("I2", "in no index: " + NameOf(id, state));
    return;
  }
  const FakePoints& points = store->Points();
  const auto point = points.find(id);
  const std::optional<FakeEmbedding> embedding = state.CurrentEmbedding(id, set.space);
  const bool is_right = point != points.end() && embedding.has_value() &&
                        point->second.stamp == state.records.at(id).current().stamp &&
                        point->second.embedding == embedding->vector;
  if (!is_right) {
    Fail("I2", "the index of set " + std::to_string(set.id) + " differs: " + NameOf(id, state));
  }
}

bool SimWorld::IsHeldInProcess(const FakeState& state, RecordId id) {
  for (const auto& replica : replicas_) {
    // Between two processes the index is nowhere; it is filled from the store at start.
    if (!replica->IsUp() || !replica->engine().sets.IsFilled()) return true;
    const std::vector<RecordId> unapplied = replica->engine().sets.unapplied().Ids();
    if (std::find(unapplied.begin(), unapplied.end(), id) != unapplied.end()) return true;
    const auto* own = static_cast<FakeVectorIndex*>(own_indexes_.back().get());
    const FakePoints points = own->Points();
    const auto point = points.find(id);
    if (point != points.end() && point->second.embedding.has_value() &&
        point->second.stamp == state.records.at(id).current().stamp) {
      return true;
    }
  }
  return false;
}

void SimWorld::CheckEnd() {
  const std::shared_ptr<const FakeState> state = inner_.State();
  CheckState(*state);
  for (const auto& [place, row] : state->pending) {
    Fail("end",
         "a row is pending for good: set " + std::to_string(place.first) + ", " +
             NameOf(place.second, *state) + ", stamp " + std::to_string(row.stamp) + ", reason " +
             std::string(datastorage::NameOf(row.reason)));
  }
  for (const auto& replica : replicas_) {
    const auto unapplied = replica->engine().sets.unapplied().Ids();
    if (!unapplied.empty()) Fail("end", "unapplied for good: " + NameOf(unapplied[0], *state));
  }
  for (const auto& [set_id, set] : state->sets) {
    const SimVectorStore* store = StoreOf(set.engine);
    if (set.state == VectorSetState::kRetired || store == nullptr) continue;
    for (const auto& [id, point] : store->Points()) {
      const bool is_foreign = point.embedding.has_value() && !state->records.contains(id);
      if (is_foreign) Fail("I3", "a vector of no record in set " + std::to_string(set_id));
      if (point.stamp >= state->next_stamp) Fail("I1", "a stamp that was never issued");
    }
  }
  for (const auto& [key, known] : known_) {
    if (!known.record.has_value() || known.is_unsure) continue;
    const auto found = state->records.find(known.record->id);
    if (known.is_erased != (found == state->records.end())) {
      Fail("durable", "an acknowledged record or erasure is lost: " + key);
    } else if (!known.is_erased && found->second.current().version != known.record->version) {
      Fail("durable", "not the acknowledged version: " + key);
    }
  }
}

}  // namespace datastorage
