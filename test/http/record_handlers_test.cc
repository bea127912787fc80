// Creating, reading and changing single records.
#include "http/record_handlers.h"

#include <thread>

#include "api_fixture.h"

namespace datastorage::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::string_view kPath = "/api/v1/audit/remediation";

class Records : public ApiFixture {
 protected:
  static std::string PathOf(std::string_view id) {
    return std::string(kPath) + "/" + std::string(id);
  }
};

TEST_F(Records, AreCreatedAndRead) {
  const Response created = Post(kPath, RemediationJson("r-1"));
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string id = TextAt(created, "id");
  EXPECT_EQ(HeaderOf(created, "Location"), PathOf(id));
  EXPECT_EQ(HeaderOf(created, "ETag"), "\"1.s\"");
  EXPECT_EQ(TextAt(created, "vector"), "synced");
  for (const std::string& name : {id, std::string("key:r-1")}) {
    const Response read = Get(PathOf(name));
    EXPECT_EQ(read.status, 200);
    EXPECT_EQ(read.body, created.body);
    EXPECT_EQ(HeaderOf(read, "ETag"), "\"1.s\"");
  }
}

TEST_F(Records, AreOfFourKinds) {
  EXPECT_EQ(Post("/api/v1/audit/workflow", WorkflowJson("w-1")).status, 201);
  EXPECT_EQ(
      Post("/api/v1/audit/aianalysis",
           R"({"remediation_request_id":"r-1","analysis_id":"a-1","provider":"p","model":"m"})")
          .status,
      201);
  EXPECT_EQ(Post("/api/v1/audit/execution",
                 R"({"workflow_id":"w-1","execution_id":"e-1","action_type":"t",)"
                 R"("target_resource":"pod/x","cluster_name":"c","success":true,)"
                 R"("start_time":"2026-03-01T00:00:00Z"})")
                .status,
            201);
  EXPECT_EQ(Get("/api/v1/audit/workflow/key:w-1").status, 200);
  EXPECT_EQ(Get("/api/v1/audit/remediation/key:w-1").status, 404);
}

TEST_F(Records, AreNotFoundUnderAnotherKind) {
  const std::string id = Create("r-1");
  EXPECT_EQ(ProblemIn(Get("/api/v1/audit/workflow/" + id)), "no-such-record");
}

TEST_F(Records, HaveKeysThatArePercentEncodedInPaths) {
  Create("a/b ü?");
  const Response read = Get(std::string(kPath) + "/key:a%2Fb%20%C3%BC%3F");
  EXPECT_EQ(read.status, 200);
  EXPECT_EQ(TextAt(read, "remediation_request_id"), "a/b ü?");
}

TEST_F(Records, AreNamedByUuidOrKeyOnly) {
  const Response response = Get(PathOf("nonsense"));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(ErrorsIn(response), ElementsAre("id bad_id"));
  EXPECT_EQ(Get(PathOf("%ff")).status, 400);
  EXPECT_EQ(Get(PathOf("00000000-0000-7000-8000-000000000000")).status, 404);
}

TEST_F(Records, AreNotSentAgainWhileUnchanged) {
  const std::string id = Create("r-1");
  const Response response = Get(PathOf(id), {{"if-none-match", "\"0.s\", W/\"1.s\""}});
  EXPECT_EQ(response.status, 304);
  EXPECT_THAT(response.body, IsEmpty());
  EXPECT_EQ(HeaderOf(response, "ETag"), "\"1.s\"");
  EXPECT_EQ(Get(PathOf(id), {{"if-none-match", "\"1.p\""}}).status, 200);
}

TEST_F(Records, ThatAreNotJsonAreRefused) {
  for (const char* body : {"{", "[]", "1", "{} x", "\"\xff\"", "{\"a\":1e400}", ""}) {
    const Response response = Post(kPath, body, {{"content-type", "application/json"}});
    EXPECT_EQ(response.status, 400) << body;
    EXPECT_EQ(ProblemIn(response), "not-json") << body;
    EXPECT_EQ(TextAt(response, "outcome"), "none") << body;
  }
  EXPECT_EQ(At(Get(kPath), "items").elements.size(), 0U);
}

