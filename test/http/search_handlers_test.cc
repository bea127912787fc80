// Searches over HTTP: what is asked, what is answered, what is refused.
#include "http/search_handlers.h"

#include "api_fixture.h"

namespace datastorage::http {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

constexpr std::string_view kPath = "/api/v1/audit/search";

class Searches : public ApiFixture {
 protected:
  Searches() {
    oom_ = Create("r-1", "container killed out of memory", R"(,"severity":"critical")");
    disk_ = Create("r-2", "disk pressure evicted the pod", R"(,"severity":"warning")");
    dns_ = Create("r-3", "dns lookups time out", R"(,"severity":"critical")");
  }

  Response Search(std::string_view query) {
    return Get(std::string(kPath) + "?" + std::string(query));
  }
  Response SearchBody(std::string_view body) { return Post(kPath, body); }

  static std::vector<std::string> IdsIn(const Response& response) {
    std::vector<std::string> ids;
    for (const schema::Json& hit : At(response, "hits").elements) {
      ids.push_back(At(hit, "record/id").text);
    }
    return ids;
  }

  std::string oom_;
  std::string disk_;
  std::string dns_;
};

TEST_F(Searches, FindTheBestFirst) {
  const Response response = Search("q=out+of+memory");
  ASSERT_EQ(response.status, 200) << response.body;
  EXPECT_EQ(TextAt(response, "hits/0/record/id"), oom_);
  EXPECT_EQ(TextAt(response, "hits/0/kind"), "remediation");
  EXPECT_EQ(TextAt(response, "hits/0/ranks/semantic"), "1");
  EXPECT_EQ(TextAt(response, "hits/0/ranks/text"), "1");
  EXPECT_GT(*At(response, "hits/0/score").AsDouble(), 0);
  EXPECT_GT(*At(response, "hits/0/similarity").AsDouble(), 0);
  EXPECT_EQ(TextAt(response, "completeness"), "exact");
  EXPECT_EQ(SizeAt(response, "degraded"), 0U);
  EXPECT_THAT(TextAt(response, "model"), testing::HasSubstr("fake-1"));
  EXPECT_EQ(At(response, "hits/0").Find("explain"), nullptr);
}

TEST_F(Searches, AreAskedByBodyAlike) {
  EXPECT_EQ(SearchBody(R"({"q":"out of memory"})").body, Search("q=out+of+memory").body);
  EXPECT_EQ(
      SearchBody(R"({"q":"pod","mode":"text","limit":1,"fields":["id"],"explain":true})").body,
      Search("q=pod&mode=text&limit=1&fields=id&explain").body);
}

TEST_F(Searches, SearchByTextAlone) {
  const Response response = Search("q=disk&mode=text");
  EXPECT_THAT(IdsIn(response), ElementsAre(disk_));
  EXPECT_EQ(At(response, "hits/0/ranks/semantic").type, schema::JsonType::kNull);
}

TEST_F(Searches, Filter) {
  EXPECT_THAT(IdsIn(Search("q=pod&mode=semantic&severity=critical")),
              UnorderedElementsAre(oom_, dns_));
  EXPECT_THAT(IdsIn(Search("q=pod&mode=semantic&where=severity:warning")), ElementsAre(disk_));
  EXPECT_THAT(IdsIn(Search("q=pod&kind=workflow&kind=execution")), IsEmpty());
  EXPECT_THAT(IdsIn(SearchBody(R"({"q":"pod","mode":"semantic","kind":["remediation","workflow"],
                                   "filter":{"eq":{"severity":"critical"}}})")),
              UnorderedElementsAre(oom_, dns_));
  EXPECT_THAT(IdsIn(SearchBody(R"({"q":"pod","mode":"semantic","filter":"severity:warning"})")),
              ElementsAre(disk_));
}

TEST_F(Searches, TakeWordsOutOfTheFilterLanguage) {
  EXPECT_THAT(IdsIn(Search("where=severity:critical+memory&mode=text")), ElementsAre(oom_));
}

TEST_F(Searches, AreAskedByEmbedding) {
  const Embedding embedding = FakeEmbedder::VectorOf("dns lookups time out");
  schema::Json numbers = schema::Json::Array();
  for (const float x : embedding) numbers.Add(schema::Json::Number(static_cast<double>(2 * x)));
  const Response response = SearchBody("{\"limit\":1,\"embedding\":" + ToText(numbers) + "}");
  EXPECT_THAT(IdsIn(response), ElementsAre(dns_));
  EXPECT_NEAR(*At(response, "hits/0/similarity").AsDouble(), 1, 1e-4);
}

TEST_F(Searches, LeaveOutWhatIsNotSimilar) {
  EXPECT_THAT(IdsIn(Search("q=disk+pressure+evicted+the+pod&min_similarity=0.99")),
              ElementsAre(disk_));
}

TEST_F(Searches, ExplainTheirHits) {
  const Response response = Search("q=memory&explain=true&limit=1");
  EXPECT_EQ(TextAt(response, "hits/0/explain/text/rank"), "1");
  EXPECT_GT(*At(response, "hits/0/explain/text/score").AsDouble(), 0);
  EXPECT_GT(*At(response, "hits/0/explain/semantic/score").AsDouble(), 0);
}

TEST_F(Searches, KeepToABudgetOfBytesAndSaySo) {
  for (int i = 0; i < 8; ++i) Create("b-" + std::to_string(i), std::string(400, 'x') + " memory");
  const Response whole = Search("q=memory");
  const Response cut = Search("q=memory&max_bytes=2000");
  EXPECT_EQ(At(whole, "omitted").type, schema::JsonType::kNull);
  EXPECT_LT(cut.body.size(), 2'200U);
  EXPECT_GT(SizeAt(cut, "hits"), 0U);
  EXPECT_EQ(SizeAt(cut, "hits") + static_cast<std::size_t>(*At(cut, "omitted").AsInteger()),
            SizeAt(whole, "hits"));
  EXPECT_EQ(SearchBody(R"({"q":"memory","max_bytes":2000})").body, cut.body);
  EXPECT_THAT(ErrorsIn(Search("q=memory&max_bytes=1023")), ElementsAre("max_bytes out_of_range"));
}

TEST_F(Searches, SayWhatIsMissing) {
  embedder_.FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  const Response response = Search("q=memory");
  EXPECT_EQ(response.status, 200);
  EXPECT_THAT(IdsIn(response), ElementsAre(oom_));
  EXPECT_EQ(TextAt(response, "degraded/0/code"), "embedder_unavailable");
}

TEST_F(Searches, TellEveryBadParameterAtOnce) {
  const Response response =
      Search("limit=101&mode=magic&min_similarity=2&explain=maybe&fields=nothing&unknown=1");
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(ErrorsIn(response),
              ElementsAre("limit out_of_range",
                          "min_similarity out_of_range",
                          "explain not_allowed",
                          "fields not_allowed",
                          "mode not_allowed",
                          "unknown unknown"));
  EXPECT_THAT(ErrorsIn(Search("q=+%E2%80%83")), ElementsAre("q required"));
  EXPECT_THAT(ErrorsIn(Search("q=" + std::string(16'385, 'x'))), ElementsAre("q too_long"));
}

TEST_F(Searches, TellEveryBadMemberAtOnce) {
  const Response response = SearchBody(
      R"({"q":7,"embedding":[1],"mode":"magic","kind":"x","filter":{"eq":{"nothing":1}},
          "limit":0,"min_similarity":-2,"explain":1,"fields":["nothing"],"unknown":1})");
  EXPECT_EQ(response.status, 422);
  EXPECT_THAT(ErrorsIn(response),
              testing::IsSupersetOf({"/q wrong_type",
                                     "/mode not_allowed",
                                     "/embedding wrong_length",
                                     "/kind not_allowed",
                                     "/limit out_of_range",
                                     "/min_similarity out_of_range",
                                     "/explain wrong_type",
                                     "/fields not_allowed",
                                     "/unknown unknown_member"}));
  EXPECT_EQ(SearchBody("[]").status, 400);
  EXPECT_EQ(SearchBody("{\"q\":").status, 400);
  EXPECT_THAT(ErrorsIn(SearchBody("{}")), ElementsAre(" required"));
  EXPECT_THAT(ErrorsIn(SearchBody(R"({"q":"\u2003"})")), ElementsAre(" required"));
  EXPECT_THAT(ErrorsIn(SearchBody(R"({"q":"a","q":"b"})")), Contains("/q duplicate_member"));
  schema::Json zeros = schema::Json::Array();
  for (int i = 0; i < 384; ++i) zeros.Add(schema::Json::Integer(0));
  EXPECT_THAT(ErrorsIn(SearchBody("{\"embedding\":" + ToText(zeros) + "}")),
              Contains("/embedding out_of_range"));
}

TEST_F(Searches, FindWhatIsSimilarToARecord) {
  const std::string twin = Create("r-4", "container killed out of memory again");
  const Response response = Get("/api/v1/audit/remediation/" + oom_ + "/similar?limit=1");
  EXPECT_THAT(IdsIn(response), ElementsAre(twin));
  const Response by_key = Get("/api/v1/audit/remediation/key:r-1/similar?severity=warning");
  EXPECT_THAT(IdsIn(by_key), ElementsAre(disk_));
  EXPECT_EQ(Get("/api/v1/audit/remediation/key:none/similar").status, 404);
  EXPECT_EQ(Get("/api/v1/audit/workflow/" + oom_ + "/similar").status, 404);
  EXPECT_THAT(ErrorsIn(Get("/api/v1/audit/remediation/key:r-1/similar?q=x&where=word")),
              Contains("q unknown"));
}

}  // namespace
}  // namespace datastorage::http
