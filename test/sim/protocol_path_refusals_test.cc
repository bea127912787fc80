// Each rule of ProtocolPath broken once.
#include "sim/protocol_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "sim/protocol_text.h"

namespace datastorage::test {
namespace {

using ::testing::HasSubstr;

constexpr const char* kCreated = R"(
  create actor=1 stamp=1 text=7 content=7
  send_vector actor=1 stamp=1 content=7
  apply_at_store actor=1 stamp=1 content=7 applied=1
  answer_vector actor=1
)";
constexpr const char* kIntended = R"(
  begin_intent actor=1 stamp=1 text=7 content=7
  send_vector actor=1 stamp=1 content=7
)";
constexpr const char* kIntentApplied = R"(
  begin_intent actor=1 stamp=1 text=7 content=7
  send_vector actor=1 stamp=1 content=7
  apply_at_store actor=1 stamp=1 content=7 applied=1
)";
constexpr const char* kIntentAnswered = R"(
  begin_intent actor=1 stamp=1 text=7 content=7
  send_vector actor=1 stamp=1 content=7
  apply_at_store actor=1 stamp=1 content=7 applied=1
  answer_vector actor=1
)";

// Actors: 1 to 4 are writers, 5 and 6 relays, 7 a reconcile, 8 a search, 9 whoever batches.
struct Refused {
  const char* name;
  const char* before;  // Accepted.
  const char* event;   // Refused.
  const char* why;
};

