#include "cli/admin_commands.h"

#include <CLI/CLI.hpp>

#include "cli/filter_options.h"
#include "cli/record_view.h"
#include "cli/reindex_command.h"
#include "cli/text.h"

namespace datastorage::cli {
namespace {

using schema::Json;

using Print = std::function<void(const Json&)>;

struct AdminCall {
  std::string_view path;
  Json body;
  bool repeats = false;  // It may be tried again.
};

ExitCode Administer(Session& session, const AdminCall& call, const Print& print) {
  const auto answer =
      session.admin_client().Administer(call.path, schema::ToText(call.body), call.repeats);
  return answer ? session.Show(*answer, print) : session.FailAdmin(answer.error());
}

struct EraseCommand {
  std::string kind;
  std::string id;
  std::string why;
  std::string who;
  bool is_sure = false;
};

// Asks; anything but a yes is no.
bool IsConfirmed(const Console& console, const EraseCommand& command) {
  console.err << "Erase " << OneLine(command.kind) << " " << OneLine(command.id)
              << " for good, with its history? [y/N] " << std::flush;
  std::string answer;
  std::getline(console.in, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

Json BodyOf(const EraseCommand& command, const std::string& who) {
  constexpr std::string_view kKeyPrefix = "key:";
  Json body = Json::Object();
  body.Add("kind", Json::String(command.kind));
  if (command.id.starts_with(kKeyPrefix)) {
    body.Add("key", Json::String(command.id.substr(kKeyPrefix.size())));
  } else {
    body.Add("id", Json::String(command.id));
  }
  body.Add("who", Json::String(who));
  body.Add("why", Json::String(command.why));
  return body;
}

ExitCode RunErase(Session& session, const EraseCommand& command) {
  const Console& console = session.console();
  const std::string& who = command.who.empty() ? session.user() : command.who;
  if (who.empty()) return session.Fail(ExitCode::kUsage, "--who must say who erases");
  if (!command.is_sure) {
    if (!console.can_ask) {
      return session.Fail(ExitCode::kUsage, "nothing brings a record back: say --yes");
    }
    if (!IsConfirmed(console, command))
      return session.Fail(ExitCode::kProblem, "nothing was erased");
  }
  const AdminCall call{"/admin/erase", BodyOf(command, who), true};
  return Administer(session, call, [&](const Json& erased) {
    console.err << "erased at " << OneLine(TextOf(erased, "erased_at")) << "\n";
    console.out << OneLine(TextOf(erased, "id")) << "\n";
  });
}

void AddErase(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("erase", "Remove a record's content everywhere, for good");
  auto options = std::make_shared<EraseCommand>();
  AddKind(*command, options->kind);
  AddId(*command, options->id);
  command->add_option("--why", options->why, "Why; kept for good")->type_name("TEXT")->required();
  command->add_option("--who", options->who, "Who erases; kept for good [the user]")
      ->type_name("NAME");
  command->add_flag("--yes", options->is_sure, "Do not ask");
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return RunErase(session, *options); };
  });
}

struct ReconcileCommand {
  bool is_dry_run = false;
  bool is_deep = false;
};

// The number of a member, as text.
std::string CountOf(const Json& report, std::string_view name) {
  return OneLine(TextOf(report, name));
}

ExitCode RunReconcile(Session& session, const ReconcileCommand& command) {
  Json body = Json::Object();
  body.Add("dry_run", Json::Boolean(command.is_dry_run));
  body.Add("deep", Json::Boolean(command.is_deep));
  return Administer(session, {"/admin/reconcile", body}, [&](const Json& report) {
    for (const char* name : {"checked", "missing", "stale", "altered", "foreign", "mended"}) {
      session.console().out << name << "  " << CountOf(report, name) << "\n";
    }
    const std::string skipped = CountOf(report, "skipped_sets");
    if (!skipped.empty() && skipped != "0") {
      session.console().err << "a set that is being filled was left out: reconcile again after the "
                               "move\n";
    }
  });
}

void AddReconcile(CLI::App& app, Action& chosen) {
  CLI::App* command =
      app.add_subcommand("reconcile", "Compare the vector indexes with the records, and mend them");
  auto options = std::make_shared<ReconcileCommand>();
  command->add_flag("--dry-run", options->is_dry_run, "Count the differences only");
  command->add_flag("--deep", options->is_deep, "Compare contents too, not stamps alone");
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return RunReconcile(session, *options); };
  });
}

ExitCode RunBackup(Session& session, const std::string& name) {
  Json body = Json::Object();
  if (!name.empty()) body.Add("name", Json::String(name));
  return Administer(session, {"/admin/backup", body}, [&](const Json& report) {
    const Console& console = session.console();
    console.err << "backed up " << CountOf(report, "records") << " records, "
                << CountOf(report, "bytes") << " bytes, into the service's folder of backups\n";
    console.out << OneLine(TextOf(report, "name")) << "\n";
  });
}

void AddBackup(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand(
      "backup", "Have the service copy its database into <data>/backups while it runs");
  auto name = std::make_shared<std::string>();
  command->add_option("NAME", *name, "Of the new file, such as before-upgrade.db [by the time]")
      ->type_name("");
  command->callback(
      [&chosen, name] { chosen = [name](Session& session) { return RunBackup(session, *name); }; });
}

ExitCode RunRelease(Session& session, std::int64_t set) {
  Json body = Json::Object();
  if (set != 0) body.Add("set", Json::Integer(set));
  return Administer(session, {"/admin/pending/release", body, true}, [&](const Json& report) {
    session.console().out << "released  " << CountOf(report, "released") << "\n";
  });
}

void AddPending(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("pending", "Vectors that wait to be sent");
  command->require_subcommand(1);
  CLI::App* release = command->add_subcommand(
      "release", "Have parked vectors tried again: those given up after many failures");
  auto set = std::make_shared<std::int64_t>(0);
  release->add_option("--set", *set, "Of one vector set [all]")
      ->type_name("N")
      ->check(CLI::PositiveNumber);
  release->fallthrough();
  release->callback(
      [&chosen, set] { chosen = [set](Session& session) { return RunRelease(session, *set); }; });
}

}  // namespace

void AddAdminCommands(CLI::App& app, Action& chosen) {
  AddErase(app, chosen);
  AddReconcile(app, chosen);
  AddBackup(app, chosen);
  AddReindex(app, chosen);
  AddPending(app, chosen);
}

}  // namespace datastorage::cli
