#include "postgres/sqlstate.h"

#include <gtest/gtest.h>

namespace datastorage::postgres {
namespace {

struct Expectation {
  const char* sqlstate;
  ErrorCode code;
};

TEST(Sqlstate, DecidesTheCode) {
  constexpr Expectation kExpectations[] = {
      {"", ErrorCode::kUnavailable},             // The connection was lost.
      {"08006", ErrorCode::kUnavailable},        // connection_failure
      {"57P01", ErrorCode::kUnavailable},        // admin_shutdown
      {"57P03", ErrorCode::kUnavailable},        // cannot_connect_now
      {"57014", ErrorCode::kDeadlineExceeded},   // query_canceled
      {"53100", ErrorCode::kResourceExhausted},  // disk_full
      {"53300", ErrorCode::kUnavailable},        // too_many_connections
      {"40001", ErrorCode::kUnavailable},        // serialization_failure
      {"40P01", ErrorCode::kUnavailable},        // deadlock_detected
      {"55P03", ErrorCode::kUnavailable},        // lock_not_available
      {"25006", ErrorCode::kUnavailable},        // read_only_sql_transaction
      {"25P02", ErrorCode::kInternal},           // in_failed_sql_transaction
      {"23505", ErrorCode::kConflict},           // unique_violation
      {"23514", ErrorCode::kInternal},           // check_violation
      {"28P01", ErrorCode::kUnavailable},        // invalid_password
      {"42P01", ErrorCode::kInternal},           // undefined_table
      {"XX001", ErrorCode::kInternal},           // data_corrupted
      {"ZZZZZ", ErrorCode::kInternal},
  };
  for (const Expectation& each : kExpectations) {
    EXPECT_EQ(CodeOf(each.sqlstate), each.code) << each.sqlstate;
  }
}

TEST(Sqlstate, IsTheOnlyThingThatDecides) {
  const ServerFailure failure{.sqlstate = "23505", .text = "connection refused, disk full"};
  const Error error = TranslateFailure(failure, "store a record");
  EXPECT_EQ(error.code, ErrorCode::kConflict);
  EXPECT_EQ(error.message, "store a record: a key is taken");
}

TEST(Sqlstate, TellsWhatIsWorthRepeating) {
  for (const char* const sqlstate : {"40001", "40P01", "23505"}) {
    EXPECT_TRUE(IsWorthRepeating(sqlstate)) << sqlstate;
  }
  for (const char* const sqlstate : {"", "57P01", "57014", "53100", "40003", "23514"}) {
    EXPECT_FALSE(IsWorthRepeating(sqlstate)) << sqlstate;
  }
}

TEST(Sqlstate, KeepsQuotedValuesOutOfTheLog) {
  testing::internal::CaptureStderr();
  (void)TranslateFailure({.sqlstate = "22P02", .text = "invalid input: \"private\""}, "read");
  (void)TranslateFailure({.sqlstate = "53100", .text = "could not extend file"}, "write");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_EQ(log.find("private"), std::string::npos);
  EXPECT_NE(log.find("22P02"), std::string::npos);
  EXPECT_NE(log.find("could not extend file"), std::string::npos);
}

}  // namespace
}  // namespace datastorage::postgres
