#include "cli/doctor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "support/loopback_server.h"

namespace datastorage::cli {
namespace {

using test::Answer;
using test::LoopbackServer;
using test::SeenRequest;
using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;

struct Patient {
  explicit Patient(const std::string& server) { options.server = server; }
  std::istringstream in;
  std::ostringstream out;
  std::ostringstream err;
  GlobalOptions options;
  Session session{Console{in, out, err, 100, false, false}, options};
};

auto Is(FindingState state, const std::string& check, const std::string& detail) {
  return AllOf(Field(&Finding::state, state),
               Field(&Finding::check, check),
               Field(&Finding::detail, HasSubstr(detail)));
}

TEST(Doctor, FindsNothingWrongWithAHealthyServer) {
  LoopbackServer server([](const SeenRequest& request) {
    return request.target == "/version" ? Answer(200, R"({"version":"0.1.0"})")
                                        : Answer(200, R"({"status":"ok","findings":[]})");
  });
  Patient patient(server.url());
  const std::vector<Finding> findings = CheckServer(patient.session, "0.1.0");
  EXPECT_THAT(findings,
              ElementsAre(Is(FindingState::kOk, "server", "answers"),
                          Is(FindingState::kOk, "readiness", "durable write"),
                          Is(FindingState::kOk, "version", "0.1.0")));
  EXPECT_EQ(ReportFindings(patient.session, findings), ExitCode::kOk);
  EXPECT_THAT(patient.out.str(), HasSubstr("ok       server     " + server.url() + " answers\n"));
}

TEST(Doctor, WarnsOfLostPartsAndOtherVersions) {
  LoopbackServer server([](const SeenRequest& request) {
    return request.target == "/version"
               ? Answer(200, R"({"version":"0.2.0"})")
               : Answer(200,
                        R"({"status":"degraded","findings":[{"component":"embedder",)"
                        R"("code":"unavailable","reason":"it failed","since":"T"}]})");
  });
  Patient patient(server.url());
  const std::vector<Finding> findings = CheckServer(patient.session, "0.1.0");
  EXPECT_THAT(findings,
              ElementsAre(Is(FindingState::kOk, "server", ""),
                          Is(FindingState::kOk, "readiness", ""),
                          Is(FindingState::kWarning, "embedder", "it failed, since T"),
                          Is(FindingState::kWarning, "version", "the server 0.2.0")));
  EXPECT_EQ(ReportFindings(patient.session, findings), ExitCode::kOk);
}

TEST(Doctor, TellsHowToReleaseWhatIsParked) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(200,
                  R"({"status":"degraded","findings":[)"
                  R"({"component":"relay","code":"parked","reason":"3 records are parked"},)"
                  R"({"component":"relay","code":"backfill","reason":"9 records wait"}]})");
  });
  Patient patient(server.url());
  const std::vector<Finding> findings = CheckServer(patient.session, "0.1.0");
  ASSERT_GE(findings.size(), 4U);
  EXPECT_THAT(findings[2].next_step, HasSubstr("datastorage pending release"));
  EXPECT_THAT(findings[3].next_step, HasSubstr("if the number falls"));
}

TEST(Doctor, TellsAServerThatIsNotReady) {
  LoopbackServer server([](const SeenRequest&) {
    return Answer(503,
                  R"({"status":"unavailable","findings":[{"component":"record_store",)"
                  R"("code":"unavailable","reason":"disk full"}]})");
  });
  Patient patient(server.url());
  const std::vector<Finding> findings = CheckServer(patient.session, "0.1.0");
  EXPECT_THAT(findings, testing::Contains(Is(FindingState::kProblem, "readiness", "unavailable")));
  EXPECT_THAT(findings, testing::Contains(Is(FindingState::kProblem, "record_store", "disk full")));
  EXPECT_EQ(ReportFindings(patient.session, findings), ExitCode::kProblem);
}

TEST(Doctor, NamesTheNextStepForEachWayOfNotReachingTheServer) {
  LoopbackServer stranger([](const SeenRequest&) { return Answer(404, "<html>"); });
  const std::pair<std::string, std::string> cases[] = {
      {test::DeadUrl(), "start it with `datastorage serve`"},
      {stranger.url(), "another program"},
      {"gopher://h", "give --server as http://HOST:PORT"}};
  for (const auto& [server, next_step] : cases) {
    Patient patient(server);
    const std::vector<Finding> findings = CheckServer(patient.session, "0.1.0");
    ASSERT_EQ(findings.size(), 1U) << server;
    EXPECT_EQ(findings[0].state, FindingState::kProblem);
    EXPECT_THAT(findings[0].next_step, HasSubstr(next_step));
  }
}

TEST(Doctor, ReportsToProgramsAsJson) {
  Patient patient("http://h");
  patient.options.wants_json = true;
  const std::vector<Finding> findings = {{FindingState::kOk, "a", "fine", ""},
                                         {FindingState::kProblem, "b", "broken", "mend it"}};
  EXPECT_EQ(ReportFindings(patient.session, findings), ExitCode::kProblem);
  EXPECT_EQ(patient.out.str(),
            "{\"ok\":false,\"findings\":[{\"state\":\"ok\",\"check\":\"a\",\"detail\":\"fine\"},"
            "{\"state\":\"problem\",\"check\":\"b\",\"detail\":\"broken\","
            "\"next_step\":\"mend it\"}]}\n");
}

}  // namespace
}  // namespace datastorage::cli