TEST_F(Records, AreToldOfEveryViolation) {
  const Response response =
      Post(kPath, R"({"name":"","phase":"asleep","id":"x","extra":1,"start_time":"now"})");
  EXPECT_EQ(response.status, 422);
  EXPECT_EQ(HeaderOf(response, "Content-Type"), "application/problem+json");
  const std::vector<std::string> errors = ErrorsIn(response);
  EXPECT_THAT(errors, testing::Contains("/namespace required"));
  EXPECT_THAT(errors, testing::Contains("/phase not_allowed"));
  EXPECT_GE(errors.size(), 8U);
  EXPECT_THAT(
      metrics_.Render(),
      HasSubstr("datastorage_validation_failures_total{field=\"phase\",reason=\"not_allowed\"} 1"));
  EXPECT_THAT(metrics_.Render(), Not(HasSubstr("field=\"extra\"")));
}

TEST_F(Records, SentTwiceExistOnce) {
  const std::string id = Create("r-1");
  const Response again = Post(kPath, RemediationJson("r-1"));
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(TextAt(again, "id"), id);
}

TEST_F(Records, ConflictOverOneKey) {
  const std::string id = Create("r-1");
  const Response other = Post(kPath, RemediationJson("r-1", "something else"));
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(ProblemIn(other), "conflict");
  EXPECT_EQ(TextAt(other, "existing_id"), id);
  EXPECT_EQ(HeaderOf(other, "Location"), PathOf(id));
}

