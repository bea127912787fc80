// UnappliedWrites: ids whose commit may have happened while the in-process index does not hold
// them yet. Entered before COMMIT, left once the index has the write, read by a search before
// the index: so that every acknowledged record is in one or the other.
//
// Threads: safe to call concurrently. Bounded by the writes in flight.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "base/runtime.h"
#include "domain/records.h"

namespace datastorage {

class UnappliedWrites {
 public:
  explicit UnappliedWrites(Runtime& runtime) : mutex_(runtime) {}

  std::vector<RecordId> Ids();

  // Holds ids for a scope.
  class [[nodiscard]] Scope {
   public:
    Scope(UnappliedWrites& writes, std::vector<RecordId> ids);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    UnappliedWrites& writes_;
    const std::vector<RecordId> ids_;
  };

 private:
  Mutex mutex_;
  std::unordered_map<RecordId, int> counts_;  // An id may be held by two writes at once.
};

}  // namespace datastorage
