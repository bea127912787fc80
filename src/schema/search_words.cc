#include "schema/search_words.h"

#include <algorithm>
#include <set>

#include "base/limits.h"

namespace datastorage::schema {
namespace {

constexpr std::array<std::string_view, 48> kCommonWords{
    "a",    "after", "all", "an",   "and",  "are",  "as",    "at",   "be",    "been",
    "but",  "by",    "can", "did",  "do",   "does", "for",   "from", "had",   "has",
    "have", "how",   "i",   "in",   "into", "is",   "it",    "its",  "my",    "of",
    "on",   "or",    "our", "so",   "that", "the",  "their", "then", "there", "this",
    "to",   "was",   "we",  "were", "what", "when", "which", "with"};

bool IsUpper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
// Bytes beyond ASCII belong to words: the tokenizer knows which of them separate.
bool IsWordByte(char c) {
  return IsUpper(c) || IsLower(c) || IsDigit(c) || static_cast<unsigned char>(c) >= 0x80;
}
bool IsJoiner(char c) {
  return c == '_' || c == '-' || c == '.' || c == '/' || c == ':';
}

std::string Lowered(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](char c) {
    return IsUpper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lowered;
}

// Whether a part of a name begins at `at`: "loopBack" and "OOMKilled" before the K.
bool BeginsPart(std::string_view word, std::size_t at) {
  if (!IsUpper(word[at])) return false;
  if (IsLower(word[at - 1]) || IsDigit(word[at - 1])) return true;
  return IsUpper(word[at - 1]) && at + 1 < word.size() && IsLower(word[at + 1]);
}

std::vector<std::string_view> PartsOf(std::string_view word) {
  std::vector<std::string_view> parts;
  std::size_t from = 0;
  for (std::size_t at = 1; at < word.size(); ++at) {
    if (!BeginsPart(word, at)) continue;
    parts.push_back(word.substr(from, at - from));
    from = at;
  }
  parts.push_back(word.substr(from));
  return parts;
}

// Calls `visit` with each maximal run of bytes for which `belongs` holds.
template <class Belongs, class Visit>
void ForEachRun(std::string_view text, Belongs belongs, Visit visit) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (!belongs(text[at])) {
      ++at;
      continue;
    }
    const std::size_t from = at;
    while (at < text.size() && belongs(text[at])) ++at;
    visit(text.substr(from, at - from));
  }
}

class TermList {
 public:
  void Add(std::string_view term) {
    if (terms_.size() < limits::kTextSearchTermCountMax && seen_.insert(Lowered(term)).second) {
      terms_.emplace_back(term);
    }
  }

  // A run of words joined as in "a_b-c.d": whole, then each word, then the parts of names.
  void AddJoined(std::string_view run) {
    std::size_t word_count = 0;
    ForEachRun(run, IsWordByte, [&](std::string_view) { ++word_count; });
    if (word_count > 1) Add(run);
    ForEachRun(run, IsWordByte, [&](std::string_view word) {
      Add(word);
      const std::vector<std::string_view> parts = PartsOf(word);
      if (parts.size() < 2) return;
      for (const std::string_view part : parts) Add(part);
    });
  }

  std::vector<std::string> Take() {
    const auto is_common = [](const std::string& term) {
      return std::binary_search(kCommonWords.begin(), kCommonWords.end(), Lowered(term));
    };
    if (!std::all_of(terms_.begin(), terms_.end(), is_common)) std::erase_if(terms_, is_common);
    return std::move(terms_);
  }

 private:
  std::vector<std::string> terms_;
  std::set<std::string> seen_;
};

template <class Body>
IndexedTexts TextsOf(const Body& body) {
  const auto view = [](const std::optional<std::string>& text) {
    return text.has_value() ? std::string_view(*text) : std::string_view();
  };
  IndexedTexts indexed;
  indexed.texts[0] = view(body.summary);
  if constexpr (requires { body.root_cause; }) indexed.texts[1] = view(body.root_cause);
  if constexpr (requires { body.recommendation; }) indexed.texts[2] = view(body.recommendation);
  if constexpr (requires { body.error_message; }) indexed.texts[3] = view(body.error_message);
  for (const std::string_view text : indexed.texts) {
    const std::string parts = NameParts(text);
    if (parts.empty()) continue;
    if (!indexed.name_parts.empty()) indexed.name_parts += " ";
    indexed.name_parts += parts;
  }
  return indexed;
}

}  // namespace

IndexedTexts IndexedTextsOf(const RecordBody& body) {
  return std::visit([](const auto& of_kind) { return TextsOf(of_kind); }, body);
}

std::string NameParts(std::string_view text) {
  std::string joined;
  ForEachRun(text, IsWordByte, [&](std::string_view word) {
    const std::vector<std::string_view> parts = PartsOf(word);
    if (parts.size() < 2) return;
    for (const std::string_view part : parts) {
      if (!joined.empty()) joined += " ";
      joined += part;
    }
  });
  return joined;
}

std::vector<std::string> QueryTerms(std::string_view text) {
  TermList terms;
  ForEachRun(
      text,
      [](char c) { return IsWordByte(c) || IsJoiner(c); },
      [&](std::string_view run) { terms.AddJoined(run); });
  return terms.Take();
}

}  // namespace datastorage::schema
