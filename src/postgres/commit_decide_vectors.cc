// Embeddings and pending rows of a wave.
#include <algorithm>

#include "base/check.h"
#include "postgres/commit_decision.h"
#include "postgres/mutant.h"

namespace datastorage::postgres {

// Since when a row is pending, and that its stamp never falls, outlives what it says.
void WaveDecision::Put(const PendingPlace& place, WaveState::Pending row) {
  const auto [found, is_new] = state_.pending.try_emplace(place, row);
  if (!is_new) {
    row.since = found->second.since;
    row.stamp = std::max(row.stamp, found->second.stamp);
    found->second = std::move(row);
  }
  changes_.put_pending.insert(place);
}

void WaveDecision::Drop(const PendingPlace& place) {
  if (state_.pending.erase(place) > 0) changes_.dropped_pending.insert(place);
}

void WaveDecision::PutDue(const ActiveSet& set, const PendingChange& change) {
  // What has its embedding does not wait for the model, and searches are told so.
  const bool waits_for_tables = set.is_unclaimed && change.spaces.contains(set.space);
  const PendingReason reason = waits_for_tables ? PendingReason::kBackfill : change.reason;
  WaveState::Pending row{.stamp = change.stamp,
                         .state = "due",
                         .due_at = change.now,
                         .reason = std::string(NameOf(reason)),
                         .since = change.now};
  Put({change.id, set.id}, std::move(row));
}

bool WaveDecision::LeavePending(const PendingChange& change) {
  bool has_pending = false;
  for (const ActiveSet& set : state_.sets) {
    has_pending = LeavePendingIn(set, change) || has_pending;
  }
  return has_pending;
}

bool WaveDecision::LeavePendingIn(const ActiveSet& set, const PendingChange& change) {
  if (set.tables.has_value()) return WritePoint(set, change);
  const bool is_every_set = change.is_erasure || set.rule == PendingRule::kEverySet;
  const bool has_row = state_.pending.contains({change.id, set.id});
  // Without a vector, before and now, a row that is there must still follow the record's stamp.
  const bool is_wanted = is_every_set ? change.has_text || change.had_text || has_row
                                      : change.has_text && !change.spaces.contains(set.space);
  if (is_wanted) {
    PutDue(set, change);
  } else {
    Drop({change.id, set.id});
  }
  return is_wanted;
}

// Writes the vector with its record; leaves a row only where there is none to write, or where the
// relay has still to write the one that stays.
bool WaveDecision::WritePoint(const ActiveSet& set, const PendingChange& change) {
  const auto embedding = std::find_if(change.embeddings.begin(),
                                      change.embeddings.end(),
                                      [&](const auto& each) { return each.space == set.space; });
  const bool has_vector = embedding != change.embeddings.end();
  const bool has_row = state_.pending.contains({change.id, set.id});
  const bool is_replaced = has_vector || change.is_erasure || change.has_new_text;
  if (!is_replaced && !change.is_creation) return KeepPoint(set, change);
  if (has_vector) {
    changes_.points.push_back({change.id, change.stamp, &embedding->vector, change.is_creation});
  } else if (change.had_text || has_row) {
    changes_.points.push_back({change.id, change.stamp});
  }
  if (!has_vector && change.has_text) {
    PutDue(set, change);
    return true;
  }
  Drop({change.id, set.id});
  return false;
}

// A row that is there stays, under the record's stamp: its vector is not known to be the record's.
bool WaveDecision::KeepPoint(const ActiveSet& set, const PendingChange& change) {
  const auto row = state_.pending.find({change.id, set.id});
  if (row != state_.pending.end()) {
    WaveState::Pending raised = row->second;
    raised.stamp = change.stamp;
    raised.state = "due";
    raised.due_at = change.now;
    Put({change.id, set.id}, std::move(raised));
    return true;
  }
  if (!change.has_text) return false;
  if (change.spaces.contains(set.space)) {
    changes_.raised_points.emplace_back(change.id, change.stamp);
    return false;
  }
  PutDue(set, change);
  return true;
}

void WaveDecision::StorePoint(const ActiveSet& set,
                              const StoreEmbeddingOp& operation,
                              Stamp stamp) {
  if (set.space == operation.embedding.space) {
    changes_.points.push_back({operation.id, stamp, &operation.embedding.vector});
    Drop({operation.id, set.id});
  } else if (!state_.pending.contains({operation.id, set.id})) {
    changes_.raised_points.emplace_back(operation.id, stamp);
  }
}

// Returns the spaces that hold an embedding of the new text.
std::set<std::string> WaveDecision::ReplaceEmbeddings(const UpdateOp& operation,
                                                      const WaveState::Head& before) {
  std::set<std::string> spaces;
  for (const auto& [place, text_hash] : state_.embeddings) {
    if (place.first == operation.id && text_hash == operation.text_hash)
      spaces.insert(place.second);
  }
  if (before.text_hash != operation.text_hash) {
    changes_.changed_texts.emplace_back(operation.id, operation.text_hash);
  }
  for (const SpacedEmbedding& embedding : operation.embeddings) {
    DS_CHECK(embedding.text_hash == operation.text_hash);
    changes_.embeddings.push_back({operation.id, &embedding, state_.heads.at(operation.id).stamp});
    if (!spaces.insert(embedding.space).second) {
      changes_.dropped_embeddings.emplace_back(operation.id, embedding.space);
    }
  }
  return spaces;
}

WriteOutcome WaveDecision::Do(const StoreEmbeddingOp& operation) {
  const auto found = state_.heads.find(operation.id);
  if (found == state_.heads.end()) return NotThere(operation.id);
  WaveState::Head& head = found->second;
  WriteOutcome outcome{.status = WriteStatus::kEmbeddingSuperseded,
                       .id = operation.id,
                       .version = head.version,
                       .stamp = head.stamp};
  const bool is_current = head.text_hash == operation.embedding.text_hash;
  if (!is_current && !DS_STORE_MUTANT(kUnguardedEmbedding)) return outcome;

  outcome.status = WriteStatus::kEmbeddingStored;
  outcome.stamp = head.stamp = DrawStamp();
  changes_.raised.emplace_back(operation.id, outcome.stamp);
  changes_.dropped_embeddings.emplace_back(operation.id, operation.embedding.space);
  changes_.embeddings.push_back({operation.id, &operation.embedding, outcome.stamp});
  for (const ActiveSet& set : state_.sets) {
    if (set.tables.has_value()) {
      StorePoint(set, operation, outcome.stamp);
      continue;
    }
    if (set.space != operation.embedding.space) continue;
    if (set.rule == PendingRule::kWhereEmbeddingIsMissing) {
      Drop({operation.id, set.id});
      continue;
    }
    outcome.has_pending = true;
    const auto row = state_.pending.find({operation.id, set.id});
    if (row == state_.pending.end()) {
      PutDue(set, {.id = operation.id, .stamp = outcome.stamp, .now = now_});
      continue;
    }
    // Lease, attempts and reason stay.
    WaveState::Pending raised = row->second;
    raised.stamp = outcome.stamp;
    raised.state = "due";
    Put({operation.id, set.id}, std::move(raised));
  }
  return outcome;
}

WriteOutcome WaveDecision::Do(const EnqueuePendingOp& operation) {
  WriteOutcome outcome{.status = WriteStatus::kNotFound, .id = operation.id};
  const bool is_active = std::any_of(state_.sets.begin(),
                                     state_.sets.end(),
                                     [&](const ActiveSet& set) { return set.id == operation.set; });
  if (!is_active) return outcome;
  const auto head = state_.heads.find(operation.id);
  const bool is_record = head != state_.heads.end();
  if (is_record) outcome.version = head->second.version;
  outcome.has_pending = true;
  const auto row = state_.pending.find({operation.id, operation.set});
  if (row != state_.pending.end() && (!operation.renews || row->second.state == "intent")) {
    outcome.status = WriteStatus::kAlreadyPending;
    outcome.stamp = row->second.stamp;
    return outcome;
  }
  outcome.status = WriteStatus::kEnqueued;
  outcome.stamp = DrawStamp();
  if (is_record) {
    head->second.stamp = outcome.stamp;
    changes_.raised.emplace_back(operation.id, outcome.stamp);
  }
  for (const ActiveSet& set : state_.sets) {
    // The other sets hold the record under its stamp of before.
    if (set.id != operation.set && !is_record) continue;
    PutDue(set,
           {.id = operation.id, .stamp = outcome.stamp, .now = now_, .reason = operation.reason});
  }
  return outcome;
}

}  // namespace datastorage::postgres
