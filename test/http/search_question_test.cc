// Both ways to ask come to the same question. What is refused is tested through searches.
#include "http/search_question.h"

#include <gtest/gtest.h>

namespace datastorage::http {
namespace {

const WallTime kNow{std::chrono::seconds(1'772'323'200)};

SearchQuestion FromBody(std::string_view body) {
  std::vector<ProblemError> errors;
  SearchQuestion question = ReadSearch(*schema::ParseJson(body), kNow, errors);
  EXPECT_TRUE(errors.empty()) << errors.front().pointer << errors.front().message;
  return question;
}

TEST(SearchQuestion, IsTheSameFromQueryAndBody) {
  QueryParameters query(
      "q=a+b&mode=semantic&kind=workflow&kind=remediation&limit=3&min_similarity=0.25&explain=true"
      "&fields=id,phase&where=severity:high+c");
  const SearchQuestion one = TakeSearch(query, kNow);
  EXPECT_TRUE(query.Finish().empty());
  const SearchQuestion other = FromBody(
      R"({"q":"a b","mode":"semantic","kind":["remediation","workflow"],"limit":3,
          "min_similarity":0.25,"explain":true,"fields":["id","phase"],
          "filter":"severity:high c"})");
  EXPECT_EQ(one.request.text, "a b c");
  EXPECT_EQ(other.request.text, "a b c");
  EXPECT_EQ(CanonicalText(one.request.filter), CanonicalText(other.request.filter));
  EXPECT_EQ(one.request.mode, other.request.mode);
  EXPECT_EQ(one.request.limit, other.request.limit);
  EXPECT_EQ(one.request.min_similarity, other.request.min_similarity);
  EXPECT_EQ(one.explains, other.explains);
  EXPECT_EQ(one.fields, other.fields);
}

TEST(SearchQuestion, HasDefaults) {
  const SearchQuestion question = FromBody(R"({"q":"a","limit":null,"embedding":null})");
  EXPECT_EQ(question.request.limit, 10);
  EXPECT_EQ(question.request.mode, SearchMode::kHybrid);
  EXPECT_FALSE(question.request.min_similarity.has_value());
  EXPECT_FALSE(question.request.embedding.has_value());
  EXPECT_TRUE(question.request.filter.IsEverything());
}

}  // namespace
}  // namespace datastorage::http
