// JournalledWriters: threads that move a set of points again and again and note what was
// acknowledged, for tests that kill and stop nodes under them. Lost is what is held under a lower
// stamp than was acknowledged.
//
// Threads: the writers' own; the rest is for one thread.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "opensearch/opensearch_index.h"
#include "support/random_points.h"

namespace datastorage::opensearch {

inline std::unique_ptr<OpenSearchIndex> IndexAt(const std::string& address) {
  OpenSearchIndex::Options options;
  options.refresh_pause = Duration(0);
  return OpenSearchIndex::Make(ParseAddress(address).value(), options).value();
}

class JournalledWriters {
 public:
  JournalledWriters(std::string address, Duration patience)
      : address_(std::move(address)), patience_(patience) {
    RandomPoints random(3);
    while (ids_.size() < 200) ids_.push_back(random.Id());
    for (std::uint64_t seed = 0; seed < 4; ++seed) {
      threads_.emplace_back([this, seed] { Write(seed); });
    }
  }
  ~JournalledWriters() { Stop(); }
  JournalledWriters(const JournalledWriters&) = delete;
  JournalledWriters& operator=(const JournalledWriters&) = delete;

  void Stop() {
    is_over_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  int acknowledged_count() const { return acknowledged_count_; }
  bool HasWriteInFlight() const { return in_flight_count_ > 0; }

  // Whether so many more are acknowledged within two minutes.
  bool GoOn(int count) const {
    const Deadline patience = Deadline::In(std::chrono::minutes(2));
    const int wanted = acknowledged_count_ + count;
    while (acknowledged_count_ < wanted && !patience.HasPassed()) poll(nullptr, 0, 5);
    return acknowledged_count_ >= wanted;
  }

  // Of the points that were acknowledged; -1 when the index does not answer in two minutes.
  // REQUIRES: stopped.
  int CountLost() const {
    const auto index = IndexAt(address_);
    const Deadline patience = Deadline::In(std::chrono::minutes(2));
    auto held = index->Scan({}, 1'000, false, patience);
    while (!held.has_value() && !patience.HasPassed()) {
      poll(nullptr, 0, 50);
      held = index->Scan({}, 1'000, false, patience);
    }
    if (!held.has_value()) return -1;
    std::map<RecordId, Stamp> stamps;
    for (const HeldPoint& point : *held) stamps[point.id] = point.stamp;
    int lost_count = 0;
    for (const auto& [id, stamp] : acknowledged_) lost_count += stamps[id] < stamp ? 1 : 0;
    return lost_count;
  }

 private:
  void Write(std::uint64_t seed) {
    const auto index = IndexAt(address_);
    RandomPoints values(seed);
    while (!is_over_) {
      std::vector<VectorWrite> writes;
      for (int i = 0; i < 8; ++i) {
        writes.push_back(values.Point(++last_stamp_));
        writes.back().id = ids_[values.Below(ids_.size())];
        writes.back().members = {};
        if (values.Below(5) == 0) writes.back().embedding.reset();
      }
      ++in_flight_count_;
      const auto applied = index->Apply(writes, Deadline::In(patience_));
      --in_flight_count_;
      if (applied.has_value()) {
        Note(writes, *applied);
      } else {
        poll(nullptr, 0, 10);  // Refused at once while the node is down.
      }
    }
  }

  void Note(const std::vector<VectorWrite>& writes, const std::vector<ApplyResult>& results) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < writes.size(); ++i) {
      if (results[i].status == ApplyStatus::kRefused) continue;
      Stamp& stamp = acknowledged_[writes[i].id];
      stamp = std::max(stamp, results[i].held_stamp);
      ++acknowledged_count_;
    }
  }

  const std::string address_;
  const Duration patience_;
  std::vector<RecordId> ids_;
  std::mutex mutex_;
  std::map<RecordId, Stamp> acknowledged_;
  std::atomic<Stamp> last_stamp_ = 0;
  std::atomic<int> acknowledged_count_ = 0;
  std::atomic<int> in_flight_count_ = 0;
  std::atomic<bool> is_over_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace datastorage::opensearch
