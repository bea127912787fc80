#include "sim/protocol_event.h"

#include <gtest/gtest.h>

#include <string>

#include "sim/protocol_text.h"

namespace datastorage::test {
namespace {

TEST(ProtocolEvent, KeepsItsTextForm) {
  const char* text = R"(
      begin_intent actor=1 stamp=1 text=7 content=70
      create actor=1 stamp=2 text=7 content=70
      update actor=1 stamp=3 text=7 content=0
      erase actor=1 stamp=4
      consume_intent actor=1 stamp=5
      abort_intent actor=1 stamp=6
      fence actor=2 stamp=7
      store_embedding actor=2 stamp=8 text=7 content=70
      enqueue actor=3 stamp=9
      backfill actor=4 stamp=10 text=7 content=70
      settle actor=1 stamp=11 deleted=1
      lose_settle actor=1 stamp=12
      send_vector actor=1 stamp=13 content=70
      apply_at_store actor=1 stamp=14 content=70 applied=0
      answer_vector actor=1
      reply actor=1 said=synced
      reply actor=1 said=pending
      reply actor=1 said=rolledback
      reply actor=1 said=unknown
      search_shows actor=5 stamp=15
      crash actor=1
)";
  std::string written;
  for (const ProtocolEvent& event : PathOf(text)) {
    EXPECT_EQ(ParseProtocolEvent(ToString(event)), event) << ToString(event);
    written += "\n      " + ToString(event).substr(std::string("event ").size());
  }
  EXPECT_EQ(written + "\n", text);
}

TEST(ProtocolEvent, IsNotReadFromOtherLines) {
  for (const char* line : {"",
                           "timeout",
                           "event",
                           "event nothing actor=1",
                           "event crash actor=x",
                           "event crash actor",
                           "event crash place=1",
                           "event settle deleted=2",
                           "event reply actor=1 said=nothing",
                           "event crash actor=1x"}) {
    EXPECT_EQ(ParseProtocolEvent(line), std::nullopt) << line;
  }
}

}  // namespace
}  // namespace datastorage::test
