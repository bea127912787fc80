// Lines must stay JSON whatever is put in, and carry the ids of the request they belong to.
#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <thread>

namespace datastorage {
namespace {

using testing::HasSubstr;
using testing::Not;

template <class Body>
std::string Logged(const Body& body) {
  testing::internal::CaptureStderr();
  body();
  return testing::internal::GetCapturedStderr();
}

class Logging : public testing::Test {
 protected:
  void TearDown() override { SetLogLevel(LogLevel::kInfo); }
};

TEST_F(Logging, WritesOneJsonObjectALine) {
  const std::string line = Logged([] {
    Log(LogLevel::kWarning,
        "index refused",
        {{"count", std::int64_t{3}}, {"share", 0.5}, {"is_last", true}, {"set", "scan"}});
  });
  const std::regex expected(
      R"(\{"time":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z","level":"warning",)"
      R"("event":"index refused","count":3,"share":0\.5,"is_last":true,"set":"scan"\}\n)");
  EXPECT_TRUE(std::regex_match(line, expected)) << line;
}

TEST_F(Logging, EscapesWhatWouldBreakTheLine) {
  const std::string line = Logged([] {
    Log(LogLevel::kInfo, "x", {{"a", "q\" b\\ n\n \x01 \xC3\xA9 \xFF \xED\xA0\x80"}});
  });
  EXPECT_THAT(line,
              HasSubstr("\"a\":\"q\\\" b\\\\ n\\u000a \\u0001 \xC3\xA9 \xEF\xBF\xBD "
                        "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"}\n"));
}

TEST_F(Logging, LeavesOutWhatIsBelowTheLevel) {
  SetLogLevel(LogLevel::kError);
  EXPECT_EQ(Logged([] { Log(LogLevel::kWarning, "quiet"); }), "");
  EXPECT_THAT(Logged([] { Log(LogLevel::kError, "loud"); }), HasSubstr("loud"));
}

TEST_F(Logging, NamesItsLevels) {
  EXPECT_EQ(ParseLogLevel("debug"), LogLevel::kDebug);
  EXPECT_EQ(ParseLogLevel("error"), LogLevel::kError);
  EXPECT_EQ(ParseLogLevel("Error"), std::nullopt);
}

TEST_F(Logging, CarriesTheIdsOfItsScope) {
  const LogScope outer("r-1", "t-1");
  {
    const LogScope inner("r-2", "");
    const std::string line = Logged([] { Log(LogLevel::kInfo, "x"); });
    EXPECT_THAT(line, HasSubstr(R"("request_id":"r-2"})"));
    EXPECT_THAT(line, Not(HasSubstr("trace_id")));
  }
  EXPECT_THAT(Logged([] { Log(LogLevel::kInfo, "x"); }),
              HasSubstr(R"("request_id":"r-1","trace_id":"t-1"})"));
}

TEST_F(Logging, KeepsTheIdsOfOneThreadFromAnother) {
  const LogScope scope("r-1", "t-1");
  const std::string line = Logged([] { std::thread([] { Log(LogLevel::kInfo, "x"); }).join(); });
  EXPECT_THAT(line, Not(HasSubstr("r-1")));
}

}  // namespace
}  // namespace datastorage
