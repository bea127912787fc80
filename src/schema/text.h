// Code points of UTF-8 text: what length limits count.
#pragma once

#include <cstddef>
#include <string_view>

namespace datastorage::schema {

// All take UTF-8; of other bytes the answers mean little, but they do no harm.
std::size_t CodePointCount(std::string_view text);

// The first `count_max` code points.
std::string_view CodePointPrefix(std::string_view text, std::size_t count_max);

// Whether no character lacks the Unicode property White_Space.
bool IsBlank(std::string_view text);

}  // namespace datastorage::schema
