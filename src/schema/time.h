// Times as records carry them: RFC 3339 with offset in, UTC out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace datastorage::schema {

// "2026-03-01T00:02:18.727Z": as many fraction digits as needed, none when zero, at most six.
std::string FormatTime(WallTime time);

// RFC 3339 date-time, years 0001…9999, any offset; fractions beyond the microsecond are cut
// towards the past; a leap second (":60") becomes the next second. nullopt when malformed.
std::optional<WallTime> ParseTime(std::string_view text);

// "24h", "7d", "30s", "5m", "250ms", also joined as in "1h30m"; nullopt when malformed,
// negative or over a hundred years.
std::optional<Duration> ParseDuration(std::string_view text);

}  // namespace datastorage::schema
