// SimTruth: the record store under a simulated history, the fake or a real one: what serves the
// calls, and what is committed, for the checks.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "fake/fake_record_store.h"

namespace datastorage {

class SimTruth {
 public:
  virtual ~SimTruth() = default;

  virtual RecordStore& store() = 0;
  // What is committed now. Of keys, claims and older versions only the fake's has any.
  virtual std::shared_ptr<const FakeState> State() = 0;
  // Called after each commit, and each power cut, with what is committed then.
  virtual void OnCommitted(std::function<void(const FakeState&)> watch) = 0;
  // What need not be durable may be gone. Calls go on.
  virtual void CutPower() = 0;
  // Not empty: what was stored could not be read again, and all of it is gone.
  virtual std::string Damage() const { return ""; }
  // Ends with the process it is in, and comes back as that left it. Nothing where it has its own.
  virtual void EndWithProcess() {}
};

class SimFakeTruth final : public SimTruth {
 public:
  SimFakeTruth(const Clock& clock, std::function<void()> yield, const FakeMutants& mutants)
      : store_(clock, std::move(yield), mutants) {}

  RecordStore& store() override { return store_; }
  std::shared_ptr<const FakeState> State() override { return store_.State(); }
  void OnCommitted(std::function<void(const FakeState&)> watch) override {
    store_.OnCommitted(std::move(watch));
  }
  void CutPower() override { store_.CutPower(); }

 private:
  FakeRecordStore store_;
};

}  // namespace datastorage
