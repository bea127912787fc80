#include "sqlite/result_codes.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace datastorage::sqlite {
namespace {

struct Case {
  int result_code;
  ErrorCode code;
};

TEST(ResultCodes, BecomeErrorsThatSayNothingOfTheDriver) {
  for (const Case& c : {Case{SQLITE_FULL, ErrorCode::kResourceExhausted},
                        Case{SQLITE_NOMEM, ErrorCode::kResourceExhausted},
                        Case{SQLITE_INTERRUPT, ErrorCode::kDeadlineExceeded},
                        Case{SQLITE_BUSY_SNAPSHOT, ErrorCode::kUnavailable},
                        Case{SQLITE_IOERR_FSYNC, ErrorCode::kUnavailable},
                        Case{SQLITE_CANTOPEN_ISDIR, ErrorCode::kUnavailable},
                        Case{SQLITE_CORRUPT_VTAB, ErrorCode::kInternal},
                        Case{SQLITE_CONSTRAINT_UNIQUE, ErrorCode::kInternal}}) {
    const Error error = TranslateCode(c.result_code, "store a record", nullptr);
    EXPECT_EQ(error.code, c.code) << c.result_code;
    EXPECT_EQ(error.message.find("store a record: "), 0U);
    EXPECT_EQ(error.message.find("SQL"), std::string::npos);
  }
}

TEST(ResultCodes, TellInputOutputErrors) {
  EXPECT_TRUE(IsInputOutputError(SQLITE_IOERR_FSYNC));
  EXPECT_TRUE(IsInputOutputError(SQLITE_IOERR_WRITE));
  EXPECT_FALSE(IsInputOutputError(SQLITE_FULL));
  EXPECT_FALSE(IsInputOutputError(SQLITE_OK));
}

}  // namespace
}  // namespace datastorage::sqlite
