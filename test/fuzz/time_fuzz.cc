// Fuzz: a text that is a time means the same when it is written and read again; a duration is
// within its bounds.
// Links: ds_schema
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "schema/time.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace datastorage;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  if (const std::optional<WallTime> time = schema::ParseTime(text)) {
    const std::string formatted = schema::FormatTime(*time);
    DS_CHECK(schema::ParseTime(formatted) == time);
    DS_CHECK(formatted.size() >= 20 && formatted.size() <= 27);
  }
  if (const std::optional<Duration> duration = schema::ParseDuration(text)) {
    DS_CHECK(*duration >= Duration::zero());
    DS_CHECK(*duration <= std::chrono::hours(24) * 36'525);
  }
  return 0;
}
