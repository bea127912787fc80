#include "http/admin_handlers.h"

#include "api_fixture.h"
#include "base/log.h"

namespace datastorage::http {
namespace {

using testing::HasSubstr;
using testing::UnorderedElementsAre;

class Admin : public ApiFixture {
 protected:
  Response Erase(std::string_view body) { return Administer("/admin/erase", body); }
};

TEST_F(Admin, EraseARecordFromAllThatIsServed) {
  const std::string id = Create("r-1", "the disk is full");
  const std::string other = Create("r-2", "the disk is full here too");
  const Response erased =
      Erase(R"({"kind":"remediation","key":"r-1","who":"me","why":"asked to"})");
  ASSERT_EQ(erased.status, 200) << erased.body;
  EXPECT_EQ(TextAt(erased, "id"), id);
  EXPECT_TRUE(At(erased, "erased").boolean);
  for (const std::string& path : {id, id + "/history", std::string("key:r-1")}) {
    EXPECT_EQ(Get("/api/v1/audit/remediation/" + path).status, 410) << path;
  }
  for (const std::string_view mode : {"semantic", "text", "hybrid"}) {
    const Response found = Get("/api/v1/audit/search?q=the+disk+is+full&mode=" + std::string(mode));
    ASSERT_EQ(SizeAt(found, "hits"), 1U) << found.body;
    EXPECT_EQ(TextAt(found, "hits/0/record/id"), other);
  }
  const Response again = Post("/api/v1/audit/remediation", RemediationJson("r-1"));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(ProblemIn(again), "erased");
}

TEST_F(Admin, SayWhatWasErasedBeforeOrNeverThere) {
  const std::string id = Create("r-1");
  const std::string body = R"({"id":")" + id + R"(","who":"me","why":"asked"})";
  EXPECT_EQ(ProblemIn(Erase(R"({"id":")" + id + R"(","kind":"workflow","who":"m","why":"a"})")),
            "no-such-record");
  EXPECT_EQ(Erase(body).status, 200);
  EXPECT_EQ(Erase(body).status, 410);
  EXPECT_EQ(Erase(R"({"kind":"workflow","key":"r-1","who":"me","why":"asked"})").status, 404);
}

TEST_F(Admin, RefuseAnErasureWithEverythingThatIsWrongWithIt) {
  const Response refused = Erase(R"({"id":"x","key":"","kind":"pod","who":7,"extra":1})");
  EXPECT_EQ(refused.status, 422);
  EXPECT_THAT(ErrorsIn(refused),
              UnorderedElementsAre(" required",
                                   "/id bad_id",
                                   "/key blank",
                                   "/kind not_allowed",
                                   "/who wrong_type",
                                   "/why required",
                                   "/extra unknown_member"));
  EXPECT_THAT(ErrorsIn(Erase(R"({"key":"k","who":"a","why":"b"})")),
              UnorderedElementsAre("/kind required"));
  EXPECT_EQ(Erase("[]").status, 400);
  const Response with_parameter = Administer("/admin/erase?dry_run=true", "{}");
  EXPECT_EQ(with_parameter.status, 400);
  EXPECT_EQ(TextAt(with_parameter, "outcome"), "none");
  EXPECT_EQ(Administer("/admin/erase", "{}", {{"content-type", "text/plain"}}).status, 415);
}

TEST_F(Admin, ReconcileAndSayWhatWasFound) {
  const std::string id = Create("r-1");
  index_.Forget(*Uuid::Parse(id));
  const Response dry = Administer("/admin/reconcile", R"({"dry_run":true})");
  EXPECT_EQ(
      dry.body,
      R"({"checked":1,"missing":1,"stale":0,"altered":0,"foreign":0,"mended":0,"skipped_sets":0})");
  const Response found = Administer("/admin/reconcile", R"({"deep":true})");
  EXPECT_EQ(
      found.body,
      R"({"checked":1,"missing":1,"stale":0,"altered":0,"foreign":0,"mended":1,"skipped_sets":0})");
  EXPECT_THAT(ErrorsIn(Administer("/admin/reconcile", R"({"dry_run":1,"x":2})")),
              UnorderedElementsAre("/dry_run wrong_type", "/x unknown_member"));
}

TEST_F(Admin, ReconcileOneRunAtATime) {
  Response second;
  reconciles_.OnPending([&] { second = Administer("/admin/reconcile", "{}"); });
  EXPECT_EQ(Administer("/admin/reconcile", "{}").status, 200);
  EXPECT_EQ(second.status, 409);
  EXPECT_EQ(ProblemIn(second), "busy");
  EXPECT_EQ(HeaderOf(second, "Retry-After"), "10");
  EXPECT_EQ(Administer("/admin/reconcile", "{}").status, 200);
}

TEST_F(Admin, BackUpUnderANameThatIsNoPath) {
  const Response made = Administer("/admin/backup", R"({"name":"before-upgrade.db"})");
  EXPECT_EQ(made.body,
            R"({"name":"before-upgrade.db","bytes":4096,"records":7,"schema_version":2})");
  const Response named = Administer("/admin/backup", "{}");
  EXPECT_THAT(TextAt(named, "name"), testing::MatchesRegex("datastorage-[0-9]*T.*Z[.]db"));
  for (const std::string name : {"../x.db", "/x.db", ".x.db", "x", "x.db/", ".db", "a\u0000.db"}) {
    EXPECT_THAT(ErrorsIn(Administer("/admin/backup", "{\"name\":\"" + name + "\"}")),
                testing::Contains("/name bad_name"))
        << name;
  }
  EXPECT_EQ(backup_.names.size(), 2U);
}

TEST_F(Admin, SayWhyThereIsNoBackup) {
  Response second;
  backup_.during = [&] { second = Administer("/admin/backup", "{}"); };
  EXPECT_EQ(Administer("/admin/backup", "{}").status, 200);
  EXPECT_EQ(ProblemIn(second), "busy");
  backup_.failure = Conflict("there is a backup of that name");
  EXPECT_THAT(ErrorsIn(Administer("/admin/backup", R"({"name":"a.db"})")),
              UnorderedElementsAre("/name not_allowed"));
  // As a store of another kind says, whatever name was sent: the name is not to blame.
  backup_.failure = InvalidArgument("other tools back that store up");
  for (const char* body : {"{}", R"({"name":"a.db"})"}) {
    EXPECT_THAT(ErrorsIn(Administer("/admin/backup", body)), UnorderedElementsAre(" not_allowed"));
  }
  backup_.failure = ResourceExhausted("the disk is full");
  EXPECT_EQ(Administer("/admin/backup", "{}").status, 503);
}

TEST_F(Admin, TellWhereSearchesAreAndWhyTheyCannotMove) {
  Create("r-1");
  const Response report = Administer("/admin/reindex", R"({"action":"report"})");
  EXPECT_EQ(report.status, 200) << report.body;
  EXPECT_FALSE(At(report, "moving").boolean);
  EXPECT_EQ(At(report, "left").text, "0");
  EXPECT_EQ(TextAt(report, "sets/0/engine"), "scan");
  EXPECT_EQ(TextAt(report, "sets/0/state"), "live");
  EXPECT_EQ(At(report, "sets/0/points").text, "1");
  const Response begun = Administer("/admin/reindex", "{}");
  EXPECT_EQ(begun.status, 422);
  EXPECT_THAT(ErrorsIn(begun), UnorderedElementsAre("/action not_allowed"));
  EXPECT_THAT(begun.body, HasSubstr("use engine scan already"));
  EXPECT_THAT(Administer("/admin/reindex", R"({"action":"cancel"})").body,
              HasSubstr("no vector set is being filled"));
  EXPECT_THAT(ErrorsIn(Administer("/admin/reindex", R"({"action":"stop","x":1})")),
              UnorderedElementsAre("/action not_allowed", "/x unknown_member"));
}

TEST_F(Admin, MoveSearchesToTheTargetEngine) {
  Create("r-1");
  FakeVectorIndex next(Placement::kSeparate);
  VectorSets sets(ThreadRuntime(), store_, {{"next", &next}, {"scan", &index_}}, sets_.Space());
  ASSERT_TRUE(sets.Open(Deadline::Never()).has_value());
  MoveService moves(ThreadRuntime(), store_, sets);
  ApiParts parts{
      writes_, queries_, searches_, health_, erasures_, reconciles_, backups_, moves, metrics_};
  Api api(parts, {.version = "1.2.3"});
  const Response begun =
      SendTo(api.operations_handler(), RequestOf("POST", "/admin/reindex", "{}", {}));
  EXPECT_EQ(begun.status, 200) << begun.body;
  EXPECT_TRUE(At(begun, "moving").boolean);
  EXPECT_EQ(At(begun, "left").text, "1");
  EXPECT_EQ(TextAt(begun, "sets/1/state"), "filling");
  EXPECT_EQ(TextAt(begun, "sets/1/engine"), "next");
  EXPECT_TRUE(At(begun, "sets/1/in_use").boolean);
}

TEST_F(Admin, ReleaseParkedRows) {
  EXPECT_EQ(Administer("/admin/pending/release", "{}").body, R"({"released":0})");
  EXPECT_EQ(Administer("/admin/pending/release", R"({"set":1})").body, R"({"released":0})");
  EXPECT_THAT(ErrorsIn(Administer("/admin/pending/release", R"({"set":99})")),
              UnorderedElementsAre("/set not_allowed"));
  EXPECT_THAT(ErrorsIn(Administer("/admin/pending/release", R"({"set":0,"all":true})")),
              UnorderedElementsAre("/set out_of_range", "/all unknown_member"));
}

TEST_F(Admin, ChangeTheLevelOfTheLog) {
  testing::internal::CaptureStderr();
  EXPECT_EQ(Administer("/admin/log-level", R"({"level":"error"})").body, R"({"level":"error"})");
  Log(LogLevel::kWarning, "not said");
  EXPECT_EQ(Administer("/admin/log-level", R"({"level":"warning"})").status, 200);
  Log(LogLevel::kWarning, "said");
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("\"said\""));
  EXPECT_THAT(log, testing::Not(HasSubstr("not said")));
  EXPECT_THAT(ErrorsIn(Administer("/admin/log-level", R"({"level":"loud","x":1})")),
              UnorderedElementsAre("/level not_allowed", "/x unknown_member"));
  EXPECT_THAT(ErrorsIn(Administer("/admin/log-level", "{}")),
              UnorderedElementsAre("/level required"));
  EXPECT_THAT(ErrorsIn(Administer("/admin/log-level", R"({"level":3})")),
              UnorderedElementsAre("/level wrong_type"));
  Administer("/admin/log-level", R"({"level":"info"})");
}

}  // namespace
}  // namespace datastorage::http
