// ErasureService: takes a record's content out of everything: the record store with its history,
// embeddings and words, and every vector index. Id, kind, who, when and why stay, and a hash of the
// natural key, so that it is not used again.
//
// Threads:   safe to call concurrently; calls block until the erasure is durable.
// Ownership: keeps references to everything it is given; all must outlive it.
#pragma once

#include <optional>
#include <string>

#include "base/runtime.h"
#include "base/uuid.h"
#include "engine/dual_writer.h"
#include "ports/record_store.h"

namespace datastorage {

struct ErasureRequest {
  RecordRef ref;
  std::optional<RecordKind> kind;  // A record of another kind is not found.
  std::string who;                 // Kept for good, as `why` is.
  std::string why;
};

enum class ErasureStatus : std::uint8_t { kErased, kErasedBefore, kNotFound };

struct ErasureReply {
  ErasureStatus status = ErasureStatus::kNotFound;
  RecordId id;  // Not of kNotFound.
  WallTime at;  // Of kErased.
};

class ErasureService {
 public:
  ErasureService(Runtime& runtime, RecordStore& store, DualWriter& writer, UuidSource& ids)
      : runtime_(runtime), store_(store), writer_(writer), ids_(ids) {}

  // Once it answers kErased no read and no search shows the record. An index that could not be
  // reached gets its tombstone from the relay.
  // Errors: kUnavailable, kDeadlineExceeded, kResourceExhausted: nothing was erased;
  // kOutcomeUnknown: it may have been, and asking again tells. kInternal.
  Result<ErasureReply> Erase(const ErasureRequest& request, Deadline deadline);

 private:
  Runtime& runtime_;
  RecordStore& store_;
  DualWriter& writer_;
  UuidSource& ids_;
};

}  // namespace datastorage
