// After M. F. Porter, "An algorithm for suffix stripping", Program 14 (3), 1980; the names of the
// conditions are its own: m counts sequences of a vowel and a consonant.
#include "schema/porter_stem.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace datastorage::schema {
namespace {

constexpr std::size_t kByteCountLeast = 3;
constexpr std::size_t kByteCountMost = 64;

// y is a vowel after a consonant.
bool IsVowel(char c, bool is_after_consonant) {
  return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' ||
         (is_after_consonant && c == 'y');
}

// m: how often a consonant follows a vowel.
int Measure(std::string_view stem) {
  int count = 0;
  bool is_consonant = false;
  bool was_vowel = false;
  for (const char c : stem) {
    is_consonant = !IsVowel(c, is_consonant);
    if (is_consonant && was_vowel) ++count;
    was_vowel = !is_consonant;
  }
  return count;
}

bool HasVowel(std::string_view stem) {
  for (std::size_t i = 0; i < stem.size(); ++i) {
    if (IsVowel(stem[i], i > 0)) return true;
  }
  return false;
}

// *o: ends in consonant, vowel, consonant, the last not w, x or y.
bool EndsShort(std::string_view stem) {
  if (stem.size() < 3) return false;
  const char last = stem.back();
  if (last == 'w' || last == 'x' || last == 'y') return false;
  bool is_consonant = false;
  unsigned forms = 0;
  for (const char c : stem) {
    is_consonant = !IsVowel(c, is_consonant);
    forms = (forms << 1U) | (is_consonant ? 1U : 0U);
  }
  return (forms & 7U) == 5U;
}

bool IsLetter(char c) {
  return c >= 'a' && c <= 'z';
}

struct Rule {
  std::string_view suffix;
  std::string_view replacement;
};

constexpr Rule kStep2[]{
    {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"},   {"anci", "ance"}, {"izer", "ize"},
    {"logi", "log"},    {"bli", "ble"},     {"alli", "al"},     {"entli", "ent"}, {"eli", "e"},
    {"ousli", "ous"},   {"ization", "ize"}, {"ation", "ate"},   {"ator", "ate"},  {"alism", "al"},
    {"iveness", "ive"}, {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"},  {"iviti", "ive"},
    {"biliti", "ble"}};
constexpr Rule kStep3[]{{"ical", "ic"},
                        {"ness", ""},
                        {"icate", "ic"},
                        {"iciti", "ic"},
                        {"ful", ""},
                        {"ative", ""},
                        {"alize", "al"}};
constexpr Rule kStep4[]{{"al", ""},
                        {"ance", ""},
                        {"ence", ""},
                        {"er", ""},
                        {"ic", ""},
                        {"able", ""},
                        {"ible", ""},
                        {"ant", ""},
                        {"ement", ""},
                        {"ment", ""},
                        {"ent", ""},
                        {"ion", ""},
                        {"ou", ""},
                        {"ism", ""},
                        {"ate", ""},
                        {"iti", ""},
                        {"ous", ""},
                        {"ive", ""},
                        {"ize", ""}};

bool EndsWith(std::string_view word, std::string_view suffix) {
  return word.size() > suffix.size() && word.ends_with(suffix);
}

// The first rule whose suffix is there decides; `measure` is what m must be more than.
void ApplyFirst(std::string& word, std::span<const Rule> rules, int measure) {
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const Rule& candidate) {
    return EndsWith(word, candidate.suffix);
  });
  if (rule == rules.end()) return;
  const std::string_view stem = std::string_view(word).substr(0, word.size() - rule->suffix.size());
  if (Measure(stem) <= measure) return;
  if (rule->suffix == "ion" && stem.back() != 's' && stem.back() != 't') return;
  word.replace(stem.size(), rule->suffix.size(), rule->replacement);
}

// Plurals.
void Step1A(std::string& word) {
  if (!word.ends_with('s') || word.ends_with("ss")) return;
  const bool drops_es = EndsWith(word, "sses") || EndsWith(word, "ies");
  word.resize(word.size() - (drops_es ? 2 : 1));
}

// What -ed and -ing leave behind.
void MendEnd(std::string& word) {
  if (EndsWith(word, "at") || EndsWith(word, "bl") || EndsWith(word, "iz")) {
    word += 'e';
    return;
  }
  const char last = word.back();
  const bool is_double = word.size() > 1 && last == word[word.size() - 2] && IsLetter(last);
  if (is_double && !IsVowel(last, false) && last != 'l' && last != 's' && last != 'z') {
    word.pop_back();
  } else if (Measure(word) == 1 && EndsShort(word)) {
    word += 'e';
  }
}

void Step1B(std::string& word) {
  if (EndsWith(word, "eed")) {
    if (Measure(std::string_view(word).substr(0, word.size() - 3)) > 0) word.pop_back();
    return;
  }
  for (const std::string_view suffix : {std::string_view("ed"), std::string_view("ing")}) {
    if (!EndsWith(word, suffix)) continue;
    const std::size_t size = word.size() - suffix.size();
    if (!HasVowel(std::string_view(word).substr(0, size))) return;
    word.resize(size);
    MendEnd(word);
    return;
  }
}

void Step5(std::string& word) {
  if (word.ends_with('e')) {
    const std::string_view stem = std::string_view(word).substr(0, word.size() - 1);
    const int measure = Measure(stem);
    if (measure > 1 || (measure == 1 && !EndsShort(stem))) word.pop_back();
  }
  if (word.ends_with("ll") && Measure(std::string_view(word).substr(0, word.size() - 1)) > 1) {
    word.pop_back();
  }
}

}  // namespace

void StemPorter(std::string& word) {
  if (word.size() < kByteCountLeast || word.size() > kByteCountMost) return;
  Step1A(word);
  Step1B(word);
  if (word.ends_with('y') && HasVowel(std::string_view(word).substr(0, word.size() - 1))) {
    word.back() = 'i';
  }
  ApplyFirst(word, kStep2, 0);
  ApplyFirst(word, kStep3, 0);
  ApplyFirst(word, kStep4, 1);
  Step5(word);
}

}  // namespace datastorage::schema
