#include "sqlite/search_words.h"

#include <gtest/gtest.h>

#include "base/limits.h"

namespace datastorage::sqlite {
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

TEST(SearchWords, TextQueryQuotesEveryTerm) {
  for (const Case& c : {Case{"", ""},
                        Case{" ?! \" ' * ", ""},
                        Case{"pod restarts", R"("pod" OR "restarts")"},
                        Case{"the pod is the Pod", R"("pod")"},
                        Case{"is the", R"("is" OR "the")"},
                        Case{"a_b-c.d", R"("a_b-c.d" OR "b" OR "c" OR "d")"},
                        Case{"OOMKilled", R"("OOMKilled" OR "OOM" OR "Killed")"},
                        Case{"x\" OR y NOT z*", R"("x" OR "y" OR "NOT" OR "z")"},
                        Case{"NEAR(x)", R"("NEAR" OR "x")"},
                        Case{"\xC3\xA9t\xC3\xA9", "\"\xC3\xA9t\xC3\xA9\""}}) {
    EXPECT_EQ(TextQuery(c.text), c.expected) << c.text;
  }
}

TEST(SearchWords, TextQueryIsBounded) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "word" + std::to_string(i) + " ";
  const std::string query = TextQuery(text);
  std::size_t terms = 1;
  for (std::size_t at = query.find(" OR "); at != std::string::npos;
       at = query.find(" OR ", at + 1)) {
    ++terms;
  }
  EXPECT_EQ(terms, limits::kTextSearchTermCountMax);
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
}  // namespace datastorage::sqlite