TEST_F(Records, AreReplayedByIdempotencyKey) {
  const Headers key{{"idempotency-key", "k-1"}};
  const Response first = Post(kPath, RemediationJson("r-1"), key);
  ASSERT_EQ(first.status, 201);
  EXPECT_EQ(HeaderOf(first, "Idempotency-Replayed"), "");
  const Response again = Post(kPath, RemediationJson("r-1"), key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(HeaderOf(again, "Idempotency-Replayed"), "true");
  const Response other = Post(kPath, RemediationJson("r-2"), key);
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(ProblemIn(other), "key-reused");
}

TEST_F(Records, RefuseBadIdempotencyKeys) {
  for (const std::string& key :
       {std::string(), std::string(256, 'x'), std::string("a b"), std::string("\xC3\xA9")}) {
    const Response response = Post(kPath, RemediationJson("r-1"), {{"idempotency-key", key}});
    EXPECT_EQ(response.status, 400) << key;
    EXPECT_THAT(ErrorsIn(response), ElementsAre("Idempotency-Key bad_key"));
  }
  const Response twice =
      Post(kPath, RemediationJson("r-1"), {{"idempotency-key", "a"}, {"idempotency-key", "a"}});
  EXPECT_THAT(ErrorsIn(twice), ElementsAre("Idempotency-Key repeated"));
  EXPECT_EQ(
      Post(kPath, RemediationJson("r-1"), {{"idempotency-key", std::string(255, 'x')}}).status,
      201);
}

TEST_F(Records, MayBeAnsweredWithoutABody) {
  const Response response = Post(kPath, RemediationJson("r-1"), {{"prefer", "return=minimal"}});
  EXPECT_EQ(response.status, 201);
  EXPECT_THAT(response.body, IsEmpty());
  EXPECT_THAT(HeaderOf(response, "Location"), HasSubstr(kPath));
  EXPECT_EQ(HeaderOf(response, "Preference-Applied"), "return=minimal");
}

TEST_F(Records, WrittenStrictlyNeedTheirVector) {
  embedder_.FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  const Response strict = Post(kPath, RemediationJson("r-1"), {{"prefer", "write=strict"}});
  EXPECT_EQ(strict.status, 503);
  EXPECT_EQ(TextAt(strict, "outcome"), "none");
  EXPECT_EQ(Get(std::string(kPath) + "/key:r-1").status, 404);
  const Response lenient = Post(kPath, RemediationJson("r-1"));
  EXPECT_EQ(lenient.status, 201);
  EXPECT_EQ(TextAt(lenient, "vector"), "pending");
  EXPECT_EQ(HeaderOf(lenient, "ETag"), "\"1.p\"");
}

TEST_F(Records, FollowTheOperatorsChoiceUnlessTheyPreferAnother) {
  embedder_.FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  Api strict_api(Parts(), {.version = "1", .is_strict_by_default = true});
  const auto post = [&](const Headers& headers) {
    return SendTo(strict_api.public_handler(),
                  RequestOf("POST", kPath, RemediationJson("r-1"), headers));
  };
  EXPECT_EQ(post({}).status, 503);
  EXPECT_EQ(post({{"prefer", "write=default"}}).status, 201);
}

TEST_F(Records, TakeTheTraceOfTheirRequest) {
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  const Headers traced{{"traceparent", "00-" + trace + "-b7ad6b7169203331-01"}};
  const Response created = Post(kPath, RemediationJson("r-1"), traced);
  EXPECT_EQ(TextAt(created, "trace_id"), trace);
  EXPECT_THAT(HeaderOf(created, "traceparent"), testing::StartsWith("00-" + trace + "-"));
  EXPECT_THAT(HeaderOf(created, "traceparent"), Not(HasSubstr("b7ad6b7169203331")));
  // A trace from a header is not content.
  EXPECT_EQ(Post(kPath, RemediationJson("r-1")).status, 200);
  const std::string own = R"(,"trace_id":"1af7651916cd43dd8448eb211c80319c")";
  const Response named = Post(kPath, RemediationJson("r-2", "x y", own), traced);
  EXPECT_EQ(TextAt(named, "trace_id"), "1af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(TextAt(Post(kPath, RemediationJson("r-3")), "trace_id"), "");
}

TEST_F(Records, ArePatchedUnderTheVersionThatWasRead) {
  const std::string id = Create("r-1");
  const std::string patch = R"({"phase":"completed","status":"success"})";
  EXPECT_EQ(Patch(PathOf(id), patch).status, 428);
  EXPECT_EQ(Patch(PathOf(id), patch, {{"if-match", "\"2.s\""}}).status, 412);
  EXPECT_EQ(Patch(PathOf(id), patch, {{"if-match", "\"nonsense\""}}).status, 412);
  EXPECT_EQ(Patch(PathOf(id), patch, {{"if-match", "W/\"1.s\""}}).status, 412);
  const Response patched =
      Patch(PathOf(id),
            patch,
            {{"if-match", "\"1.p\""}, {"content-type", "application/merge-patch+json"}});
  ASSERT_EQ(patched.status, 200) << patched.body;
  EXPECT_EQ(HeaderOf(patched, "ETag"), "\"2.s\"");
  EXPECT_EQ(TextAt(patched, "phase"), "completed");
  EXPECT_EQ(Get(PathOf(id)).body, patched.body);
}

TEST_F(Records, ArePatchedInAnyVersionIfAskedFor) {
  const std::string id = Create("r-1");
  EXPECT_EQ(Patch(PathOf(id), R"({"summary":"a"})", {{"if-match", "*"}}).status, 200);
  EXPECT_EQ(
      Patch(PathOf("key:r-1"), R"({"summary":"b"})", {{"if-match", "\"1.s\", \"2.s\""}}).status,
      200);
  EXPECT_EQ(Patch(PathOf("key:none"), R"({"summary":"b"})", {{"if-match", "*"}}).status, 404);
}

TEST_F(Records, ArePatchedInAnyVersionHoweverManyWantTo) {
  const std::string id = Create("r-1");
  constexpr std::size_t kWriterCount = 16;
  std::vector<int> statuses(kWriterCount);
  std::vector<std::thread> writers;
  for (std::size_t i = 0; i < kWriterCount; ++i) {
    writers.emplace_back([&, i] {
      const std::string patch = R"({"summary":")" + std::to_string(i) + "\"}";
      statuses[i] = Patch(PathOf(id), patch, {{"if-match", "*"}}).status;
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_THAT(statuses, testing::Each(200));
  EXPECT_EQ(HeaderOf(Get(PathOf(id)), "ETag"), "\"17.s\"");
}

TEST_F(Records, RefuseIllegalPatches) {
  const std::string id = Create("r-1");
  const Headers match{{"if-match", "\"1.s\""}};
  const Response fixed = Patch(PathOf(id), R"({"name":"x","nonsense":1})", match);
  EXPECT_EQ(fixed.status, 422);
  EXPECT_THAT(ErrorsIn(fixed), testing::Contains("/name not_updatable"));
  EXPECT_EQ(ProblemIn(Patch(PathOf(id), R"({"phase":"pending"})", match)), "illegal-phase");
  EXPECT_EQ(Patch(PathOf(id), "[]", match).status, 400);
  EXPECT_EQ(Patch(PathOf("key:none"), "{}", match).status, 404);
  EXPECT_EQ(Patch("/api/v1/audit/execution/key:x", "{}", match).status, 405);
  const Response empty = Patch(PathOf(id), "{}", match);
  EXPECT_EQ(empty.status, 200);
  EXPECT_EQ(HeaderOf(empty, "ETag"), "\"1.s\"");
}

TEST_F(Records, KeepEveryVersion) {
  const std::string id = Create("r-1", "first");
  Patch(PathOf(id), R"({"summary":"second"})", {{"if-match", "\"1.s\""}});
  const Response history = Get(PathOf(id) + "/history");
  ASSERT_EQ(SizeAt(history, "items"), 2U) << history.body;
  EXPECT_EQ(TextAt(history, "items/0/summary"), "second");
  EXPECT_EQ(TextAt(history, "items/1/summary"), "first");
  EXPECT_EQ(TextAt(history, "items/1/version"), "1");
  EXPECT_EQ(At(history, "items/0").Find("vector"), nullptr);
  EXPECT_EQ(Get(PathOf("key:none") + "/history").status, 404);
}

TEST_F(Records, ThatWereErasedAreGone) {
  const std::string id = Create("r-1");
  const WriteOp erase = EraseOp{*Uuid::Parse(id),
                                SystemUuidSource().MakeVersion4(),
                                SystemClock().WallNow(),
                                "operator",
                                "asked for"};
  ASSERT_TRUE(store_.Commit(std::span(&erase, 1), CommitMode::kEachForItself, Deadline::Never())
                  .has_value());
  EXPECT_EQ(Get(PathOf(id)).status, 410);
  EXPECT_EQ(Get(PathOf(id) + "/history").status, 410);
  EXPECT_EQ(Patch(PathOf(id), "{\"summary\":\"x\"}", {{"if-match", "\"1.s\""}}).status, 410);
  const Response again = Post(kPath, RemediationJson("r-1"));
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(ProblemIn(again), "erased");
}

TEST_F(Records, AreRefusedWhileTheStoreIsDown) {
  const std::string id = Create("r-1");
  store_.FailWith(Unavailable("the record store is down"));
  const Response write = Post(kPath, RemediationJson("r-2"));
  EXPECT_EQ(write.status, 503);
  EXPECT_EQ(TextAt(write, "outcome"), "none");
  EXPECT_EQ(HeaderOf(write, "Retry-After"), "1");
  EXPECT_EQ(Get(PathOf(id)).status, 503);
  store_.FailWith(OutcomeUnknown("the connection was lost during the commit"));
  EXPECT_EQ(TextAt(Post(kPath, RemediationJson("r-3")), "outcome"), "unknown");
  store_.FailWith(Internal("row 7 of table record is damaged"));
  const Response bug = Get(PathOf(id));
  EXPECT_EQ(bug.status, 500);
  EXPECT_THAT(bug.body, Not(HasSubstr("table")));
}

TEST_F(Records, TakeNoUnknownParameters) {
  const Response response = Post(std::string(kPath) + "?dry_run=1&x", RemediationJson("r-1"));
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(ErrorsIn(response), ElementsAre("dry_run unknown", "x unknown"));
}

}  // namespace
}  // namespace datastorage::http
