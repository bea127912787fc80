// Published: a pointer that readers follow without a lock while the writer swaps it. The writer
// waits for the readers of the old object before it frees it (read-copy-update with two counters).
//
// Why it is right. All atomics are sequentially consistent. A reader: (1) reads the epoch e,
// (2) raises the counter of e's parity, (3) reads the epoch again, and starts over unless it is
// still e, (4) reads the pointer. The writer: (a) swaps the pointer, (b) raises the epoch from e,
// (c) waits until the counter of e's parity is zero.
// - A reader that passed (3) with e did so before (b), so (c) sees its counter until it leaves.
// - A reader that passed (3) with e + 1 did so after (b), hence after (a): it sees the new object.
// - Readers of epoch e − 1 share the parity of e + 1; the previous Publish waited them out.
// A reader between (2) and a failed (3) can only delay the writer, and goes at once.
//
// Threads:     Read() from any; Publish() and writer() from one thread at a time.
// Limitations: a thread that calls Publish() while it holds a Reading waits for ever.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

namespace datastorage::scan {

template <class T>
class Published {
 public:
  // Keeps the object alive for a scope.
  class [[nodiscard]] Reading {
   public:
    Reading(const T* object, std::atomic<std::int64_t>* count) : object_(object), count_(count) {}
    ~Reading() { count_->fetch_sub(1); }
    Reading(const Reading&) = delete;
    Reading& operator=(const Reading&) = delete;
    const T& operator*() const { return *object_; }
    const T* operator->() const { return object_; }

   private:
    const T* object_;
    std::atomic<std::int64_t>* count_;
  };

  explicit Published(std::unique_ptr<T> first) : owned_(std::move(first)), current_(owned_.get()) {}

  Reading Read() const {
    while (true) {
      const std::uint64_t epoch = epoch_.load();
      std::atomic<std::int64_t>& count = readers_[epoch % 2].count;
      count.fetch_add(1);
      if (epoch_.load() == epoch) return Reading(current_.load(), &count);
      count.fetch_sub(1);
    }
  }

  // The current object, for its one writer.
  T& writer() { return *owned_; }

  // Blocks until the last reader of the old object has left, then frees it.
  void Publish(std::unique_ptr<T> next) {
    const std::unique_ptr<T> old = std::exchange(owned_, std::move(next));
    current_.store(owned_.get());
    const std::uint64_t epoch = epoch_.fetch_add(1);
    while (readers_[epoch % 2].count.load() != 0) std::this_thread::yield();
  }

 private:
  // A cache line each.
  struct alignas(64) ReaderCount {
    std::atomic<std::int64_t> count{0};
  };

  std::unique_ptr<T> owned_;
  std::atomic<const T*> current_;
  std::atomic<std::uint64_t> epoch_{0};
  mutable std::array<ReaderCount, 2> readers_;
};

}  // namespace datastorage::scan
