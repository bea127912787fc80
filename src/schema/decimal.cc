#include "schema/decimal.h"

#include <algorithm>
#include <charconv>

namespace datastorage::schema {
namespace {

constexpr std::int64_t kExponentMax = 1'000'000'000'000'000;
constexpr std::int64_t kPlainDigitCountMax = 21;
constexpr std::int64_t kPlainLeadingZeroCountMax = 6;

std::int64_t ParseExponent(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  if (is_negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  for (const char digit : text) value = std::min(kExponentMax, value * 10 + (digit - '0'));
  return is_negative ? -value : value;
}

}  // namespace

Decimal ParseDecimal(std::string_view number) {
  Decimal decimal;
  decimal.is_negative = number.starts_with('-');
  if (decimal.is_negative) number.remove_prefix(1);
  const std::size_t mark = std::min(number.find_first_of("eE"), number.size());
  if (mark < number.size()) decimal.exponent = ParseExponent(number.substr(mark + 1));
  const std::string_view mantissa = number.substr(0, mark);
  const std::size_t point = std::min(mantissa.find('.'), mantissa.size());
  decimal.digits = mantissa.substr(0, point);
  if (point < mantissa.size()) {
    decimal.digits += mantissa.substr(point + 1);
    decimal.exponent -= static_cast<std::int64_t>(mantissa.size() - point - 1);
  }
  const std::size_t last = decimal.digits.find_last_not_of('0');
  if (last == std::string::npos) return {};
  decimal.exponent += static_cast<std::int64_t>(decimal.digits.size() - last - 1);
  decimal.digits.resize(last + 1);
  decimal.digits.erase(0, decimal.digits.find_first_not_of('0'));
  return decimal;
}

std::optional<std::int64_t> ToInteger(const Decimal& decimal) {
  if (!decimal.IsInteger()) return std::nullopt;
  if (decimal.digits.empty()) return 0;
  if (static_cast<std::int64_t>(decimal.digits.size()) + decimal.exponent > 19) return std::nullopt;
  std::string text = decimal.is_negative ? "-" : "";
  text += decimal.digits;
  text.append(static_cast<std::size_t>(decimal.exponent), '0');
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{}) return std::nullopt;
  return value;
}

std::string ToText(const Decimal& decimal) {
  if (decimal.digits.empty()) return "0";
  const auto digit_count = static_cast<std::int64_t>(decimal.digits.size());
  const std::int64_t point = digit_count + decimal.exponent;  // Digits before the point.
  std::string text = decimal.is_negative ? "-" : "";
  if (decimal.exponent >= 0 && point <= kPlainDigitCountMax) {
    return text + decimal.digits + std::string(static_cast<std::size_t>(decimal.exponent), '0');
  }
  if (point > 0 && point <= kPlainDigitCountMax) {
    const auto whole = static_cast<std::size_t>(point);
    return text + decimal.digits.substr(0, whole) + "." + decimal.digits.substr(whole);
  }
  if (point <= 0 && point > -kPlainLeadingZeroCountMax) {
    return text + "0." + std::string(static_cast<std::size_t>(-point), '0') + decimal.digits;
  }
  text += decimal.digits.substr(0, 1);
  if (digit_count > 1) text.append(".").append(decimal.digits, 1);
  return text + "e" + (point > 0 ? "+" : "") + std::to_string(point - 1);
}

}  // namespace datastorage::schema
