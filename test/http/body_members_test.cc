#include "http/body_members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace datastorage::http {
namespace {

class Body : public testing::Test {
 protected:
  void Parse(std::string_view text) { body_ = schema::ParseJson(text)->value; }
  std::vector<std::string> Errors() const {
    std::vector<std::string> errors;
    for (const ProblemError& error : errors_) errors.push_back(error.pointer + " " + error.code);
    return errors;
  }

  schema::Json body_;
  std::vector<ProblemError> errors_;
  BodyMembers members_{body_, errors_};
};

TEST_F(Body, GivesWhatIsThere) {
  Parse(R"({"line":"a b","number":7,"flag":true,"null":null})");
  EXPECT_EQ(members_.RequireLine("line", 3), "a b");
  EXPECT_EQ(members_.TakeInteger("number", 1, 7), 7);
  EXPECT_TRUE(members_.TakeFlag("flag"));
  EXPECT_FALSE(members_.TakeFlag("other"));
  EXPECT_EQ(members_.TakeLine("null", 9), std::nullopt);
  EXPECT_EQ(members_.TakeLine("absent", 9), std::nullopt);
  EXPECT_THAT(Errors(), testing::IsEmpty());
}

TEST_F(Body, ReportsAllThatIsWrongAtOnce) {
  Parse(R"({"long":"abcd","blank":"  ","lines":"a\nb","flag":1,"number":8,"a/b":1})");
  members_.TakeLine("long", 3);
  members_.TakeLine("blank", 3);
  members_.TakeLine("lines", 3);
  members_.RequireLine("absent", 3);
  members_.TakeFlag("flag");
  members_.TakeInteger("number", 1, 7);
  members_.RefuseUnknown(
      std::array<std::string_view, 5>{"long", "blank", "lines", "flag", "number"});
  EXPECT_THAT(Errors(),
              testing::ElementsAre("/long too_long",
                                   "/blank blank",
                                   "/lines bad_character",
                                   "/absent required",
                                   "/flag wrong_type",
                                   "/number out_of_range",
                                   "/a~1b unknown_member"));
}

}  // namespace
}  // namespace datastorage::http
