// UTF-8 text and its code points, which length limits count.
#pragma once

#include <cstddef>
#include <string_view>

namespace datastorage::schema {

// Whether all bytes belong to characters: none overlong, no surrogates (RFC 3629).
bool IsUtf8(std::string_view text);

// The others take UTF-8; of other bytes the answers mean little, but they do no harm.
std::size_t CodePointCount(std::string_view text);

// The first `count_max` code points.
std::string_view CodePointPrefix(std::string_view text, std::size_t count_max);

// Whether no character lacks the Unicode property White_Space.
bool IsBlank(std::string_view text);

}  // namespace datastorage::schema
