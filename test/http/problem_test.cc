// Problems: one table, and the page that documents it.
#include "http/problem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace datastorage::http {
namespace {

using testing::HasSubstr;

std::string ErrorsPage() {
  std::ifstream file(std::string(DS_SOURCE_DIR) + "/docs/errors.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Problems, AreAllDocumented) {
  const std::string page = ErrorsPage();
  std::set<std::string_view> slugs;
  for (int i = 0; i < kProblemCount; ++i) {
    const ProblemDescription& description = Describe(static_cast<Problem>(i));
    EXPECT_TRUE(slugs.insert(description.slug).second);
    EXPECT_THAT(page,
                HasSubstr("| `/problems/" + std::string(description.slug) + "` | " +
                          std::to_string(description.status) + " |"));
  }
}

TEST(Problems, AreNotDocumentedBeyondWhatExists) {
  const std::string page = ErrorsPage();
  std::set<std::string> slugs;
  for (int i = 0; i < kProblemCount; ++i) {
    slugs.insert(std::string(Describe(static_cast<Problem>(i)).slug));
  }
  const std::regex pattern("`/problems/([a-z-]+)`");
  for (std::sregex_iterator it(page.begin(), page.end(), pattern); it != std::sregex_iterator();
       ++it) {
    EXPECT_TRUE(slugs.contains((*it)[1].str())) << (*it)[1];
  }
}

TEST(Problems, KeepBugsToThemselves) {
  testing::internal::CaptureStderr();
  const ProblemReport report = ReportOf(Internal("table record is damaged"));
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("table record is damaged"));
  EXPECT_EQ(Describe(report.problem).status, 500);
  EXPECT_THAT(report.detail, testing::Not(HasSubstr("table")));
}

TEST(Problems, SayWhatBecameOfAWrite) {
  EXPECT_EQ(WriteReportOf(Unavailable("x")).outcome, WriteEffect::kNone);
  EXPECT_EQ(WriteReportOf(DeadlineExceeded("x")).outcome, WriteEffect::kNone);
  EXPECT_EQ(WriteReportOf(ResourceExhausted("x")).outcome, WriteEffect::kNone);
  EXPECT_EQ(WriteReportOf(OutcomeUnknown("x")).outcome, WriteEffect::kUnknown);
}

TEST(Problems, AreAnsweredWhole) {
  ProblemReport report;
  report.problem = Problem::kBadParameter;
  report.detail = "see errors";
  report.errors.push_back({{}, "where", {}, 4, "bad_value", "is bad"});
  const Response response = ToResponse(report, "id-1");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.body,
            R"({"type":"/problems/bad-parameter",)"
            R"("title":"A parameter is unknown or has a bad value","status":400,)"
            R"("detail":"see errors","instance":"id-1","errors":[{"parameter":"where",)"
            R"("position":4,"code":"bad_value","message":"is bad"}]})");
}

}  // namespace
}  // namespace datastorage::http
