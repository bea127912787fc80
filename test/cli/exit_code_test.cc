#include "cli/exit_code.h"

#include <gtest/gtest.h>

namespace datastorage::cli {
namespace {

TEST(ExitCode, FollowsTheKindOfError) {
  struct Case {
    client::ErrorKind kind;
    ExitCode of_words;   // The request held words of the command line only.
    ExitCode of_record;  // It held a record.
  };
  using client::ErrorKind;
  const Case cases[] = {
      {ErrorKind::kUnreachable, ExitCode::kUnavailable, ExitCode::kUnavailable},
      {ErrorKind::kProtocol, ExitCode::kUnavailable, ExitCode::kUnavailable},
      {ErrorKind::kTryAgain, ExitCode::kTryAgain, ExitCode::kTryAgain},
      {ErrorKind::kOutcomeUnknown, ExitCode::kTryAgain, ExitCode::kTryAgain},
      {ErrorKind::kRefused, ExitCode::kUsage, ExitCode::kBadInput},
      {ErrorKind::kConflict, ExitCode::kProblem, ExitCode::kBadInput},
      {ErrorKind::kNotFound, ExitCode::kProblem, ExitCode::kProblem},
      {ErrorKind::kServer, ExitCode::kProblem, ExitCode::kProblem},
  };
  for (const Case& c : cases) {
    client::Error error;
    error.kind = c.kind;
    EXPECT_EQ(ExitCodeFor(error, false), c.of_words) << static_cast<int>(c.kind);
    EXPECT_EQ(ExitCodeFor(error, true), c.of_record) << static_cast<int>(c.kind);
  }
}

TEST(ExitCode, HasTheNumbersThatScriptsRelyOn) {
  EXPECT_EQ(static_cast<int>(ExitCode::kUsage), 2);
  EXPECT_EQ(static_cast<int>(ExitCode::kBadInput), 65);
  EXPECT_EQ(static_cast<int>(ExitCode::kUnavailable), 69);
  EXPECT_EQ(static_cast<int>(ExitCode::kTryAgain), 75);
  EXPECT_EQ(static_cast<int>(ExitCode::kConfiguration), 78);
}

}  // namespace
}  // namespace datastorage::cli
