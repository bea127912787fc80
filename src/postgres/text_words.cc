#include "postgres/text_words.h"

#include <algorithm>
#include <unordered_map>

#include "schema/word_stems.h"

namespace datastorage::postgres {
namespace {

constexpr std::size_t kVectorByteCountMax = 1'000'000;
constexpr std::size_t kPlaceCountMax = 255;  // Of one word.
constexpr int kPlaceMax = 16'383;

// The places of one word in the server's notation, and what they take.
struct Places {
  std::string text;
  std::size_t count = 0;
};

class VectorWriter {
 public:
  void Add(const std::vector<std::string>& words, std::string_view weight) {
    for (const std::string& word : words) AddWord(word, weight);
    if (!words.empty()) ++place_;
    count_ += static_cast<std::int64_t>(words.size());
  }

  RecordWords Take() const {
    RecordWords taken{.vector = {}, .count = count_};
    for (const auto& [word, places] : places_) {
      if (!taken.vector.empty()) taken.vector += ' ';
      // Words hold neither quotes nor backslashes.
      taken.vector.append("'").append(word).append("':").append(places.text);
    }
    return taken;
  }

 private:
  void AddWord(const std::string& word, std::string_view weight) {
    const int place = ++place_;
    if (place > kPlaceMax) return;
    constexpr std::size_t kPlaceByteCount = 2;
    constexpr std::size_t kWordByteCount = 8;  // Its entry, its count of places, padding.
    const auto found = places_.find(word);
    const bool is_new = found == places_.end();
    if (!is_new && found->second.count == kPlaceCountMax) return;
    byte_count_ += kPlaceByteCount + (is_new ? word.size() + kWordByteCount : 0);
    if (byte_count_ > kVectorByteCountMax) return;
    Places& places = is_new ? places_[word] : found->second;
    if (places.count++ > 0) places.text += ',';
    places.text.append(std::to_string(place)).append(weight);
  }

  std::unordered_map<std::string, Places> places_;
  std::size_t byte_count_ = 0;
  int place_ = 0;
  std::int64_t count_ = 0;
};

std::string Joined(const std::vector<SearchTerm>& terms, std::string_view joiner) {
  std::string joined;
  for (const SearchTerm& term : terms) {
    if (!joined.empty()) joined += joiner;
    joined.append("(").append(QueryOf(term)).append(")");
  }
  return joined;
}

}  // namespace

RecordWords RecordWordsOf(const schema::IndexedTexts& texts) {
  VectorWriter writer;
  for (const std::string_view text : texts.texts) writer.Add(schema::StemmedWords(text), "A");
  writer.Add(schema::StemmedWords(texts.name_parts), "");
  return writer.Take();
}

std::vector<SearchTerm> SearchTermsOf(std::string_view text) {
  std::vector<SearchTerm> terms;
  for (const std::string& term : schema::QueryTerms(text)) {
    SearchTerm stems = schema::StemmedWords(term);
    if (!stems.empty()) terms.push_back(std::move(stems));
  }
  return terms;
}

std::string QueryOf(const SearchTerm& term) {
  std::string query;
  for (const std::string& stem : term) {
    if (!query.empty()) query += " <-> ";
    query.append("'").append(stem).append("'");
  }
  return query;
}

std::string QueryOfAny(const std::vector<SearchTerm>& terms) {
  return Joined(terms, " | ");
}

std::string QueryOfAll(const std::vector<SearchTerm>& terms) {
  return Joined(terms, " & ");
}

}  // namespace datastorage::postgres
