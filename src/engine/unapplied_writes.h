// UnappliedWrites: ids whose commit may have happened while the in-process index does not hold
// them yet. Entered before COMMIT and read by a search before the index, so that every committed
// record is in one or the other. An entry whose writer gave up is the relay's to finish.
//
// Threads: safe to call concurrently. Bounded by the writes in flight, and by those left over
//          since the last round of the relay.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/runtime.h"
#include "domain/records.h"

namespace datastorage {

class UnappliedWrites {
 public:
  class Entry;

  explicit UnappliedWrites(Runtime& runtime) : mutex_(runtime) {}

  // Called with no lock held whenever an entry is left over.
  void OnLeftOver(std::function<void()> wake) { wake_ = std::move(wake); }

  // Every id that is entered or left over.
  std::vector<RecordId> Ids();

  // Shared by all who may still commit these ids; the last one to drop it unfinished leaves it
  // over.
  std::shared_ptr<Entry> Enter(std::vector<RecordId> ids);

  // Takes over at most `count_max` left-over ids; nothing of them can commit any more.
  std::shared_ptr<Entry> TakeLeftOver(std::size_t count_max);

 private:
  void Leave(const std::vector<RecordId>& ids, bool is_finished);

  Mutex mutex_;
  std::unordered_map<RecordId, int> counts_;  // An id may be held by two writes at once.
  std::unordered_set<RecordId> left_over_;    // Each holds one count.
  std::function<void()> wake_ = [] {};
};

class UnappliedWrites::Entry {
 public:
  Entry(UnappliedWrites& writes, std::vector<RecordId> ids)
      : writes_(writes), ids_(std::move(ids)) {}
  ~Entry() { writes_.Leave(ids_, is_finished_); }
  Entry(const Entry&) = delete;
  Entry& operator=(const Entry&) = delete;

  const std::vector<RecordId>& ids() const { return ids_; }
  // Says that the index holds what was committed, or that pending rows say what it lacks.
  void Finish() { is_finished_ = true; }

 private:
  UnappliedWrites& writes_;
  const std::vector<RecordId> ids_;
  bool is_finished_ = false;
};

}  // namespace datastorage
