// The words of a text as text indexes keep them: cut, folded and stemmed as SQLite's
// "porter unicode61 remove_diacritics 2" does, so that every store finds and ranks alike whatever
// its server's locale and version.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace datastorage::schema {

// In order. Words are letters, digits and private-use characters; case and accents of Latin letters
// are folded. A word of over kStemByteCountMax bytes is cut there: UTF-8 stays whole.
inline constexpr std::size_t kStemByteCountMax = 1'024;
std::vector<std::string> StemmedWords(std::string_view text);

}  // namespace datastorage::schema
