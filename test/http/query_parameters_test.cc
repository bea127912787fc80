// Queries: decoding, taking, and telling all that is wrong.
#include "http/query_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace datastorage::http {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Errors(QueryParameters& query) {
  std::vector<std::string> errors;
  for (const ProblemError& error : query.Finish())
    errors.push_back(error.parameter + " " + error.code);
  return errors;
}

TEST(QueryParameters, DecodePercentAndPlus) {
  QueryParameters query("a=b+c%2Bd&%C3%A9=%E2%82%AC&flag&=x&&empty=");
  EXPECT_EQ(query.Take("a"), "b c+d");
  EXPECT_EQ(query.Take("\xC3\xA9"), "\xE2\x82\xAC");
  EXPECT_TRUE(query.TakeFlag("flag"));
  EXPECT_EQ(query.Take(""), "x");
  EXPECT_EQ(query.Take("empty"), "");
  EXPECT_EQ(query.Take("absent"), std::nullopt);
  EXPECT_THAT(Errors(query), IsEmpty());
}

TEST(QueryParameters, RefuseWhatIsNotUtf8) {
  QueryParameters query("a=%&b=%4&c=%zz&d=%FF&e=%C3&f=%00&g=%ED%A0%80&h=ok");
  EXPECT_EQ(query.Take("h"), "ok");
  EXPECT_THAT(Errors(query),
              ElementsAre("a bad_encoding",
                          "b bad_encoding",
                          "c bad_encoding",
                          "d bad_encoding",
                          "e bad_encoding",
                          "f bad_encoding",
                          "g bad_encoding"));
}

TEST(QueryParameters, ReadNumbersWithinBounds) {
  QueryParameters query("a=10&b=11&c=-1&d=1x&e=&f=99999999999999999999&g=0.5&h=nan&i=2");
  EXPECT_EQ(query.TakeInteger("a", 0, 10), 10);
  for (const char* name : {"b", "c", "d", "e", "f"}) {
    EXPECT_EQ(query.TakeInteger(name, 0, 10), std::nullopt) << name;
  }
  EXPECT_EQ(query.TakeNumber("g", -1, 1), 0.5);
  EXPECT_EQ(query.TakeNumber("h", -1, 1), std::nullopt);
  EXPECT_EQ(query.TakeNumber("i", -1, 1), std::nullopt);
  EXPECT_THAT(Errors(query),
              ElementsAre("b out_of_range",
                          "c out_of_range",
                          "d not_a_number",
                          "e not_a_number",
                          "f out_of_range",
                          "h not_a_number",
                          "i out_of_range"));
}

TEST(QueryParameters, TellUnknownOnesOnce) {
  QueryParameters query("x=1&a=1&x=2");
  query.TakeAll("a");
  EXPECT_THAT(Errors(query), ElementsAre("x unknown"));
}

TEST(QueryParameters, SplitLists) {
  QueryParameters query("a=x,y%2Cz&b=x,,y");
  EXPECT_THAT(query.TakeList("a"), ElementsAre("x", "y", "z"));
  EXPECT_THAT(query.TakeList("b"), IsEmpty());
  EXPECT_THAT(Errors(query), ElementsAre("b blank"));
}

TEST(QueryParameters, RebuildTheQueryAsSent) {
  const QueryParameters query("a=%41&cursor=x&b=c+d&offset=3");
  EXPECT_EQ(query.QueryWithout({"cursor", "offset"}), "a=%41&b=c+d");
}

TEST(QueryParameters, EncodeWhatTheyDecode) {
  const std::string text = "a b/\xC3\xA9+%~&=?";
  EXPECT_EQ(PercentEncode(text), "a%20b%2F%C3%A9%2B%25~%26%3D%3F");
  EXPECT_EQ(PercentDecode(PercentEncode(text), true), text);
  EXPECT_EQ(PercentDecode("a+b", false), "a+b");
}

}  // namespace
}  // namespace datastorage::http
