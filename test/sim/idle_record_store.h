// IdleRecordStore: the simulator's record store over the fake, outside of fibers, where nothing
// goes wrong: it must be as good as what it wraps.
#pragma once

#include "fake/fake_record_store.h"
#include "sim/sim_record_store.h"

namespace datastorage {

struct IdleWorld {
  explicit IdleWorld(const Clock& clock) : fake(clock) {}
  FiberRuntime runtime{{}};
  FaultCounts counts;
  FakeRecordStore fake;
};
struct IdleRecordStore : IdleWorld, SimRecordStore {
  explicit IdleRecordStore(const Clock& clock)
      : IdleWorld(clock), SimRecordStore(runtime, counts, fake) {}
};

}  // namespace datastorage
