#include "cli/reindex_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <thread>

#include "cli/record_view.h"
#include "cli/table.h"
#include "cli/text.h"

namespace datastorage::cli {
namespace {

using schema::Json;

// The number or text of a member; empty: it is absent.
std::string CountOf(const Json& report, std::string_view name) {
  return OneLine(TextOf(report, name));
}

struct ReindexCommand {
  bool only_reports = false;
  bool is_cancelled = false;
  bool waits = false;
};

constexpr std::chrono::seconds kReindexPause{1};
constexpr int kReindexFailuresMax = 30;  // One after the other: longer than a restart takes.

void PrintMove(const Console& console, const Json& report) {
  std::vector<Row> rows;
  const Json* const sets = report.Find("sets");
  for (const Json& set : sets != nullptr ? sets->elements : std::vector<Json>()) {
    std::vector<Cell>& cells = rows.emplace_back().cells;
    for (const char* name : {"set", "engine", "state", "in_use", "points", "pending", "parked"}) {
      cells.push_back({CountOf(set, name)});
    }
  }
  PrintTable(console,
             {{"SET", false, true},
              {"ENGINE"},
              {"STATE"},
              {"IN USE"},
              {"VECTORS", false, true},
              {"PENDING", false, true},
              {"PARKED", false, true}},
             rows);
}

bool IsMoving(const Json& report) {
  const Json* const moving = report.Find("moving");
  return moving != nullptr && moving->boolean;
}

void WarnOfForeignIndexes(const Console& console, const Json& report) {
  const Json* const sets = report.Find("sets");
  for (const Json& set : sets != nullptr ? sets->elements : std::vector<Json>()) {
    if (set.Find("holds") == nullptr) continue;
    console.err << "warning: the index of engine " << CountOf(set, "engine")
                << " holds the vectors of set " << CountOf(set, "holds")
                << ": the move will not end; say --cancel, and name an empty one\n";
  }
}

// The engine that a report's move goes to: that of the set on its way; empty: nothing moves.
std::string MovingTo(const Json& report) {
  const Json* const sets = report.Find("sets");
  for (const Json& set : sets != nullptr ? sets->elements : std::vector<Json>()) {
    if (IsMoving(report) && CountOf(set, "state") != "live") return CountOf(set, "engine");
  }
  return {};
}

bool SearchesUse(const Json& report, const std::string& engine) {
  const Json* const sets = report.Find("sets");
  for (const Json& set : sets != nullptr ? sets->elements : std::vector<Json>()) {
    if (CountOf(set, "state") == "live" && CountOf(set, "engine") == engine) return true;
  }
  return false;
}

// A report; a service that restarts or is busy is asked again for a while.
std::optional<std::string> AskHowFar(Session& session, ExitCode& code) {
  Json body = Json::Object();
  body.Add("action", Json::String("report"));
  const std::string text = schema::ToText(body);
  for (int failed = 0;; ++failed) {
    auto answer = session.admin_client().Administer("/admin/reindex", text, true);
    if (answer) return *std::move(answer);
    const bool may_pass = answer.error().kind != client::ErrorKind::kRefused &&
                          answer.error().kind != client::ErrorKind::kNotFound;
    if (!may_pass || failed == kReindexFailuresMax) {
      code = session.FailAdmin(answer.error());
      return std::nullopt;
    }
    session.console().err << "no answer; asking again\n" << std::flush;
    std::this_thread::sleep_for(kReindexPause);
  }
}

// Asks until nothing moves, from what the first answer said on; says how much is left. A move that
// was begun may end in another way: somebody gives it up.
ExitCode AwaitMoved(Session& session, std::string answer, const ReindexCommand& command) {
  std::string target;
  for (bool is_first = true;; is_first = false) {
    const std::optional<Json> report = session.Parse(answer);
    if (!report.has_value()) return ExitCode::kProblem;
    if (target.empty()) target = MovingTo(*report);
    if (is_first && target.empty() && !command.only_reports) target = CountOf(*report, "target");
    if (!IsMoving(*report)) {
      const ExitCode shown =
          session.Show(answer, [&](const Json& json) { PrintMove(session.console(), json); });
      if (shown != ExitCode::kOk || target.empty() || SearchesUse(*report, target)) return shown;
      return session.Fail(ExitCode::kProblem,
                          "the move was given up: searches do not use engine " + target);
    }
    if (is_first) WarnOfForeignIndexes(session.console(), *report);
    session.console().err << CountOf(*report, "left") << " vectors left\n" << std::flush;
    std::this_thread::sleep_for(kReindexPause);
    ExitCode code = ExitCode::kOk;
    std::optional<std::string> next = AskHowFar(session, code);
    if (!next.has_value()) return code;
    answer = *std::move(next);
  }
}

ExitCode RunReindex(Session& session, const ReindexCommand& command) {
  Json body = Json::Object();
  const char* const action = command.only_reports   ? "report"
                             : command.is_cancelled ? "cancel"
                                                    : "begin";
  body.Add("action", Json::String(action));
  const auto begun =
      session.admin_client().Administer("/admin/reindex", schema::ToText(body), true);
  if (!begun) return session.FailAdmin(begun.error());
  if (command.waits) return AwaitMoved(session, *begun, command);
  return session.Show(*begun, [&](const Json& report) {
    PrintMove(session.console(), report);
    WarnOfForeignIndexes(session.console(), report);
    if (IsMoving(report)) {
      session.console().err << CountOf(report, "left") << " vectors left; searches move then\n";
    }
  });
}

}  // namespace

void AddReindex(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "reindex", "Move searches to the vector engine of --vectors, while the service runs");
  auto options = std::make_shared<ReindexCommand>();
  CLI::Option* report = command->add_flag("--report", options->only_reports, "Tell how far it is");
  CLI::Option* cancel =
      command->add_flag("--cancel", options->is_cancelled, "Give up a move under way");
  CLI::Option* wait = command->add_flag("--wait", options->waits, "Until searches have moved");
  report->excludes(cancel);
  cancel->excludes(wait);
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return RunReindex(session, *options); };
  });
}

}  // namespace datastorage::cli
