#include "schema/search_words.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace datastorage::schema {
namespace {

struct Case {
  const char* text;
  const char* expected;
};

TEST(SearchWords, NamePartsSplitAtInnerCapitals) {
  for (const Case& c : {Case{"", ""},
                        Case{"plain words only", ""},
                        Case{"CrashLoopBackOff", "Crash Loop Back Off"},
                        Case{"pod OOMKilled, then ErrImagePull", "OOM Killed Err Image Pull"},
                        Case{"java.lang.OutOfMemoryError", "Out Of Memory Error"},
                        Case{"http2Stream", "http2 Stream"},
                        Case{"ALL CAPS", ""},
                        Case{"Caf\xC3\xA9Latte", ""}}) {
    EXPECT_EQ(NameParts(c.text), c.expected) << c.text;
  }
}

TEST(SearchWords, QueryTermsAreWordsJoinedWordsAndParts) {
  for (const Case& c : {Case{"", ""},
                        Case{" ?! \" ' * ", ""},
                        Case{"pod restarts", "pod restarts"},
                        Case{"the pod is the Pod", "pod"},
                        Case{"is the", "is the"},
                        Case{"a_b-c.d", "a_b-c.d b c d"},
                        Case{"OOMKilled", "OOMKilled OOM Killed"},
                        Case{"x\" OR y NOT z*", "x y NOT z"},
                        Case{"NEAR(x)", "NEAR x"},
                        Case{"\xC3\xA9t\xC3\xA9", "\xC3\xA9t\xC3\xA9"}}) {
    std::string joined;
    for (const std::string& term : QueryTerms(c.text)) joined += (joined.empty() ? "" : " ") + term;
    EXPECT_EQ(joined, c.expected) << c.text;
  }
}

TEST(SearchWords, QueryTermsAreBounded) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "word" + std::to_string(i) + " ";
  EXPECT_EQ(QueryTerms(text).size(), limits::kTextSearchTermCountMax);
}

TEST(SearchWords, IndexedTextsAreTheFourOfTheirKind) {
  AiAnalysis analysis;
  analysis.summary = "s";
  analysis.root_cause = "NodeNotReady";
  analysis.recommendation = "r";
  const RecordBody body = analysis;
  const IndexedTexts indexed = IndexedTextsOf(body);
  EXPECT_EQ(indexed.texts, (std::array<std::string_view, 4>{"s", "NodeNotReady", "r", ""}));
  EXPECT_EQ(indexed.name_parts, "Node Not Ready");
}

}  // namespace
}  // namespace datastorage::schema
