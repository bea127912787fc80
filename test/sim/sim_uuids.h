// SimUuids: ids that a seed decides, rising with the simulated clock.
#pragma once

#include <algorithm>
#include <cstring>

#include "base/uuid.h"
#include "sim/fiber_runtime.h"

namespace datastorage {

class SimUuids final : public UuidSource {
 public:
  explicit SimUuids(FiberRuntime& runtime) : runtime_(runtime), random_(runtime.random().Fork()) {}

  // Milliseconds, then a counter that makes the ids of this source rise, then chance.
  Uuid MakeVersion7() override {
    const auto now = std::chrono::floor<std::chrono::milliseconds>(runtime_.WallNow());
    const auto ticks = static_cast<std::uint64_t>(now.time_since_epoch().count());
    if (ticks > last_ticks_) count_ = 0;
    last_ticks_ = std::max(ticks, last_ticks_);
    Uuid id = MakeVersion4();
    for (std::size_t i = 0; i < 6; ++i) {
      id.bytes[i] = static_cast<std::uint8_t>(last_ticks_ >> (40 - 8 * i));
    }
    ++count_;
    id.bytes[6] = static_cast<std::uint8_t>(0x70 | ((count_ >> 8) & 0xF));
    id.bytes[7] = static_cast<std::uint8_t>(count_);
    return id;
  }

  Uuid MakeVersion4() override {
    Uuid id;
    for (std::size_t half = 0; half < 2; ++half) {
      const std::uint64_t bits = random_.Next();
      std::memcpy(id.bytes.data() + 8 * half, &bits, sizeof bits);
    }
    id.bytes[6] = static_cast<std::uint8_t>(0x40 | (id.bytes[6] & 0xF));
    id.bytes[8] = static_cast<std::uint8_t>(0x80 | (id.bytes[8] & 0x3F));
    return id;
  }

 private:
  FiberRuntime& runtime_;
  SimRandom random_;
  std::uint64_t last_ticks_ = 0;
  std::uint32_t count_ = 0;
};

}  // namespace datastorage
