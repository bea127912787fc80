#include "cli/record_view.h"

#include <gtest/gtest.h>

#include <sstream>

namespace datastorage::cli {
namespace {

schema::Json Parsed(std::string_view text) {
  return schema::ParseJson(text)->value;
}

struct Screen {
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  Console console{in, out, err, 80, false, false};
};

TEST(RecordView, ListsARecordALine) {
  Screen screen;
  PrintRecords(screen.console,
               {Parsed(R"({"id":"0197","created_at":"2026-03-01T00:02:18.727Z","phase":"completed",
                  "status":"success","action_type":"restart_pod","target_resource":"pod/a",
                  "namespace":"prod","remediation_request_id":"r-1"})"),
                Parsed(R"({"id":"0198","created_at":"2026-03-01T00:02:19Z","phase":"failed",
                  "status":"failure","action_type":"x\u001b[2J","namespace":"dev",
                  "remediation_request_id":"r-2"})")});
  EXPECT_EQ(screen.out.str(),
            "ID    CREATED (UTC)        STATUS             ACTION       TARGET  NAMESPACE\n"
            "0197  2026-03-01 00:02:18  completed/success  restart_pod  pod/a   prod\n"
            "0198  2026-03-01 00:02:19  failed/failure     x\\u{1b}[2J           dev\n");
}

TEST(RecordView, ShowsEveryMemberOfARecord) {
  Screen screen;
  screen.console.width = 40;
  PrintRecord(screen.console, Parsed(R"({"id":"0197","version":2,"success":true,"summary":
                         "first line\nsecond \u0007 line is longer than fits",
                         "metadata":{"a":1.50},"error_message":""})"));
  EXPECT_EQ(screen.out.str(),
            "id             0197\n"
            "version        2\n"
            "success        true\n"
            "summary        first line\n"
            "               second \\u{7} line is\n"
            "               longer than fits\n"
            "metadata       {\"a\":1.50}\n"
            "error_message  \n");
}

TEST(RecordView, ShowsHitsWithTheirSummaries) {
  Screen screen;
  PrintHits(screen.console,
            Parsed(R"json({"hits":[
      {"kind":"remediation","score":0.03,"similarity":0.8264,"record":{"id":"0197",
       "phase":"completed","status":"success","action_type":"increase_memory_limit",
       "target_resource":"deployment/checkout","namespace":"payments",
       "summary":"The container was killed by the kernel again and again; it has twice )json"
                   R"json(the memory now and has run for a week."}},
      {"kind":"execution","score":0.02,"similarity":null,"record":{"id":"0198","success":false,
       "action_type":"restart_pod","target_resource":"pod/a","cluster_name":"eu-1",
       "error_message":"denied"}}],
      "completeness":"approximate","model":"minilm-x",
      "degraded":[{"code":"pending_embeddings","count":3},{"code":"index_filling"}]})json"));
  EXPECT_EQ(screen.out.str(),
            "SIMILARITY  KIND         STATUS             ACTION       TARGET        NAMESPACE\n"
            "0.826       remediation  completed/success  increase_m…  deployment/…  payments\n"
            "            The container was killed by the kernel again and again; it has twice\n"
            "            the memory now and has run for a week.\n"
            "            0197\n"
            "-           execution    failure            restart_pod  pod/a         eu-1\n"
            "            denied\n"
            "            0198\n");
  EXPECT_EQ(screen.err.str(),
            "2 hits, approximate, model minilm-x\n"
            "note: degraded: pending_embeddings (3)\n"
            "note: degraded: index_filling\n");
}

TEST(RecordView, ShowsScoresWhereThereAreNoSimilarities) {
  Screen screen;
  PrintHits(screen.console, Parsed(R"({"hits":[{"kind":"workflow","score":7.25,
      "record":{"id":"0197","phase":"failed","workflow_id":"w"}}],"completeness":"exact"})"));
  EXPECT_EQ(screen.out.str(),
            "SCORE  KIND      STATUS  ACTION  TARGET  NAMESPACE\n"
            "7.250  workflow  failed          w\n"
            "       0197\n");
  EXPECT_EQ(screen.err.str(), "1 hit\n");
}

TEST(RecordView, SaysWhenThereIsNothing) {
  Screen screen;
  PrintHits(screen.console, Parsed(R"({"hits":[],"completeness":"exact","model":""})"));
  EXPECT_EQ(screen.out.str(), "");
  EXPECT_EQ(screen.err.str(), "0 hits\n");
}

}  // namespace
}  // namespace datastorage::cli
