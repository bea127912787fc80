// Decimal: the exact value of a JSON number, so that 1, 1.0 and 1e0 are one number and
// 12345678901234567890 is not rounded on the way through a double.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace datastorage::schema {

// digits × 10^exponent; no leading or trailing zeros. Zero: no digits, not negative.
struct Decimal {
  bool is_negative = false;
  std::string digits;
  std::int64_t exponent = 0;  // Saturates at ±10^15.

  bool operator==(const Decimal&) const = default;
  bool IsInteger() const { return exponent >= 0; }
};

// REQUIRES: `number` follows the number grammar of RFC 8259.
Decimal ParseDecimal(std::string_view number);

// nullopt when it is no integer or does not fit.
std::optional<std::int64_t> ToInteger(const Decimal& decimal);

// Equal for equal values: plain notation from 1e-6 up to 21 digits, else as in "1.5e-7".
std::string ToText(const Decimal& decimal);

}  // namespace datastorage::schema
