// Words: how people's text and records' texts become terms of the text index.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "domain/records.h"

namespace datastorage::sqlite {

// summary, root_cause, recommendation, error_message; empty where absent.
struct IndexedTexts {
  std::array<std::string_view, 4> texts;  // Views into the record's body.
  std::string name_parts;

  bool operator==(const IndexedTexts&) const = default;
};
IndexedTexts IndexedTextsOf(const RecordBody& body);

// The parts of words with inner capitals, such as "Crash Loop Back Off" for "CrashLoopBackOff" and
// "OOM Killed" for "OOMKilled", in order, joined by spaces. Words without are left out.
std::string NameParts(std::string_view text);

// An FTS5 query for records that hold any word of a person's text, or nothing if there is no word.
// Each term is quoted: nothing in the text acts as a query language. Joined words ("a_b-c.d",
// "CrashLoopBackOff") are looked for whole and in parts. Common English words are left out unless
// there are no others. At most limits::kTextSearchTermCountMax terms.
std::string TextQuery(std::string_view text);

}  // namespace datastorage::sqlite
