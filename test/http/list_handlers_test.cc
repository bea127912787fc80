// Lists: filters, order, pages; and records by several ids.
#include "http/list_handlers.h"

#include "api_fixture.h"

namespace datastorage::http {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::string_view kPath = "/api/v1/audit/remediation";

class Lists : public ApiFixture {
 protected:
  Response List(std::string_view query) {
    return Get(std::string(kPath) + "?" + std::string(query));
  }

  std::vector<std::string> Keys(const Response& response) {
    std::vector<std::string> keys;
    for (const schema::Json& item : At(response, "items").elements) {
      keys.push_back(At(item, "remediation_request_id").text);
    }
    return keys;
  }
  std::vector<std::string> KeysOf(std::string_view query) { return Keys(List(query)); }
};

TEST_F(Lists, AnswerTheNewestFirst) {
  for (const char* key : {"a", "b", "c"}) Create(key);
  const Response response = Get(kPath);
  EXPECT_THAT(Keys(response), ElementsAre("c", "b", "a"));
  EXPECT_EQ(At(response, "next_cursor").type, schema::JsonType::kNull);
  EXPECT_EQ(HeaderOf(response, "Link"), "");
}

TEST_F(Lists, FilterByEveryScalarMember) {
  Create("a", "x y", R"(,"severity":"critical","duration":1500,"environment":"prod & test")");
  Create("b", "x y", R"(,"severity":"warning","duration":2500)");
  Create("c", "x y", R"(,"severity":"info")");
  EXPECT_THAT(KeysOf("severity=critical"), ElementsAre("a"));
  EXPECT_THAT(KeysOf("severity=critical&severity=warning"), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(KeysOf("duration=2500"), ElementsAre("b"));
  EXPECT_THAT(KeysOf("environment=prod+%26+test"), ElementsAre("a"));
  EXPECT_THAT(KeysOf("namespace=shop&severity=info"), ElementsAre("c"));
  EXPECT_THAT(KeysOf("vector=synced&version=1"), UnorderedElementsAre("a", "b", "c"));
  EXPECT_THAT(KeysOf("where=duration%3E2s"), ElementsAre("b"));
  EXPECT_THAT(KeysOf("where=-severity:info+duration:1500"), ElementsAre("a"));
}

TEST_F(Lists, FilterByTime) {
  Create("a", "x y", R"(,"end_time":"2026-03-01T01:00:00Z")");
  Create("b", "x y", R"(,"end_time":"2026-03-02T01:00:00Z")");
  EXPECT_THAT(KeysOf("time=end_time&since=2026-03-02T01:00:00Z"), ElementsAre("b"));
  EXPECT_THAT(KeysOf("time=end_time&until=2026-03-02T01:00:00Z"), ElementsAre("a"));
  EXPECT_THAT(KeysOf("since=24h"), ElementsAre("b", "a"));
  EXPECT_THAT(KeysOf("until=24h"), IsEmpty());
}

TEST_F(Lists, AreWalkedByCursor) {
  for (const char* key : {"a", "b", "c", "d", "e"}) Create(key, "x y", R"(,"severity":"info")");
  std::string target =
      std::string(kPath) + "?limit=2&severity=info&since=1h&sort=created_at&count=exact";
  std::vector<std::string> walked;
  int page_count = 0;
  while (!target.empty()) {
    const Response page = Get(target);
    ASSERT_EQ(page.status, 200) << page.body;
    EXPECT_EQ(TextAt(page, "count"), "5");
    for (const std::string& key : Keys(page)) walked.push_back(key);
    const std::string link = HeaderOf(page, "Link");
    ++page_count;
    target.clear();
    if (link.empty()) break;
    EXPECT_THAT(link, testing::EndsWith(">; rel=\"next\""));
    EXPECT_THAT(link, HasSubstr(TextAt(page, "next_cursor")));
    target = link.substr(1, link.find('>') - 1);
  }
  EXPECT_EQ(page_count, 3);
  EXPECT_THAT(walked, ElementsAre("a", "b", "c", "d", "e"));
}

TEST_F(Lists, RefuseACursorOfOtherFilters) {
  for (const char* key : {"a", "b"}) Create(key, "x y", R"(,"severity":"info")");
  const std::string cursor = TextAt(List("limit=1&severity=info"), "next_cursor");
  ASSERT_NE(cursor, "");
  EXPECT_EQ(List("limit=1&severity=info&cursor=" + cursor).status, 200);
  for (const std::string& query : {"limit=1&severity=critical&cursor=" + cursor,
                                   "sort=name&severity=info&cursor=" + cursor,
                                   "severity=info&cursor=x" + cursor,
                                   std::string("cursor=")}) {
    const Response response = List(query);
    EXPECT_EQ(response.status, 400) << query;
    EXPECT_THAT(ErrorsIn(response), ElementsAre("cursor bad_cursor")) << query;
  }
  EXPECT_EQ(Get("/api/v1/audit/workflow?limit=1&cursor=" + cursor).status, 400);
}

TEST_F(Lists, ArePagedByNumberToo) {
  for (const char* key : {"a", "b", "c"}) Create(key);
  EXPECT_THAT(KeysOf("sort=created_at&limit=1&offset=1"), ElementsAre("b"));
  const std::string cursor = TextAt(List("limit=1"), "next_cursor");
  EXPECT_THAT(ErrorsIn(List("offset=1&limit=1&cursor=" + cursor)),
              ElementsAre("offset not_allowed"));
}

TEST_F(Lists, SortByAnyMember) {
  Create("a", "x y", R"(,"severity":"2")");
  Create("b");
  Create("c", "x y", R"(,"severity":"1")");
  EXPECT_THAT(KeysOf("sort=severity"), ElementsAre("c", "a", "b"));
  EXPECT_THAT(KeysOf("sort=-severity"), ElementsAre("a", "c", "b"));
}

TEST_F(Lists, AnswerChosenMembers) {
  Create("a");
  const Response response = List("fields=phase,id");
  EXPECT_EQ(At(response, "items/0").members.size(), 2U);
  EXPECT_EQ(TextAt(response, "items/0/phase"), "processing");
}

TEST_F(Lists, TellEveryBadParameterAtOnce) {
  const Response response = List(
      "limit=0&offset=10001&sort=nothing&count=all&fields=id,nothing&since=yesterday&duration=long"
      "&time=name&where=duration%3E&unknown=1&analysis_id=x&limit2&severity=%zz");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(ProblemIn(response), "bad-parameter");
  EXPECT_THAT(ErrorsIn(response),
              testing::IsSupersetOf({"limit out_of_range",
                                     "offset out_of_range",
                                     "sort not_allowed",
                                     "count not_allowed",
                                     "fields not_allowed",
                                     "since bad_time",
                                     "duration bad_value",
                                     "time not_allowed",
                                     "unknown unknown",
                                     "analysis_id unknown",
                                     "limit2 unknown",
                                     "severity bad_encoding"}));
  EXPECT_THAT(ErrorsIn(List("limit=1&limit=2")), ElementsAre("limit repeated"));
  EXPECT_THAT(ErrorsIn(List("limit=1e2")), ElementsAre("limit not_a_number"));
}

TEST_F(Lists, PointIntoTheFilterLanguage) {
  const Response response = List("where=severity:a+nothing:b");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(TextAt(response, "errors/0/parameter"), "where");
  EXPECT_EQ(TextAt(response, "errors/0/position"), "11");
}

TEST_F(Lists, LookUpRecordsInTheOrderAsked) {
  const std::string a = Create("a");
  Create("b,c");
  Post("/api/v1/audit/workflow", WorkflowJson("w"));
  const std::string none = "00000000-0000-7000-8000-000000000000";
  const Response response = Get("/api/v1/audit?ids=workflow/key:w," + none +
                                ",remediation/key:b,c," + a + "&ids=remediation/key:x");
  ASSERT_EQ(response.status, 200) << response.body;
  ASSERT_EQ(SizeAt(response, "items"), 5U);
  EXPECT_EQ(TextAt(response, "items/0/kind"), "workflow");
  EXPECT_EQ(TextAt(response, "items/0/record/workflow_id"), "w");
  EXPECT_EQ(TextAt(response, "items/1/ref"), none);
  EXPECT_EQ(TextAt(response, "items/1/error/status"), "404");
  EXPECT_EQ(TextAt(response, "items/2/record/remediation_request_id"), "b,c");
  EXPECT_EQ(TextAt(response, "items/3/record/id"), a);
  EXPECT_EQ(TextAt(response, "items/4/ref"), "remediation/key:x");
}

TEST_F(Lists, LookUpNoMoreThanAHundredAndNothingElse) {
  EXPECT_THAT(ErrorsIn(Get("/api/v1/audit")), ElementsAre("ids required"));
  EXPECT_THAT(ErrorsIn(Get("/api/v1/audit?ids=x,nothing/key:y")),
              ElementsAre("ids bad_id", "ids bad_id"));
  std::string many = "/api/v1/audit?ids=remediation/key:0";
  for (int i = 1; i < 100; ++i) many += ",remediation/key:" + std::to_string(i);
  EXPECT_EQ(Get(many).status, 200);
  EXPECT_THAT(ErrorsIn(Get(many + ",remediation/key:100")), ElementsAre("ids out_of_range"));
}

}  // namespace
}  // namespace datastorage::http
