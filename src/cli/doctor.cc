#include "cli/doctor.h"

#include <algorithm>
#include <array>

#include "cli/record_view.h"
#include "cli/text.h"

namespace datastorage::cli {
namespace {

using schema::Json;

std::string_view NameOf(FindingState state) {
  switch (state) {
    case FindingState::kOk: return "ok";
    case FindingState::kWarning: return "warning";
    case FindingState::kProblem: return "problem";
  }
  return "";
}

Tone ToneOf(FindingState state) {
  switch (state) {
    case FindingState::kOk: return Tone::kGood;
    case FindingState::kWarning: return Tone::kWarning;
    case FindingState::kProblem: return Tone::kBad;
  }
  return Tone::kPlain;
}

Finding Unreachable(const client::Error& error) {
  Finding finding{FindingState::kProblem, "server", error.message, ""};
  switch (error.kind) {
    case client::ErrorKind::kUnreachable:
      finding.next_step =
          "start it with `datastorage serve`, or name its address by --server or "
          "DATASTORAGE_SERVER";
      break;
    case client::ErrorKind::kTryAgain:
    case client::ErrorKind::kOutcomeUnknown:
      finding.next_step = "it takes connections but does not answer: look at its log and load";
      break;
    case client::ErrorKind::kRefused:
      finding.next_step = "give --server as http://HOST:PORT";
      break;
    case client::ErrorKind::kNotFound:
    case client::ErrorKind::kConflict:
    case client::ErrorKind::kProtocol:
    case client::ErrorKind::kServer:
      finding.next_step = "another program seems to answer there: end it, or name ours by --server";
      break;
  }
  return finding;
}

// What findings of /readyz are mended by, where that is more than the service's log; an empty code
// stands for all others of its component.
struct Remedy {
  std::string_view component;
  std::string_view code;
  std::string_view next_step;
};
constexpr std::array<Remedy, 10> kRemedies{{
    {"relay",
     "parked",
     "mend what the service's log names at each attempt, then run `datastorage pending release`"},
    {"relay",
     "",
     "nothing, if the number falls; else see \"When vectors stay pending\" in docs/operations.md"},
    {"record_store", "disk_nearly_full", "give the database's disk more room, before writes fail"},
    {"record_store",
     "sessions_nearly_used_up",
     "raise max_connections, or lower --store-sessions of the replicas"},
    {"record_store", "in_recovery", "name the server that takes writes in --store"},
    {"record_store",
     "asynchronous_standby",
     "name it in synchronous_standby_names, or a failover loses acknowledged records"},
    {"record_store", "unplaced_records", "see \"PostgreSQL\" in docs/operations.md"},
    {"vector_index", "index_filling", "nothing: wait until it is filled"},
    {"vector_index",
     "",
     "start the server of vectors, or mend --vectors: records are kept meanwhile and follow"},
    {"cache", "", "start Redis, or mend --cache: only time is lost"},
}};

std::string_view RemedyOf(std::string_view component, std::string_view code, bool is_ready) {
  for (const Remedy& remedy : kRemedies) {
    const bool is_its = remedy.code.empty() || remedy.code == code;
    if (remedy.component == component && is_its) return remedy.next_step;
  }
  return is_ready ? "records are kept meanwhile and caught up by themselves; the service's log "
                    "names the cause"
                  : "nothing can be stored: the service's log names the cause";
}

// One part that the server reports as lost, such as the embedder.
Finding LostPart(const Json& part, bool is_ready) {
  Finding finding;
  finding.state = is_ready ? FindingState::kWarning : FindingState::kProblem;
  finding.check = TextOf(part, "component");
  finding.detail = TextOf(part, "reason");
  const std::string code = TextOf(part, "code");
  if (finding.detail.empty()) finding.detail = code;
  const std::string since = TextOf(part, "since");
  if (!since.empty()) finding.detail += ", since " + since;
  finding.next_step = RemedyOf(finding.check, code, is_ready);
  return finding;
}

void AddHealth(Session& session, const client::Health& health, std::vector<Finding>& findings) {
  const std::optional<Json> report = session.Parse(health.json);
  const Json* parts = report ? report->Find("findings") : nullptr;
  const bool has_parts = parts != nullptr && !parts->elements.empty();
  Finding finding{FindingState::kOk, "readiness", "a durable write is possible", ""};
  if (!health.is_ready) {
    finding = {FindingState::kProblem,
               "readiness",
               "the service says it is not ready: " + (report ? TextOf(*report, "status") : ""),
               has_parts ? "see the parts below" : "it may be starting or stopping: ask again"};
  }
  findings.push_back(std::move(finding));
  if (!has_parts) return;
  for (const Json& part : parts->elements) findings.push_back(LostPart(part, health.is_ready));
}

void AddVersion(Session& session, const std::string& own, std::vector<Finding>& findings) {
  const auto answer = session.client().Version();
  const std::optional<Json> json = answer ? session.Parse(*answer) : std::nullopt;
  const std::string theirs = json ? TextOf(*json, "version") : "";
  if (theirs == own) {
    findings.push_back({FindingState::kOk, "version", own + " here and there", ""});
  } else {
    findings.push_back(
        {FindingState::kWarning,
         "version",
         "this program is " + own + ", the server " + (theirs.empty() ? "does not say" : theirs),
         "use the program that the server runs, or restart the server with this one"});
  }
}

Json ToJson(const Finding& finding) {
  Json json = Json::Object();
  json.Add("state", Json::String(NameOf(finding.state)));
  json.Add("check", Json::String(finding.check));
  json.Add("detail", Json::String(finding.detail));
  if (!finding.next_step.empty()) json.Add("next_step", Json::String(finding.next_step));
  return json;
}

void PrintForPeople(const Console& console, const std::vector<Finding>& findings) {
  constexpr std::size_t kStateWidth = 9;
  std::size_t check_width = 0;
  for (const Finding& finding : findings) {
    check_width = std::max(check_width, DisplayWidth(finding.check));
  }
  const std::string indent(kStateWidth + check_width + 2, ' ');
  for (const Finding& finding : findings) {
    console.out << Toned(
                       console, ToneOf(finding.state), PadRight(NameOf(finding.state), kStateWidth))
                << PadRight(OneLine(finding.check), check_width + 2) << OneLine(finding.detail)
                << "\n";
    if (!finding.next_step.empty()) console.out << indent << "next: " << finding.next_step << "\n";
  }
}

}  // namespace

std::vector<Finding> CheckServer(Session& session, const std::string& own_version) {
  std::vector<Finding> findings;
  const auto health = session.client().CheckHealth();
  if (!health) {
    findings.push_back(Unreachable(health.error()));
    return findings;
  }
  findings.push_back({FindingState::kOk, "server", session.server() + " answers", ""});
  AddHealth(session, *health, findings);
  AddVersion(session, own_version, findings);
  return findings;
}

ExitCode ReportFindings(Session& session, const std::vector<Finding>& findings) {
  const bool has_problem = std::ranges::any_of(
      findings, [](const Finding& finding) { return finding.state == FindingState::kProblem; });
  if (session.wants_json()) {
    Json list = Json::Array();
    for (const Finding& finding : findings) list.Add(ToJson(finding));
    Json report = Json::Object();
    report.Add("ok", Json::Boolean(!has_problem));
    report.Add("findings", std::move(list));
    session.console().out << schema::ToText(report) << "\n";
  } else {
    PrintForPeople(session.console(), findings);
  }
  return has_problem ? ExitCode::kProblem : ExitCode::kOk;
}

}  // namespace datastorage::cli
