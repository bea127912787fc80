#include "base/uuid.h"

#include <sys/random.h>

#include <algorithm>
#include <mutex>

#include "base/check.h"

namespace datastorage {
namespace {

constexpr std::array<std::size_t, 4> kDashPositions{8, 13, 18, 23};

bool IsDashPosition(std::size_t position) {
  for (const std::size_t dash : kDashPositions) {
    if (position == dash) return true;
  }
  return false;
}

int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

void SetVersion(Uuid& id, unsigned version) {
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0FU) | (version << 4U));
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3FU) | 0x80U);
}

// RFC 9562, section 6.2, method 1: 48 bits of milliseconds, then a 12-bit counter
// that also absorbs a clock that does not advance, then 62 random bits.
class MachineUuidSource final : public UuidSource {
 public:
  Uuid MakeVersion7() override {
    const std::uint64_t ticks = NextTicks();
    Uuid id = Random();
    const std::uint64_t milliseconds = ticks >> 12U;
    for (unsigned i = 0; i < 6; ++i) {
      id.bytes[i] = static_cast<std::uint8_t>(milliseconds >> (40U - 8U * i));
    }
    id.bytes[6] = static_cast<std::uint8_t>((ticks >> 8U) & 0x0FU);
    id.bytes[7] = static_cast<std::uint8_t>(ticks);
    SetVersion(id, 7);
    return id;
  }

  Uuid MakeVersion4() override {
    Uuid id = Random();
    SetVersion(id, 4);
    return id;
  }

 private:
  // Random bytes for some ids to come, of one thread: a system call for each costs more than all
  // the rest. No secret: what must not be guessed is not made of ids.
  struct Pool {
    std::array<std::uint8_t, 512> bytes{};
    std::size_t used = bytes.size();
  };

  static Uuid Random() {
    static thread_local Pool pool;
    if (pool.used == pool.bytes.size()) {
      // Up to 256 bytes always come whole.
      for (std::size_t at = 0; at < pool.bytes.size(); at += 256) {
        DS_CHECK(getrandom(pool.bytes.data() + at, 256, 0) == 256);
      }
      pool.used = 0;
    }
    Uuid id;
    std::copy_n(pool.bytes.data() + pool.used, id.bytes.size(), id.bytes.begin());
    pool.used += id.bytes.size();
    return id;
  }

  // Milliseconds and counter in one number that only rises.
  std::uint64_t NextTicks() {
    const auto now = SystemClock().WallNow().time_since_epoch();
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
    const std::uint64_t ticks = static_cast<std::uint64_t>(milliseconds) << 12U;
    const std::lock_guard<std::mutex> lock(mutex_);
    last_ticks_ = ticks > last_ticks_ ? ticks : last_ticks_ + 1;
    return last_ticks_;
  }

  std::mutex mutex_;
  std::uint64_t last_ticks_ = 0;
};

}  // namespace

std::string Uuid::ToString() const {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(36);
  for (const std::uint8_t byte : bytes) {
    if (IsDashPosition(text.size())) text.push_back('-');
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 0x0FU]);
  }
  return text;
}

std::optional<Uuid> Uuid::Parse(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  Uuid id;
  std::size_t nibble = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (IsDashPosition(i)) {
      if (text[i] != '-') return std::nullopt;
      continue;
    }
    const int value = HexValue(text[i]);
    if (value < 0) return std::nullopt;
    std::uint8_t& byte = id.bytes[nibble / 2];
    byte = static_cast<std::uint8_t>((byte << 4U) | static_cast<unsigned>(value));
    ++nibble;
  }
  return id;
}

UuidSource& SystemUuidSource() {
  static MachineUuidSource source;
  return source;
}

}  // namespace datastorage
