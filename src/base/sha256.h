// SHA-256, for content hashes and cache keys.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace datastorage {

using Sha256 = std::array<std::uint8_t, 32>;

// Hash of the parts, each preceded by its length in eight bytes, so that
// ("ab", "c") and ("a", "bc") differ.
Sha256 Sha256Of(std::initializer_list<std::string_view> parts);
// Keyed hash (RFC 2104).
Sha256 HmacSha256(std::string_view key, std::string_view message);
// 64 lower-case hex digits.
std::string ToHex(const Sha256& hash);

}  // namespace datastorage
