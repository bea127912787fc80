// StoreJournal: what a store that may break off at any moment must hold afterwards. Each call goes
// to the store and to the fake, which shares no code with it; after a break the store must be in
// one of the states that the answers allow.
//
// Threads: none.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fake/fake_record_store.h"
#include "support/record_text.h"

namespace datastorage {

// What a break may undo.
enum class CallKind : std::uint8_t {
  kDurable,  // Nothing, once it was answered.
  kLight,    // Losing it costs a repetition only.
};

class StoreJournal {
 public:
  explicit StoreJournal(const Clock& clock) : model_(clock) { Begin(model_.State()); }

  // Makes the call. False when the store failed: it has changed nothing then, unless it said that
  // the outcome is unknown.
  template <class CallOf>
  bool Call(RecordStore& store, CallKind kind, CallOf call) {
    const std::shared_ptr<const FakeState> before = model_.State();
    const auto answer = call(store);
    const auto expected = call(static_cast<RecordStore&>(model_));
    if (TextOf(answer) == TextOf(expected)) {
      Acknowledge(kind);
      return true;
    }
    EXPECT_FALSE(answer.has_value()) << TextOf(answer) << "instead of\n" << TextOf(expected);
    if (!answer.has_value() && answer.error().code == ErrorCode::kOutcomeUnknown) {
      in_flight_ = model_.State();
    }
    model_.Restore(before);
    return false;
  }

  // Compares the store's dump with the states it may be in, and goes on from the one it is in.
  // Returns how many acknowledged calls it has lost, -1 when it is in none that ever was.
  int Compare(const std::string& dump);

  // Of the last Compare: whether the call that was under way has happened.
  bool has_kept_in_flight() const { return has_kept_in_flight_; }
  std::size_t acknowledged_count() const { return acknowledged_count_; }
  FakeRecordStore& model() { return model_; }
  // Starts from a state of the past.
  void Begin(const std::shared_ptr<const FakeState>& state);

 private:
  void Acknowledge(CallKind kind);

  FakeRecordStore model_;
  struct PastState {
    std::shared_ptr<const FakeState> state;
    std::size_t acknowledged_count = 0;
  };
  std::vector<PastState> past_;  // A store in one of them has lost something.
  std::vector<std::shared_ptr<const FakeState>> allowed_;  // The last one is the newest.
  std::shared_ptr<const FakeState> in_flight_;             // nullptr: nothing was under way.
  std::string newest_dump_;
  std::size_t acknowledged_count_ = 0;  // Durable calls that wrote something.
  bool has_kept_in_flight_ = false;
};

}  // namespace datastorage
