#include "postgres/sqlstate.h"

#include <array>

#include "base/log.h"

namespace datastorage::postgres {
namespace {

struct StateMeaning {
  std::string_view state;  // A code, or a class where it has two characters.
  ErrorCode code;
  std::string_view phrase;
};

// Codes before their classes: the first that fits is taken.
constexpr std::array kMeanings{
    StateMeaning{"57014", ErrorCode::kDeadlineExceeded, "the deadline passed"},
    StateMeaning{"57P01", ErrorCode::kUnavailable, "the database is shutting down"},
    StateMeaning{"57P02", ErrorCode::kUnavailable, "the database crashed"},
    StateMeaning{"57P03", ErrorCode::kUnavailable, "the database is starting"},
    StateMeaning{"57P04", ErrorCode::kUnavailable, "the database was removed"},
    StateMeaning{"57P05", ErrorCode::kUnavailable, "the session was idle for too long"},
    StateMeaning{"57", ErrorCode::kUnavailable, "the database was told to stop this"},
    StateMeaning{"08", ErrorCode::kUnavailable, "the database cannot be reached"},
    StateMeaning{"25006", ErrorCode::kUnavailable, "the database is read-only"},
    StateMeaning{"25P03", ErrorCode::kUnavailable, "the transaction was idle for too long"},
    StateMeaning{"25", ErrorCode::kInternal, "a transaction is in the wrong state"},
    StateMeaning{"53100", ErrorCode::kResourceExhausted, "the database's disk is full"},
    StateMeaning{"53200", ErrorCode::kResourceExhausted, "the database is out of memory"},
    StateMeaning{"53300", ErrorCode::kUnavailable, "the database is out of connections"},
    StateMeaning{"53", ErrorCode::kResourceExhausted, "the database is out of resources"},
    StateMeaning{"54", ErrorCode::kResourceExhausted, "a value is too large"},
    StateMeaning{"40001", ErrorCode::kUnavailable, "another transaction was first"},
    StateMeaning{"40003", ErrorCode::kOutcomeUnknown, "the end of a statement is unknown"},
    StateMeaning{"40P01", ErrorCode::kUnavailable, "two transactions waited for each other"},
    StateMeaning{"40", ErrorCode::kUnavailable, "the transaction was undone"},
    StateMeaning{"55P03", ErrorCode::kUnavailable, "another transaction holds a lock"},
    StateMeaning{"55", ErrorCode::kUnavailable, "an object is in use"},
    StateMeaning{"23505", ErrorCode::kConflict, "a key is taken"},
    StateMeaning{"23", ErrorCode::kInternal, "a rule of the schema is broken"},
    StateMeaning{"28", ErrorCode::kUnavailable, "the database refuses the role"},
    StateMeaning{"3D000", ErrorCode::kUnavailable, "there is no such database"},
    StateMeaning{"42501", ErrorCode::kUnavailable, "the role lacks a right"},
    StateMeaning{"58030", ErrorCode::kUnavailable, "the database's disk failed"},
    StateMeaning{"58", ErrorCode::kUnavailable, "the database's machine failed"},
    StateMeaning{"XX001", ErrorCode::kInternal, "the database is damaged"},
    StateMeaning{"XX002", ErrorCode::kInternal, "an index of the database is damaged"},
};

constexpr StateMeaning kLost{"", ErrorCode::kUnavailable, "the connection was lost"};
constexpr StateMeaning kUnknown{"", ErrorCode::kInternal, "the record store failed"};

const StateMeaning& MeaningOf(std::string_view sqlstate) {
  if (sqlstate.empty()) return kLost;
  for (const StateMeaning& meaning : kMeanings) {
    if (sqlstate.starts_with(meaning.state)) return meaning;
  }
  return kUnknown;
}

// What the server says of wrong values quotes them, and values are no matter of the log.
bool QuotesValues(std::string_view sqlstate) {
  return sqlstate.starts_with("22");
}

}  // namespace

ErrorCode CodeOf(std::string_view sqlstate) {
  return MeaningOf(sqlstate).code;
}

Error TranslateFailure(const ServerFailure& failure, std::string_view doing) {
  const StateMeaning& meaning = MeaningOf(failure.sqlstate);
  if (meaning.code != ErrorCode::kDeadlineExceeded) {
    // Whoever waits for a lock tries again and again.
    Log(IsLockTimeout(failure.sqlstate) ? LogLevel::kDebug : LogLevel::kError,
        "postgresql failed",
        {{"doing", doing},
         {"statement", std::string_view(failure.statement)},
         {"sqlstate", std::string_view(failure.sqlstate)},
         {"constraint", std::string_view(failure.constraint)},
         {"postgres_text",
          QuotesValues(failure.sqlstate) ? std::string_view() : std::string_view(failure.text)}});
  }
  return {meaning.code, std::string(doing).append(": ").append(meaning.phrase)};
}

bool IsWorthRepeating(std::string_view sqlstate) {
  return sqlstate == "40001" || sqlstate == "40P01" || sqlstate == "23505";
}

bool IsLockTimeout(std::string_view sqlstate) {
  return sqlstate == "55P03";
}

bool EndsSession(const ServerFailure& failure) {
  return failure.ends_session || failure.sqlstate.empty() || failure.sqlstate.starts_with("08");
}

}  // namespace datastorage::postgres
