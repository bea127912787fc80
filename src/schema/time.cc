#include "schema/time.h"

#include <array>
#include <cstdio>

namespace datastorage::schema {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr std::size_t kFractionDigitCountMax = 6;
constexpr Duration kDurationMax = days(36'525);

bool IsDigit(char character) {
  return character >= '0' && character <= '9';
}

// Reads a text from its beginning; every Take… answers nothing, for good, once one has failed.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // Exactly `count` digits.
  int TakeNumber(std::size_t count) {
    if (rest_.size() < count) return Fail();
    int value = 0;
    for (const char digit : rest_.substr(0, count)) {
      if (!IsDigit(digit)) return Fail();
      value = value * 10 + (digit - '0');
    }
    rest_.remove_prefix(count);
    return value;
  }

  char TakeOneOf(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
      Fail();
      return '\0';
    }
    const char taken = rest_.front();
    rest_.remove_prefix(1);
    return taken;
  }

  // "" or "." and digits, cut to the microsecond.
  Duration TakeFraction() {
    if (!rest_.starts_with('.')) return Duration::zero();
    rest_.remove_prefix(1);
    std::size_t digit_count = 0;
    std::int64_t value = 0;
    for (; digit_count < rest_.size() && IsDigit(rest_[digit_count]); ++digit_count) {
      if (digit_count < kFractionDigitCountMax) value = value * 10 + (rest_[digit_count] - '0');
    }
    if (digit_count == 0) Fail();
    rest_.remove_prefix(digit_count);
    for (; digit_count < kFractionDigitCountMax; ++digit_count) value *= 10;
    return Duration(value);
  }

  bool IsAtEnd() const { return !has_failed_ && rest_.empty(); }

 private:
  int Fail() {
    has_failed_ = true;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool has_failed_ = false;
};

std::optional<WallTime> TakeDate(Reader& reader) {
  const int year = reader.TakeNumber(4);
  reader.TakeOneOf("-");
  const int month = reader.TakeNumber(2);
  reader.TakeOneOf("-");
  const int day = reader.TakeNumber(2);
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (year < 1 || !date.ok()) return std::nullopt;
  return WallTime(sys_days(date));
}

std::optional<Duration> TakeOffset(Reader& reader) {
  const char sign = reader.TakeOneOf("Zz+-");
  if (sign == 'Z' || sign == 'z') return Duration::zero();
  const int hour = reader.TakeNumber(2);
  reader.TakeOneOf(":");
  const int minute = reader.TakeNumber(2);
  if (hour > 23 || minute > 59) return std::nullopt;
  const Duration offset = hours(hour) + minutes(minute);
  return sign == '-' ? -offset : offset;
}

bool IsInRange(WallTime time) {
  static constexpr WallTime kFirst = sys_days(std::chrono::year(1) / 1 / 1);
  static constexpr WallTime kEnd = sys_days(std::chrono::year(9999) / 12 / 31) + days(1);
  return time >= kFirst && time < kEnd;
}

std::optional<Duration> UnitOf(std::string_view name) {
  if (name == "ms") return std::chrono::milliseconds(1);
  if (name == "s") return seconds(1);
  if (name == "m") return minutes(1);
  if (name == "h") return hours(1);
  if (name == "d") return days(1);
  return std::nullopt;
}

}  // namespace

std::string FormatTime(WallTime time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(),
                buffer.size(),
                "%04d-%02u-%02uT%02d:%02d:%02d",
                static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()),
                static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  std::string text = buffer.data();
  if (const auto fraction = clock.subseconds().count(); fraction != 0) {
    std::snprintf(buffer.data(), buffer.size(), ".%06d", static_cast<int>(fraction));
    text += buffer.data();
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + "Z";
}

std::optional<WallTime> ParseTime(std::string_view text) {
  Reader reader(text);
  const std::optional<WallTime> date = TakeDate(reader);
  if (!date.has_value()) return std::nullopt;
  reader.TakeOneOf("Tt");
  const int hour = reader.TakeNumber(2);
  reader.TakeOneOf(":");
  const int minute = reader.TakeNumber(2);
  reader.TakeOneOf(":");
  const int second = reader.TakeNumber(2);
  const Duration fraction = reader.TakeFraction();
  const std::optional<Duration> offset = TakeOffset(reader);
  if (!offset.has_value() || !reader.IsAtEnd()) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const WallTime whole = *date + hours(hour) + minutes(minute) + seconds(second) - *offset;
  // Leap seconds are inserted before midnight UTC and nowhere else.
  if (second == 60 && whole != std::chrono::floor<days>(whole)) return std::nullopt;
  const WallTime time = whole + fraction;
  if (!IsInRange(time)) return std::nullopt;
  return time;
}

std::optional<Duration> ParseDuration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  Duration total = Duration::zero();
  while (!text.empty()) {
    std::size_t digit_count = 0;
    std::int64_t value = 0;
    for (; digit_count < text.size() && IsDigit(text[digit_count]); ++digit_count) {
      value = value * 10 + (text[digit_count] - '0');
      if (value > kDurationMax.count()) return std::nullopt;
    }
    text.remove_prefix(digit_count);
    std::size_t unit_length = 0;
    while (unit_length < text.size() && !IsDigit(text[unit_length])) ++unit_length;
    const std::optional<Duration> unit = UnitOf(text.substr(0, unit_length));
    if (digit_count == 0 || !unit.has_value()) return std::nullopt;
    if (value > (kDurationMax - total) / *unit) return std::nullopt;
    total += value * *unit;
    text.remove_prefix(unit_length);
  }
  return total;
}

}  // namespace datastorage::schema
