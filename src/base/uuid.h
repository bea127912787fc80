// Uuid: 128 bits, written in the lower-case form of RFC 9562. Ordering is by
// bytes, so version 7 ids sort by the time they were made.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace datastorage {

struct Uuid {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Uuid&) const = default;
  std::string ToString() const;
  // Accepts exactly 8-4-4-4-12 hex digits, either case.
  static std::optional<Uuid> Parse(std::string_view text);
};

// Makes ids. Thread-safe; the ids of one source rise strictly, even when the
// clock stands still or steps back.
class UuidSource {
 public:
  virtual ~UuidSource() = default;
  virtual Uuid MakeVersion7() = 0;
  virtual Uuid MakeVersion4() = 0;
};

// Random bits from the operating system, time from the machine. Lives as long as
// the process.
UuidSource& SystemUuidSource();

}  // namespace datastorage

template <>
struct std::hash<datastorage::Uuid> {
  std::size_t operator()(const datastorage::Uuid& id) const noexcept {
    // The last eight bytes of both versions are random.
    std::uint64_t tail = 0;
    std::memcpy(&tail, id.bytes.data() + 8, sizeof tail);
    return static_cast<std::size_t>(tail);
  }
};
