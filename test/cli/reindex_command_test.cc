#include "cli/reindex_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/command_fixture.h"

namespace datastorage::cli {
namespace {

using testing::HasSubstr;

CommandResult RunHere(std::vector<std::string> arguments, const LoopbackServer& server) {
  return RunCommand(AddReindex, std::move(arguments), server.url());
}

std::string ReportOf(bool is_moving, const std::string& sets) {
  return std::string(R"({"target":"next","moving":)") + (is_moving ? "true" : "false") +
         R"(,"left":7,"sets":[)" + sets + "]}";
}

constexpr const char* kOldLive = R"({"set":1,"engine":"old","state":"live"})";
constexpr const char* kBoth = R"({"set":1,"engine":"old","state":"live"},)"
                              R"({"set":2,"engine":"next","state":"filling"})";

TEST(ReindexCommand, MoveSearchesAndWaitUntilTheyAreThere) {
  int asked_count = 0;
  LoopbackServer server([&](const SeenRequest&) {
    const bool is_moving = asked_count++ < 2;
    return Answer(200,
                  std::string(R"({"target":"next","moving":)") + (is_moving ? "true" : "false") +
                      R"(,"left":7,"sets":[{"set":2,"engine":"next","space":"m/t1","state":")" +
                      (is_moving ? "filling" : "live") +
                      R"(","in_use":true,"points":12,"pending":0,"parked":3}]})");
  });
  const CommandResult moved = RunHere({"reindex", "--wait"}, server);
  EXPECT_EQ(moved.code, ExitCode::kOk) << moved.err;
  EXPECT_EQ(moved.err, "7 vectors left\n7 vectors left\n");
  EXPECT_EQ(moved.out,
            "SET  ENGINE  STATE  IN USE  VECTORS  PENDING  PARKED\n"
            "  2  next    live   true         12        0       3\n");
  ASSERT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(server.requests().at(0).target, "/admin/reindex");
  EXPECT_EQ(server.requests().at(0).body, R"({"action":"begin"})");
  EXPECT_EQ(server.requests().at(2).body, R"({"action":"report"})");
  RunHere({"reindex", "--cancel"}, server);
  EXPECT_EQ(server.requests().at(3).body, R"({"action":"cancel"})");
  RunHere({"reindex", "--report"}, server);
  EXPECT_EQ(server.requests().at(4).body, R"({"action":"report"})");
}

TEST(ReindexCommand, SayWhySearchesCannotMove) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(422,
                  R"({"detail":"see errors","errors":[{"pointer":"/action",)"
                  R"("code":"not_allowed","message":"searches use engine x already"}]})");
  });
  const CommandResult refused = RunHere({"reindex", "--wait"}, server);
  EXPECT_NE(refused.code, ExitCode::kOk);
  EXPECT_THAT(refused.err, HasSubstr("searches use engine x already"));
}

// Given up by somebody else while this waits; or right at the beginning.
TEST(ReindexCommand, FailsWhenTheMoveItWaitsForWasGivenUp) {
  for (const bool is_seen : {true, false}) {
    int asked_count = 0;
    LoopbackServer server([&](const SeenRequest&) {
      const bool is_moving = is_seen && asked_count++ == 0;
      return Answer(200, ReportOf(is_moving, is_moving ? kBoth : kOldLive));
    });
    const CommandResult waited = RunHere({"reindex", "--wait"}, server);
    EXPECT_EQ(waited.code, ExitCode::kProblem);
    EXPECT_THAT(waited.err, HasSubstr("given up: searches do not use engine next"));
    EXPECT_THAT(waited.out, HasSubstr("old"));
  }
}

TEST(ReindexCommand, WaitsForNothingWhenItOnlyReports) {
  LoopbackServer server([](const SeenRequest&) { return Answer(200, ReportOf(false, kOldLive)); });
  EXPECT_EQ(RunHere({"reindex", "--report", "--wait"}, server).code, ExitCode::kOk);
}

TEST(ReindexCommand, AsksAgainWhenThereIsNoAnswer) {
  int asked_count = 0;
  LoopbackServer server([&](const SeenRequest&) {
    switch (asked_count++) {
      case 0: return Answer(200, ReportOf(true, kBoth));
      case 1: return Answer(500, R"({"detail":"an accident"})");
      default: break;
    }
    return Answer(200, ReportOf(false, R"({"set":2,"engine":"next","state":"live"})"));
  });
  const CommandResult waited = RunHere({"reindex", "--wait"}, server);
  EXPECT_EQ(waited.code, ExitCode::kOk) << waited.err;
  EXPECT_THAT(waited.err, HasSubstr("asking again"));
}

TEST(ReindexCommand, DoesNotAskAgainWhatIsRefused) {
  int asked_count = 0;
  LoopbackServer server([&](const SeenRequest&) {
    if (asked_count++ == 0) return Answer(200, ReportOf(true, kBoth));
    return Answer(422, R"({"detail":"see errors"})");
  });
  EXPECT_NE(RunHere({"reindex", "--wait"}, server).code, ExitCode::kOk);
  EXPECT_EQ(asked_count, 2);
}

TEST(ReindexCommand, WarnsOfAnIndexThatIsAnotherSets) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(200, ReportOf(true, R"({"set":2,"engine":"next","state":"filling","holds":77})"));
  });
  EXPECT_THAT(RunHere({"reindex", "--report"}, server).err,
              HasSubstr("the index of engine next holds the vectors of set 77"));
}

}  // namespace
}  // namespace datastorage::cli
