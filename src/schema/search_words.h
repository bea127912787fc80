// What records are searched by and what people search for, cut into terms; every store that finds
// by words starts from these.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "domain/records.h"

namespace datastorage::schema {

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

// What a person's text asks for: terms of one word, or of several that were joined ("a_b-c.d") and
// are meant in that order. Joined words and names ("CrashLoopBackOff") are looked for whole and in
// parts. Common English words are left out unless there are no others. At most
// limits::kTextSearchTermCountMax terms, of word bytes and the joiners _-./: only.
std::vector<std::string> QueryTerms(std::string_view text);

}  // namespace datastorage::schema
