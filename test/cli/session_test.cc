#include "cli/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/limits.h"

namespace datastorage::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Streams {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  GlobalOptions options;
  Session session{Console{in, out, err}, options};
};

TEST(Session, SaysWhatWentWrongAndWhatToDo) {
  Streams s;
  client::Error error;
  error.kind = client::ErrorKind::kUnreachable;
  error.message = "refused";
  EXPECT_EQ(s.session.Fail(error, false), ExitCode::kUnavailable);
  EXPECT_THAT(s.err.str(), HasSubstr("error: refused\n  next: is the service running?"));
}

TEST(Session, ListsViolationsAndKeepsThemHarmless) {
  Streams s;
  client::Error error;
  error.kind = client::ErrorKind::kRefused;
  error.message = "2 members are wrong";
  error.violations = {{"/a\x1b[2J", "", "is required"}, {"/b", "too_long", "is too long"}};
  EXPECT_EQ(s.session.Fail(error, true), ExitCode::kBadInput);
  EXPECT_EQ(s.err.str(),
            "error: 2 members are wrong\n  /a\\u{1b}[2J: is required\n  /b: is too long\n");
}

TEST(Session, ReadsStandardInputAndFiles) {
  Streams s;
  s.in.str("{\"a\":1}\n");
  EXPECT_EQ(s.session.ReadInput("-"), "{\"a\":1}\n");
  const std::string path = testing::TempDir() + "session_test.json";
  std::ofstream(path) << "text";
  EXPECT_EQ(s.session.ReadInput(path), "text");
  EXPECT_EQ(s.session.ReadInput("/nowhere/at/all"), std::nullopt);
  EXPECT_THAT(s.err.str(), HasSubstr("/nowhere/at/all cannot be read"));
}

TEST(Session, RefusesInputLargerThanARecord) {
  Streams s;
  s.in.str(std::string(limits::kRecordByteCountMax + 1, 'x'));
  EXPECT_EQ(s.session.ReadInput("-"), std::nullopt);
  EXPECT_THAT(s.err.str(), HasSubstr("larger than a record may be"));
}

TEST(Session, SaysWhenAnAnswerIsNoJson) {
  Streams s;
  EXPECT_TRUE(s.session.Parse("{}").has_value());
  EXPECT_THAT(s.err.str(), Not(HasSubstr("error")));
  EXPECT_FALSE(s.session.Parse("<html>").has_value());
  EXPECT_THAT(s.err.str(), HasSubstr("not JSON"));
}

TEST(Session, ShowsAnAnswerAsItIsToAProgramAndPrintsItForAPerson) {
  Streams s;
  const auto print = [&](const schema::Json& json) { s.out << "printed " << json.Find("a")->text; };
  EXPECT_EQ(s.session.Show(R"({"a": "x"})", print), ExitCode::kOk);
  EXPECT_EQ(s.out.str(), "printed x");
  EXPECT_EQ(s.session.Show("<html>", print), ExitCode::kUnavailable);
  s.options.wants_json = true;
  s.out.str("");
  EXPECT_EQ(s.session.Show(R"({"a": "x"})", print), ExitCode::kOk);
  EXPECT_EQ(s.out.str(), "{\"a\": \"x\"}\n");
}

}  // namespace
}  // namespace datastorage::cli
