// Words are cut, folded and stemmed exactly as SQLite's text index does.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "schema/word_stems.h"
#include "support/random_records.h"

namespace datastorage {
namespace {

constexpr std::array<std::string_view, 46> kEndings{
    "s",    "sses",  "ies",     "ss",      "eed",     "ed",    "ing",     "at",
    "bl",   "iz",    "y",       "ational", "tional",  "enci",  "anci",    "izer",
    "logi", "bli",   "alli",    "entli",   "eli",     "ousli", "ization", "ation",
    "ator", "alism", "iveness", "fulness", "ousness", "aliti", "iviti",   "biliti",
    "ical", "ness",  "icate",   "iciti",   "ful",     "ative", "alize",   "ement",
    "ment", "sion",  "tion",    "ou",      "e",       "ll"};

// A text index of SQLite's, as the record store's is.
class Index {
 public:
  Index() {
    DS_CHECK(sqlite3_open(":memory:", &database_) == SQLITE_OK);
    Run("CREATE VIRTUAL TABLE texts USING"
        " fts5(text, tokenize = 'porter unicode61 remove_diacritics 2');"
        "CREATE VIRTUAL TABLE words USING fts5vocab(texts, 'instance'); BEGIN");
  }
  ~Index() { sqlite3_close(database_); }
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  void Add(int number, const std::string& text) {
    sqlite3_stmt* const inserting = Prepare("INSERT INTO texts (rowid, text) VALUES (?, ?)");
    sqlite3_bind_int(inserting, 1, number);
    sqlite3_bind_text(inserting, 2, text.data(), static_cast<int>(text.size()), nullptr);
    DS_CHECK(sqlite3_step(inserting) == SQLITE_DONE);
    sqlite3_finalize(inserting);
  }

  // Of each text, its words in order.
  std::map<int, std::vector<std::string>> Words() {
    std::map<int, std::vector<std::string>> words;
    sqlite3_stmt* const reading = Prepare("SELECT doc, term FROM words ORDER BY doc, offset");
    while (sqlite3_step(reading) == SQLITE_ROW) {
      const auto* const term = reinterpret_cast<const char*>(sqlite3_column_text(reading, 1));
      words[sqlite3_column_int(reading, 0)].emplace_back(term);
    }
    sqlite3_finalize(reading);
    return words;
  }

 private:
  void Run(const char* sql) {
    DS_CHECK(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
  }
  sqlite3_stmt* Prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    DS_CHECK(sqlite3_prepare_v2(database_, sql, -1, &statement, nullptr) == SQLITE_OK);
    return statement;
  }

  sqlite3* database_ = nullptr;
};

// Texts that are cut differently.
std::vector<std::string> Differences(const std::vector<std::string>& texts) {
  Index index;
  for (std::size_t i = 0; i < texts.size(); ++i) index.Add(static_cast<int>(i), texts[i]);
  const auto words = index.Words();
  std::vector<std::string> differences;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto found = words.find(static_cast<int>(i));
    const auto expected = found == words.end() ? std::vector<std::string>() : found->second;
    const std::vector<std::string> cut = schema::StemmedWords(texts[i]);
    if (cut == expected) continue;
    std::string difference = texts[i] + ":";
    for (const std::string& word : cut) difference += " " + word;
    difference += ", not";
    for (const std::string& word : expected) difference += " " + word;
    differences.push_back(difference);
  }
  return differences;
}

TEST(WordStems, AreSqlitesForEveryEnding) {
  RandomRecords random(9);
  std::vector<std::string> texts;
  for (int i = 0; i < 100'000; ++i) {
    std::string word;
    for (std::size_t length = 1 + random.Below(6); length > 0; --length) {
      word += "aeiouybclnstzw"[random.Below(14)];
    }
    for (std::size_t count = 1 + random.Below(2); count > 0; --count) {
      word += kEndings[random.Below(kEndings.size())];
    }
    texts.push_back(word);
  }
  const std::vector<std::string> differences = Differences(texts);
  EXPECT_TRUE(differences.empty()) << differences.size() << ", first " << differences.front();
}

void AppendUtf8(std::string& text, std::uint32_t c) {
  const auto append = [&](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (c < 0x80) return append(c);
  if (c < 0x800) {
    append(0xC0U | c >> 6U);
  } else {
    if (c < 0x10000) {
      append(0xE0U | c >> 12U);
    } else {
      append(0xF0U | c >> 18U);
      append(0x80U | (c >> 12U & 0x3FU));
    }
    append(0x80U | (c >> 6U & 0x3FU));
  }
  append(0x80U | (c & 0x3FU));
}

// Of Latin, Greek, Cyrillic, Hebrew, Arabic, kana, Chinese and Korean. SQLite knows an older
// Unicode; what has been added or changed since may differ.
TEST(WordStems, AreSqlitesForNearlyEveryCharacter) {
  std::vector<std::string> texts;
  for (const auto& [first, last] : {std::pair(0x1U, 0x6FFU),
                                    std::pair(0x1E00U, 0x20FFU),
                                    std::pair(0x3040U, 0x30FFU),
                                    std::pair(0x4E00U, 0x9FFFU),
                                    std::pair(0xAC00U, 0xD7A3U)}) {
    for (std::uint32_t c = first; c <= last; ++c) {
      std::string text = "x";
      AppendUtf8(text, c);
      texts.push_back(text + "z");
    }
  }
  const std::vector<std::string> differences = Differences(texts);
  EXPECT_LT(differences.size(), 200U);
  if (differences.size() >= 200) {
    for (const std::string& difference : differences) std::printf("%s\n", difference.c_str());
  }
}

}  // namespace
}  // namespace datastorage
