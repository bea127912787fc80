// SerialIds: a mutant for the simulator, ids from a sequence.
#pragma once

#include "sim/sim_truth.h"
#include "sim/sim_uuids.h"

namespace datastorage {

// It hands out again what was never committed.
class SerialIds final : public UuidSource {
 public:
  SerialIds(FiberRuntime& runtime, SimTruth& truth) : random_(runtime), truth_(truth) {}
  Uuid MakeVersion4() override { return random_.MakeVersion4(); }
  Uuid MakeVersion7() override {
    const std::shared_ptr<const FakeState> state = truth_.State();
    Uuid id;
    id.bytes[15] = static_cast<std::uint8_t>(state->records.size() + state->erasures.size() + 1);
    return id;
  }

 private:
  SimUuids random_;
  SimTruth& truth_;
};

}  // namespace datastorage
