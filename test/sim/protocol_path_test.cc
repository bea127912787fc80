#include "sim/protocol_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sim/protocol_text.h"

namespace datastorage::test {
namespace {

using ::testing::HasSubstr;

// Actors: 1 to 4 are writers, 5 and 6 relays, 7 a reconcile, 8 a search, 9 whoever batches.
struct Accepted {
  const char* name;
  const char* text;
};

const Accepted kAccepted[] = {
    {"DefaultCreation", R"(
      create actor=1 stamp=3 text=7 content=7
      search_shows actor=8 stamp=3
      send_vector actor=1 stamp=3 content=7
      apply_at_store actor=1 stamp=3 content=7 applied=1
      answer_vector actor=1
      reply actor=1 said=synced
      settle actor=1 stamp=3 deleted=1)"},
    {"SettledBeforeTheReply", R"(
      create actor=1 stamp=3 text=7 content=7
      send_vector actor=1 stamp=3 content=7
      apply_at_store actor=1 stamp=3 content=7 applied=1
      answer_vector actor=1
      settle actor=9 stamp=3 deleted=1
      reply actor=1 said=synced)"},
    {"RelayFinishesWhatAWriterLeft", R"(
      create actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      reply actor=1 said=pending
      send_vector actor=5 stamp=1 content=7
      apply_at_store actor=5 stamp=1 content=7 applied=1
      apply_at_store actor=1 stamp=1 content=7 applied=0
      answer_vector actor=5
      settle actor=5 stamp=1 deleted=1)"},
    {"WriterCrashesAfterItsCommit", R"(
      create actor=1 stamp=1 text=7 content=7
      crash actor=1
      send_vector actor=5 stamp=1 content=7
      apply_at_store actor=5 stamp=1 content=7 applied=1
      answer_vector actor=5
      settle actor=5 stamp=1 deleted=1)"},
    {"EmbeddedLater", R"(
      create actor=1 stamp=1 text=7 content=0
      reply actor=1 said=pending
      store_embedding actor=5 stamp=2 text=7 content=70
      store_embedding actor=6 stamp=3 text=7 content=71
      send_vector actor=5 stamp=2 content=70
      send_vector actor=6 stamp=3 content=71
      apply_at_store actor=6 stamp=3 content=71 applied=1
      apply_at_store actor=5 stamp=2 content=70 applied=0
      answer_vector actor=5
      settle actor=5 stamp=2 deleted=0
      answer_vector actor=6
      settle actor=6 stamp=3 deleted=1)"},
    {"NothingToIndex", R"(
      create actor=1 stamp=1 text=0 content=0
      reply actor=1 said=pending
      send_vector actor=5 stamp=1 content=0
      apply_at_store actor=5 stamp=1 content=0 applied=1
      answer_vector actor=5
      settle actor=5 stamp=1 deleted=1)"},
    {"UpdateOvertakesTheCreationsVector", R"(
      create actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      update actor=2 stamp=2 text=8 content=8
      send_vector actor=2 stamp=2 content=8
      apply_at_store actor=2 stamp=2 content=8 applied=1
      apply_at_store actor=1 stamp=1 content=7 applied=0
      answer_vector actor=1
      reply actor=1 said=synced
      settle actor=1 stamp=1 deleted=0
      answer_vector actor=2
      settle actor=2 stamp=2 deleted=1
      reply actor=2 said=synced)"},
    {"ErasureBesideARelayThatLeasedBefore", R"(
      create actor=1 stamp=1 text=7 content=7
      reply actor=1 said=pending
      erase actor=2 stamp=2
      send_vector actor=5 stamp=1 content=0
      send_vector actor=2 stamp=2 content=0
      apply_at_store actor=2 stamp=2 content=0 applied=1
      apply_at_store actor=5 stamp=1 content=0 applied=0
      answer_vector actor=2
      answer_vector actor=5
      settle actor=5 stamp=1 deleted=0
      settle actor=2 stamp=2 deleted=1
      reply actor=2 said=synced)"},
    {"StrictCreation", R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      apply_at_store actor=1 stamp=1 content=7 applied=1
      answer_vector actor=1
      consume_intent actor=1 stamp=1
      reply actor=1 said=synced
      settle actor=1 stamp=1 deleted=1)"},
    {"StrictCreationAborts", R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      abort_intent actor=1 stamp=2
      reply actor=1 said=rolledback
      send_vector actor=5 stamp=2 content=0
      apply_at_store actor=5 stamp=2 content=0 applied=1
      answer_vector actor=5
      settle actor=5 stamp=2 deleted=1
      apply_at_store actor=1 stamp=1 content=7 applied=0)"},
    {"StrictCreationIsFenced", R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      apply_at_store actor=1 stamp=1 content=7 applied=1
      fence actor=5 stamp=2
      answer_vector actor=1
      reply actor=1 said=rolledback
      send_vector actor=5 stamp=2 content=0
      apply_at_store actor=5 stamp=2 content=0 applied=1
      answer_vector actor=5
      settle actor=5 stamp=2 deleted=1)"},
    {"AnotherStrictAttemptAfterTheFence", R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      crash actor=1
      fence actor=5 stamp=2
      begin_intent actor=2 stamp=3 text=7 content=7
      send_vector actor=5 stamp=2 content=0
      send_vector actor=2 stamp=3 content=7
      apply_at_store actor=2 stamp=3 content=7 applied=1
      answer_vector actor=2
      consume_intent actor=2 stamp=3
      apply_at_store actor=5 stamp=2 content=0 applied=0
      answer_vector actor=5
      settle actor=5 stamp=2 deleted=0
      settle actor=2 stamp=3 deleted=1
      reply actor=2 said=synced)"},
    {"UnknownThatCommittedAfterAll", R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      apply_at_store actor=1 stamp=1 content=7 applied=1
      answer_vector actor=1
      reply actor=1 said=unknown
      consume_intent actor=1 stamp=1
      reply actor=2 said=unknown
      update actor=2 stamp=2 text=8 content=8
      update actor=3 stamp=3 text=9 content=9
      reply actor=3 said=unknown
      send_vector actor=5 stamp=3 content=9
      apply_at_store actor=5 stamp=3 content=9 applied=1
      answer_vector actor=5
      settle actor=5 stamp=3 deleted=1)"},
    {"ReconcilerFindsNothingWrong", R"(
      create actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      apply_at_store actor=1 stamp=1 content=7 applied=1
      answer_vector actor=1
      settle actor=1 stamp=1 deleted=1
      reply actor=1 said=synced
      enqueue actor=7 stamp=2
      send_vector actor=5 stamp=2 content=7
      apply_at_store actor=5 stamp=2 content=7 applied=1
      apply_at_store actor=5 stamp=2 content=7 applied=0
      answer_vector actor=5
      settle actor=5 stamp=2 deleted=1)"},
    {"SetRegisteredAfterTheRecord", R"(
      backfill actor=9 stamp=4 text=7 content=7
      send_vector actor=5 stamp=4 content=7
      apply_at_store actor=5 stamp=4 content=7 applied=1
      answer_vector actor=5
      settle actor=5 stamp=4 deleted=1)"},
    {"SettleLostInAPowerCut", R"(
      create actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      apply_at_store actor=1 stamp=1 content=7 applied=1
      answer_vector actor=1
      reply actor=1 said=synced
      settle actor=1 stamp=1 deleted=1
      lose_settle actor=9 stamp=1
      send_vector actor=5 stamp=1 content=7
      apply_at_store actor=5 stamp=1 content=7 applied=0
      answer_vector actor=5
      settle actor=5 stamp=1 deleted=1)"},
    {"RolledBackWithItsIntentLeftToTheRelay", R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      reply actor=1 said=rolledback
      fence actor=5 stamp=2
      send_vector actor=5 stamp=2 content=0
      apply_at_store actor=5 stamp=2 content=0 applied=1
      answer_vector actor=5
      settle actor=5 stamp=2 deleted=1)"},
    {"IntentBegunAgainByALateT0", R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      abort_intent actor=1 stamp=2
      reply actor=1 said=rolledback
      begin_intent actor=1 stamp=3 text=7 content=7
      crash actor=1
      fence actor=5 stamp=4
      begin_intent actor=1 stamp=5 text=7 content=7
      fence actor=6 stamp=6
      send_vector actor=6 stamp=6 content=0
      apply_at_store actor=6 stamp=6 content=0 applied=1
      answer_vector actor=6
      settle actor=6 stamp=6 deleted=1)"},
    {"CrashWithTheCommitUnderWay", R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      apply_at_store actor=1 stamp=1 content=7 applied=1
      answer_vector actor=1
      crash actor=1
      consume_intent actor=1 stamp=1
      crash actor=5
      renew actor=5 stamp=2
      send_vector actor=6 stamp=2 content=7
      apply_at_store actor=6 stamp=2 content=7 applied=1
      answer_vector actor=6
      settle actor=6 stamp=2 deleted=1)"},
    {"RefusedBeforeItBegan", "reply actor=1 said=rolledback"},
};

TEST(ProtocolPath, AcceptsEveryBranchOfTheModel) {
  for (const Accepted& history : kAccepted) {
    SCOPED_TRACE(history.name);
    EXPECT_EQ(RefusalOf(PathOf(history.text), true), std::nullopt);
  }
}

TEST(ProtocolPath, RefusesAStrictCommitAfterItsFence) {
  auto path = PathOf(R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      apply_at_store actor=1 stamp=1 content=7 applied=1
      answer_vector actor=1
      fence actor=5 stamp=2)");
  EXPECT_EQ(RefusalOf(path, false), std::nullopt);
  path.push_back(PathOf("consume_intent actor=1 stamp=1").at(0));
  EXPECT_THAT(RefusalOf(path, false).value_or(""), HasSubstr("fenced"));
}

TEST(ProtocolPath, RefusesAnEndWithWorkLeft) {
  const auto created = PathOf("create actor=1 stamp=1 text=7 content=7");
  EXPECT_EQ(RefusalOf(created, false), std::nullopt);
  EXPECT_THAT(RefusalOf(created, true).value_or(""), HasSubstr("a pending row is left"));
}

TEST(ProtocolPath, TakesNothingAfterARefusal) {
  ProtocolPath path;
  const auto create = PathOf("create actor=1 stamp=1 text=7 content=7").at(0);
  EXPECT_TRUE(path.Take(PathOf("erase actor=1 stamp=1").at(0)).has_value());
  EXPECT_TRUE(path.Take(create).has_value());
}

}  // namespace
}  // namespace datastorage::test
