#include "sqlite/result_codes.h"

#include <sqlite3.h>

#include <array>
#include <string>

#include "base/log.h"

namespace datastorage::sqlite {
namespace {

struct CodeMeaning {
  int result_code;
  ErrorCode code;
  std::string_view phrase;
};

constexpr std::array kMeanings{
    CodeMeaning{SQLITE_FULL, ErrorCode::kResourceExhausted, "the disk is full"},
    CodeMeaning{SQLITE_TOOBIG, ErrorCode::kResourceExhausted, "a value is too large"},
    CodeMeaning{SQLITE_NOMEM, ErrorCode::kResourceExhausted, "out of memory"},
    CodeMeaning{SQLITE_INTERRUPT, ErrorCode::kDeadlineExceeded, "the deadline passed"},
    CodeMeaning{SQLITE_BUSY, ErrorCode::kUnavailable, "the database is busy"},
    CodeMeaning{SQLITE_LOCKED, ErrorCode::kUnavailable, "a table is in use"},
    CodeMeaning{SQLITE_CANTOPEN, ErrorCode::kUnavailable, "the database file cannot be opened"},
    CodeMeaning{SQLITE_PERM, ErrorCode::kUnavailable, "no permission for the database file"},
    CodeMeaning{SQLITE_READONLY, ErrorCode::kUnavailable, "the database file is read-only"},
    CodeMeaning{SQLITE_IOERR, ErrorCode::kUnavailable, "the disk failed"},
    CodeMeaning{SQLITE_PROTOCOL, ErrorCode::kUnavailable, "the database's locks failed"},
    CodeMeaning{SQLITE_CORRUPT, ErrorCode::kInternal, "the database file is damaged"},
    CodeMeaning{SQLITE_NOTADB, ErrorCode::kInternal, "the file is not a database"},
};

CodeMeaning MeaningOf(int result_code) {
  for (const CodeMeaning& meaning : kMeanings) {
    if (meaning.result_code == (result_code & 0xFF)) return meaning;
  }
  return {result_code, ErrorCode::kInternal, "the record store failed"};
}

}  // namespace

Error TranslateCode(int result_code, std::string_view doing, sqlite3* connection) {
  const CodeMeaning meaning = MeaningOf(result_code);
  if (meaning.code != ErrorCode::kDeadlineExceeded) {
    const char* text = connection != nullptr ? sqlite3_errmsg(connection) : "";
    Log(LogLevel::kError,
        "record store failed",
        {{"doing", doing},
         {"sqlite_code", std::int64_t{result_code}},
         {"sqlite_text", std::string_view(text)}});
  }
  return {meaning.code, std::string(doing).append(": ").append(meaning.phrase)};
}

bool IsInputOutputError(int result_code) {
  return (result_code & 0xFF) == SQLITE_IOERR;
}

}  // namespace datastorage::sqlite
