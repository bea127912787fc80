#include "domain/write.h"

namespace datastorage {

std::string_view NameOf(VectorSetState state) {
  switch (state) {
    case VectorSetState::kFilling: return "filling";
    case VectorSetState::kLive: return "live";
    case VectorSetState::kRetired: return "retired";
    case VectorSetState::kPreparing: return "preparing";
  }
  return "retired";
}

bool MayBecome(VectorSetState from, VectorSetState to) {
  if (from == to || to == VectorSetState::kPreparing) return false;
  return from == VectorSetState::kPreparing || from < to;
}

Error WrongStateOf(const VectorSet& set) {
  return Conflict("vector set " + std::to_string(set.id) + " is " + std::string(NameOf(set.state)));
}

std::string_view NameOf(PendingRule rule) {
  switch (rule) {
    case PendingRule::kWhereEmbeddingIsMissing: return "where_embedding_is_missing";
    case PendingRule::kEverySet: return "every_set";
  }
  return "every_set";
}

std::optional<PendingRule> ParsePendingRule(std::string_view name) {
  for (const PendingRule rule : {PendingRule::kWhereEmbeddingIsMissing, PendingRule::kEverySet}) {
    if (name == NameOf(rule)) return rule;
  }
  return std::nullopt;
}

std::string_view NameOf(WriteStatus status) {
  switch (status) {
    case WriteStatus::kIntentBegun: return "intent_begun";
    case WriteStatus::kCreated: return "created";
    case WriteStatus::kExisting: return "existing";
    case WriteStatus::kReplayed: return "replayed";
    case WriteStatus::kKeyReused: return "key_reused";
    case WriteStatus::kConflict: return "conflict";
    case WriteStatus::kUpdated: return "updated";
    case WriteStatus::kStale: return "stale";
    case WriteStatus::kNotFound: return "not_found";
    case WriteStatus::kErased: return "erased";
    case WriteStatus::kErasedNow: return "erased_now";
    case WriteStatus::kFenced: return "fenced";
    case WriteStatus::kIntentAborted: return "intent_aborted";
    case WriteStatus::kEmbeddingStored: return "embedding_stored";
    case WriteStatus::kEmbeddingSuperseded: return "embedding_superseded";
    case WriteStatus::kEnqueued: return "enqueued";
    case WriteStatus::kAlreadyPending: return "already_pending";
    case WriteStatus::kNotAttempted: return "not_attempted";
  }
  return "not_attempted";
}

bool Succeeded(WriteStatus status) {
  switch (status) {
    case WriteStatus::kIntentBegun:
    case WriteStatus::kCreated:
    case WriteStatus::kExisting:
    case WriteStatus::kReplayed:
    case WriteStatus::kUpdated:
    case WriteStatus::kErasedNow:
    case WriteStatus::kIntentAborted:
    case WriteStatus::kEmbeddingStored:
    case WriteStatus::kEmbeddingSuperseded:
    case WriteStatus::kEnqueued:
    case WriteStatus::kAlreadyPending: return true;
    case WriteStatus::kKeyReused:
    case WriteStatus::kConflict:
    case WriteStatus::kStale:
    case WriteStatus::kNotFound:
    case WriteStatus::kErased:
    case WriteStatus::kFenced:
    case WriteStatus::kNotAttempted: return false;
  }
  return false;
}

}  // namespace datastorage