const Refused kRefused[] = {
    {"AnswersAfterTheReply",
     R"(
      create actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      apply_at_store actor=1 stamp=1 content=7 applied=1
      reply actor=1 said=pending)",
     "answer_vector actor=1",
     "given up"},
    {"StrictCreationSendsAnothersStamp",
     R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      fence actor=5 stamp=2
      begin_intent actor=2 stamp=3 text=7 content=7)",
     "send_vector actor=2 stamp=2 content=0",
     "its own stamp only"},
    {"RelayAnswers",
     R"(
      create actor=1 stamp=1 text=7 content=7
      send_vector actor=5 stamp=1 content=7)",
     "reply actor=5 said=pending",
     "answers nobody"},
    {"PendingWithoutACommit", kIntended, "reply actor=1 said=pending", "not committed"},
    {"IntentOverARecord", kCreated, "begin_intent actor=2 stamp=2 text=8 content=8", "a record"},
    {"IntentForAnErasedId",
     R"(
      create actor=1 stamp=1 text=7 content=7
      erase actor=2 stamp=2)",
     "begin_intent actor=3 stamp=3 text=7 content=7",
     "was erased"},
    {"IntentUnderAnEarlyStamp",
     R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      fence actor=5 stamp=3)",
     "begin_intent actor=2 stamp=2 text=7 content=7",
     "not above"},
    {"ErasureUnderAnEarlyStamp", kCreated, "erase actor=2 stamp=1", "not above"},
    {"AbortAfterTheFence",
     R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      fence actor=5 stamp=2)",
     "abort_intent actor=1 stamp=3",
     "fenced"},
    {"FenceByItsOwnWriter", kIntended, "fence actor=1 stamp=2", "no relay"},
    {"WriterStoresAnEmbeddingAlone",
     "create actor=1 stamp=1 text=7 content=0",
     "store_embedding actor=1 stamp=2 text=7 content=7",
     "no relay"},
    {"EmbeddingOfAnErasedRecord",
     R"(
      create actor=1 stamp=1 text=7 content=0
      erase actor=2 stamp=2)",
     "store_embedding actor=5 stamp=3 text=0 content=7",
     "no record"},
    {"EmbeddingOfNothing",
     "create actor=1 stamp=1 text=7 content=0",
     "store_embedding actor=5 stamp=2 text=7 content=0",
     "no embedding"},
    {"ReconcilerDrawsEarly",
     R"(
      create actor=1 stamp=2 text=7 content=7
      send_vector actor=1 stamp=2 content=7
      apply_at_store actor=1 stamp=2 content=7 applied=1
      answer_vector actor=1
      settle actor=1 stamp=2 deleted=1)",
     "enqueue actor=7 stamp=1",
     "not above"},
    {"VectorBeforeAnyCommit", "", "send_vector actor=1 stamp=1 content=7", "no commit"},
    {"CommitAfterItsVector",
     "create actor=1 stamp=1 text=7 content=7\n send_vector actor=2 stamp=1 content=7",
     "update actor=2 stamp=2 text=8 content=8",
     "before its first commit"},
    {"StampDrawnBeforeTheLock",
     "create actor=1 stamp=5 text=7 content=7",
     "update actor=2 stamp=4 text=8 content=8",
     "before the record was locked"},
    {"SecondRecordUnderTheId",
     "create actor=1 stamp=1 text=7 content=7",
     "create actor=2 stamp=2 text=8 content=8",
     "a record is there"},
    {"CreationOverAnIntent", kIntended, "create actor=2 stamp=2 text=8 content=8", "an intent"},
    {"IntentOverAnIntent", kIntended, "begin_intent actor=2 stamp=2 text=8 content=8", "intent"},
    {"ErasedIdComesBack",
     "create actor=1 stamp=1 text=7 content=7\n erase actor=2 stamp=2",
     "create actor=3 stamp=3 text=7 content=7",
     "was erased"},
    {"UpdateWithoutARecord", "", "update actor=1 stamp=1 text=7 content=7", "no record"},
    {"TwoCommitsOfOneWriter", kCreated, "update actor=1 stamp=2 text=8 content=8", "committed"},
    {"StrictCommitWithoutAnAnswer", kIntentApplied, "consume_intent actor=1 stamp=1", "answered"},
    {"StrictCommitOfNoIntent", kCreated, "consume_intent actor=2 stamp=1", "no intent"},
    {"StrictCommitUnderAFreshStamp", kIntentAnswered, "consume_intent actor=1 stamp=2", "stamp"},
    {"FenceKeepsTheStamp", kIntended, "fence actor=5 stamp=1", "not above"},
    {"AbortKeepsTheStamp", kIntended, "abort_intent actor=1 stamp=1", "not above"},
    {"FenceOfACommittedRecord", kCreated, "fence actor=5 stamp=2", "no intent"},
    {"StrictCommitAfterRolledBack",
     R"(
      begin_intent actor=1 stamp=1 text=7 content=7
      send_vector actor=1 stamp=1 content=7
      apply_at_store actor=1 stamp=1 content=7 applied=1
      answer_vector actor=1
      reply actor=1 said=rolledback)",
     "consume_intent actor=1 stamp=1",
     "given up"},
    {"SecondCommitAfterACrash",
     R"(
      crash actor=1
      create actor=1 stamp=1 text=7 content=7)",
     "update actor=1 stamp=2 text=8 content=8",
     "has crashed"},
    {"VectorAfterTheCommitThatACrashLeft",
     R"(
      crash actor=1
      create actor=1 stamp=1 text=7 content=7)",
     "send_vector actor=1 stamp=1 content=7",
     "has crashed"},
    {"RenewalOfAnIntent", kIntended, "renew actor=7 stamp=2", "an intent"},
    {"RenewalKeepsTheStamp", kCreated, "renew actor=7 stamp=1", "not above"},
    {"BackfilledIntentOfAKnownRecord",
     kCreated,
     "backfill_intent actor=9 stamp=1 text=7 content=7",
     "before"},
    {"IntentAfterItsRecord", kCreated, "begin_intent actor=1 stamp=2 text=7 content=7", "a record"},
    {"RolledBackThoughCommitted", kCreated, "reply actor=1 said=rolledback", "has committed"},
    {"SyncedWithoutAnAnswer",
     "create actor=1 stamp=1 text=7 content=7\n send_vector actor=1 stamp=1 content=7",
     "reply actor=1 said=synced",
     "without an answer"},
    {"SyncedWithoutACommit", kIntentAnswered, "reply actor=1 said=synced", "not committed"},
    {"AnswerToARequestThatIsUnderWay", kIntended, "answer_vector actor=1", "not reached"},
    {"ApplyOfWhatNobodySent",
     kIntended,
     "apply_at_store actor=1 stamp=2 content=7 applied=1",
     "nobody"},
    {"StoreTakesALowerStamp",
     R"(create actor=1 stamp=1 text=7 content=7
        send_vector actor=1 stamp=1 content=7
        update actor=2 stamp=2 text=8 content=8
        send_vector actor=2 stamp=2 content=8
        apply_at_store actor=2 stamp=2 content=8 applied=1)",
     "apply_at_store actor=1 stamp=1 content=7 applied=1",
     "applied, though"},
    {"StoreRefusesAHigherStamp",
     kIntended,
     "apply_at_store actor=1 stamp=1 content=7 applied=0",
     "superseded, though"},
    {"TombstoneForgotten",
     R"(begin_intent actor=1 stamp=1 text=7 content=7
        send_vector actor=1 stamp=1 content=7
        fence actor=5 stamp=2
        send_vector actor=5 stamp=2 content=0
        apply_at_store actor=5 stamp=2 content=0 applied=1)",
     "apply_at_store actor=1 stamp=1 content=7 applied=1",
     "applied, though the store holds stamp 2"},
    {"TwoContentsUnderOneStamp",
     kCreated,
     "send_vector actor=5 stamp=1 content=8",
     "one stamp, one content"},
    {"TombstoneOfARecordThatIsThere",
     kCreated,
     "send_vector actor=5 stamp=1 content=0",
     "one stamp, one content"},
    {"RelaySendsWhatAnIntentOnlyMeant",
     kIntended,
     "send_vector actor=5 stamp=1 content=7",
     "never had this stamp"},
    {"TombstoneUnderAnIntentsStamp",
     kIntended,
     "send_vector actor=5 stamp=1 content=0",
     "one stamp, one content"},
    {"SettleWithoutAnAnswer",
     R"(create actor=1 stamp=1 text=7 content=7
        send_vector actor=1 stamp=1 content=7
        apply_at_store actor=1 stamp=1 content=7 applied=1)",
     "settle actor=1 stamp=1 deleted=1",
     "not said"},
    {"SettleDeletesARowOfAnotherStamp",
     R"(create actor=1 stamp=1 text=7 content=7
        send_vector actor=1 stamp=1 content=7
        apply_at_store actor=1 stamp=1 content=7 applied=1
        answer_vector actor=1
        update actor=2 stamp=2 text=8 content=8)",
     "settle actor=1 stamp=1 deleted=1",
     "another stamp"},
    {"SettleDeletesAnIntent", kIntentAnswered, "settle actor=1 stamp=1 deleted=1", "or none"},
    {"SettleLeavesItsRow", kCreated, "settle actor=1 stamp=1 deleted=0", "unchanged"},
    {"SettledThoughNothingIsEmbedded",
     R"(create actor=1 stamp=1 text=7 content=0
        send_vector actor=5 stamp=1 content=0
        apply_at_store actor=5 stamp=1 content=0 applied=1
        answer_vector actor=5)",
     "settle actor=5 stamp=1 deleted=1",
     "I2"},
    {"EmbeddingOfAnOldText",
     "create actor=1 stamp=1 text=7 content=0\n update actor=2 stamp=2 text=8 content=0",
     "store_embedding actor=5 stamp=3 text=7 content=7",
     "another by now"},
    {"EmbeddingUnderTheRecordsStamp",
     "create actor=1 stamp=1 text=7 content=0",
     "store_embedding actor=5 stamp=1 text=7 content=7",
     "not above"},
    {"ReconcilerReplacesARow", kIntended, "enqueue actor=7 stamp=2", "must stay"},
    {"SearchShowsWhatIsNotCommitted", kIntentApplied, "search_shows actor=8 stamp=1", "I4"},
    {"SearchShowsAnOldVersion",
     "create actor=1 stamp=1 text=7 content=7\n update actor=2 stamp=2 text=8 content=8",
     "search_shows actor=8 stamp=1",
     "stamp 2"},
    {"CrashedActorSends",
     "create actor=1 stamp=1 text=7 content=7\n crash actor=1",
     "send_vector actor=1 stamp=1 content=7",
     "crashed"},
    {"CommitAfterRolledBack",
     "reply actor=1 said=rolledback",
     "create actor=1 stamp=1 text=7 content=7",
     "answered already"},
    {"TwoAnswers", "reply actor=1 said=rolledback", "reply actor=1 said=unknown", "had answered"},
    {"BackfillOfAKnownRecord", kCreated, "backfill actor=9 stamp=1 text=7 content=7", "before"},
    {"LostSettleAfterACommit",
     R"(create actor=1 stamp=1 text=7 content=7
        send_vector actor=1 stamp=1 content=7
        apply_at_store actor=1 stamp=1 content=7 applied=1
        answer_vector actor=1
        settle actor=1 stamp=1 deleted=1
        update actor=2 stamp=2 text=8 content=8)",
     "lose_settle actor=9 stamp=1",
     "brings it to the disk"},
};

TEST(ProtocolPathRefusals, NameTheEventThatBreaksARule) {
  for (const Refused& history : kRefused) {
    SCOPED_TRACE(history.name);
    auto path = PathOf(history.before);
    EXPECT_EQ(RefusalOf(path, false), std::nullopt);
    path.push_back(PathOf(history.event).at(0));
    const std::string refusal = RefusalOf(path, false).value_or("accepted");
    EXPECT_THAT(refusal, HasSubstr("event " + std::to_string(path.size()) + ", "));
    EXPECT_THAT(refusal, HasSubstr(history.why));
  }
}

}  // namespace
}  // namespace datastorage::test
