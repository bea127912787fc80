#include "schema/porter_stem.h"

#include <gtest/gtest.h>

namespace datastorage::schema {
namespace {

struct Case {
  const char* word;
  const char* stem;
};

// From the paper's own examples, and words of the trade.
TEST(PorterStem, CutsAsThePaperDoes) {
  for (const Case& c : {Case{"caresses", "caress"},
                        Case{"ponies", "poni"},
                        Case{"ties", "ti"},
                        Case{"cats", "cat"},
                        Case{"feed", "feed"},
                        Case{"agreed", "agre"},
                        Case{"plastered", "plaster"},
                        Case{"motoring", "motor"},
                        Case{"sing", "sing"},
                        Case{"conflated", "conflat"},
                        Case{"troubling", "troubl"},
                        Case{"sized", "size"},
                        Case{"hopping", "hop"},
                        Case{"falling", "fall"},
                        Case{"hissing", "hiss"},
                        Case{"filing", "file"},
                        Case{"happy", "happi"},
                        Case{"sky", "sky"},
                        Case{"relational", "relat"},
                        Case{"vietnamization", "vietnam"},
                        Case{"predication", "predic"},
                        Case{"hopefulness", "hope"},
                        Case{"electriciti", "electr"},
                        Case{"adoption", "adopt"},
                        Case{"homologous", "homolog"},
                        Case{"probate", "probat"},
                        Case{"rate", "rate"},
                        Case{"controll", "control"},
                        Case{"roll", "roll"},
                        Case{"crashing", "crash"},
                        Case{"evicted", "evict"}}) {
    std::string word = c.word;
    StemPorter(word);
    EXPECT_EQ(word, c.stem) << c.word;
  }
}

TEST(PorterStem, LeavesShortAndLongWordsAndBreaksNoCharacter) {
  for (const std::string& word :
       {std::string(), std::string("s"), std::string("as"), std::string(61, 'a') + "ings"}) {
    std::string stemmed = word;
    StemPorter(stemmed);
    EXPECT_EQ(stemmed, word);
  }
  // A character whose last two bytes are equal is no doubled consonant.
  std::string word = "a\xE4\x80\x80ing";
  StemPorter(word);
  EXPECT_EQ(word, "a\xE4\x80\x80");
}

}  // namespace
}  // namespace datastorage::schema
