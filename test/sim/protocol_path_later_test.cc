// Paths in a set that was registered later.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/protocol_path.h"
#include "sim/protocol_text.h"

namespace datastorage::test {
namespace {

using ::testing::HasSubstr;

// What a writer may not know of, and what came before its set.
struct Accepted {
  const char* name;
  const char* text;
};

const Accepted kLater[] = {
    {"StrictCreationThatHasNotHeardOfTheSet", R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      consume_intent actor=1 stamp=1
      send_vector actor=5 stamp=1 content=7
      apply_at_store actor=5 stamp=1 content=7 applied=1
      answer_vector actor=5
      settle actor=5 stamp=1 deleted=1)"},
    {"StrictCreationFromBeforeTheSet", R"(
      backfill_intent actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      apply_at_store actor=1 stamp=1 content=7 applied=1
      answer_vector actor=1
      consume_intent actor=1 stamp=1
      settle actor=0 stamp=1 deleted=1)"},
    {"VectorFromBeforeTheSet", R"(
      backfill actor=0 stamp=2 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      apply_at_store actor=1 stamp=1 content=7 applied=1
      answer_vector actor=1
      settle actor=0 stamp=1 deleted=0
      send_vector actor=5 stamp=2 content=7
      apply_at_store actor=5 stamp=2 content=7 applied=1
      answer_vector actor=5
      settle actor=5 stamp=2 deleted=1)"},
    {"ErasedBeforeTheSet", R"(
      send_vector actor=1 stamp=4 content=0
      apply_at_store actor=1 stamp=4 content=0 applied=1
      answer_vector actor=1
      settle actor=0 stamp=4 deleted=0)"},
};

TEST(ProtocolPathLater, AcceptsOfALaterSetWhatItRefusesOfTheFirst) {
  for (const Accepted& history : kLater) {
    SCOPED_TRACE(history.name);
    EXPECT_EQ(RefusalOf(PathOf(history.text), true, ProtocolSet::kLater), std::nullopt);
  }
  EXPECT_TRUE(RefusalOf(PathOf(kLater[0].text), true).has_value());
  EXPECT_TRUE(RefusalOf(PathOf(kLater[2].text), true).has_value());
  EXPECT_TRUE(RefusalOf(PathOf(kLater[3].text), true).has_value());
  const auto unanswered = PathOf(R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      consume_intent actor=1 stamp=1)");
  EXPECT_THAT(RefusalOf(unanswered, false, ProtocolSet::kLater).value_or(""),
              HasSubstr("has not answered"));
}

}  // namespace
}  // namespace datastorage::test
