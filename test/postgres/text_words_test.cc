#include "postgres/text_words.h"

#include <gmock/gmock.h>

#include "postgres/store_session.h"

namespace datastorage::postgres {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// The server's own spelling of the words of these texts.
std::string Stored(const schema::IndexedTexts& texts) {
  static const std::string database = test::PostgresServer::Shared().MakeDatabase();
  return test::PostgresServer::Shared().Run(
      database, "SELECT $$" + RecordWordsOf(texts).vector + "$$::tsvector");
}

TEST(TextWords, KeepPlacesAndTellTextsFromPartsOfNames) {
  schema::IndexedTexts texts;
  EXPECT_EQ(RecordWordsOf(texts).vector, "");
  EXPECT_EQ(RecordWordsOf(texts).count, 0);
  texts.texts = {"Pods crashed, pods: CrashLoop", "", "it's", ""};
  texts.name_parts = "Crash Loop";
  EXPECT_EQ(Stored(texts), "'crash':2A,9 'crashloop':4A 'it':6A 'loop':10 'pod':1A,3A 's':7A");
  EXPECT_EQ(RecordWordsOf(texts).count, 8);
}

TEST(TextWords, StayWithinWhatTheServerTakes) {
  std::string many;
  std::string same;
  for (int i = 0; i < 2'000; ++i) {
    for (int j = 0; j < 300; ++j) many += "\xE9\x9B\x86";
    many += std::to_string(i) + " ";
  }
  for (int i = 0; i < 200'000; ++i) same += "pod ";
  schema::IndexedTexts texts;
  texts.texts = {many, same, many, same};
  texts.name_parts = std::string(5'000, 'x');
  EXPECT_EQ(RecordWordsOf(texts).count, 404'001);
  EXPECT_GT(Stored(texts).size(), 900'000U);
}

TEST(TextWords, AreAskedForAsTermsOfOneOrMoreWords) {
  EXPECT_THAT(SearchTermsOf(" \xE2\x80\x94 ?"), IsEmpty());
  const std::vector<SearchTerm> terms = SearchTermsOf("crashing a_b it's");
  EXPECT_THAT(
      terms,
      ElementsAre(ElementsAre("crash"), ElementsAre("a", "b"), ElementsAre("b"), ElementsAre("s")));
  EXPECT_EQ(QueryOf(terms[1]), "'a' <-> 'b'");
  EXPECT_EQ(QueryOfAny({terms[0], terms[1]}), "('crash') | ('a' <-> 'b')");
  EXPECT_EQ(QueryOfAll({terms[0], terms[1]}), "('crash') & ('a' <-> 'b')");
}

}  // namespace
}  // namespace datastorage::postgres
