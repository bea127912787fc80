#include "cli/run.h"

#include <CLI/CLI.hpp>
#include <exception>
#include <iostream>

#include "cli/admin_commands.h"
#include "cli/completion.h"
#include "cli/doctor.h"
#include "cli/record_commands.h"
#include "cli/search_commands.h"
#include "cli/session.h"
#include "cli/text.h"
#include "cli/transfer_commands.h"
#include "cli/unknown_command.h"

namespace datastorage::cli {
namespace {

void AddGlobalOptions(CLI::App& app, const Environment& environment, GlobalOptions& options) {
  const auto server = environment.find("DATASTORAGE_SERVER");
  if (server != environment.end() && !server->second.empty()) options.server = server->second;
  app.add_option("--server", options.server, "Address of the service, also by DATASTORAGE_SERVER")
      ->type_name("URL")
      ->capture_default_str();
  const auto admin = environment.find("DATASTORAGE_ADMIN");
  if (admin != environment.end() && !admin->second.empty()) options.admin = admin->second;
  app.add_option(
         "--admin",
         options.admin,
         "Address of the service's metrics listener, for the commands of operators; also by "
         "DATASTORAGE_ADMIN")
      ->type_name("URL")
      ->capture_default_str();
  const auto user = environment.find("USER");
  if (user != environment.end()) options.user = user->second;
  app.add_flag("--json", options.wants_json, "Answer as JSON, for programs");
}

// "config print" is `print` under `config`, which is made when first met.
CLI::App* AddLocalCommand(CLI::App& app, const LocalCommand& local) {
  const std::size_t space = local.name.find(' ');
  if (space == std::string::npos) return app.add_subcommand(local.name, local.description);
  const std::string parent_name = local.name.substr(0, space);
  const std::vector<CLI::App*> met = app.get_subcommands(
      [&parent_name](CLI::App* command) { return command->get_name() == parent_name; });
  CLI::App* parent = met.empty() ? nullptr : met.front();
  if (parent == nullptr) {
    parent = app.add_subcommand(parent_name, "Commands about " + parent_name);
    parent->require_subcommand(1);
  }
  return parent->add_subcommand(local.name.substr(space + 1), local.description);
}

void AddLocalCommands(CLI::App& app, const LocalCommands& local, Action& chosen) {
  for (const LocalCommand& command : local.commands) {
    CLI::App* added = AddLocalCommand(app, command);
    if (command.add_options) command.add_options(*added);
    added->callback([&chosen, run = command.run] {
      chosen = [run](Session&) { return static_cast<ExitCode>(run()); };
    });
  }
}

ExitCode RunDoctor(Session& session, const LocalCommands& local) {
  std::vector<Finding> findings = CheckServer(session, local.version);
  if (local.doctor_checks) {
    for (Finding& finding : local.doctor_checks()) findings.push_back(std::move(finding));
  }
  return ReportFindings(session, findings);
}

ExitCode RunVersion(Session& session, const LocalCommands& local) {
  if (session.wants_json()) {
    session.console().out << "{\"version\":\"" << local.version << "\"}\n";
  } else {
    session.console().out << "datastorage " << local.version << "\n";
  }
  return ExitCode::kOk;
}

ExitCode RunOpenApi(Session& session) {
  const auto document = session.client().OpenApi();
  if (!document) return session.Fail(document.error(), false);
  session.console().out << *document << "\n";
  return ExitCode::kOk;
}

void AddOwnCommands(CLI::App& app, const LocalCommands& local, Action& chosen) {
  CLI::App* doctor =
      app.add_subcommand("doctor", "Check the service and this machine; say what to mend");
  if (local.add_doctor_options) local.add_doctor_options(*doctor);
  doctor->callback([&] { chosen = [&](Session& session) { return RunDoctor(session, local); }; });

  app.add_subcommand("version", "Show this program's version")->callback([&] {
    chosen = [&](Session& session) { return RunVersion(session, local); };
  });
  app.add_subcommand("openapi", "Write the service's OpenAPI document")->callback([&chosen] {
    chosen = RunOpenApi;
  });

  CLI::App* completion = app.add_subcommand("completion", "Write a completion script");
  auto shell = std::make_shared<std::string>();
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->callback([&app, &chosen, shell] {
    chosen = [&app, shell](Session& session) {
      session.console().out << CompletionScript(app, *shell).value_or("");
      return ExitCode::kOk;
    };
  });
}

// `help`, for those who do not think of --help.
void AddHelp(CLI::App& app, Action& chosen) {
  CLI::App* help = app.add_subcommand("help", "Show this help, or that of a command");
  auto names = std::make_shared<std::vector<std::string>>();
  help->add_option("COMMAND", *names, "Such as search, or config print")->type_name("");
  help->callback([&app, &chosen, names] {
    chosen = [&app, names](Session& session) {
      const CLI::App* command = &app;
      for (const std::string& name : *names) {
        const std::vector<const CLI::App*> met = command->get_subcommands(
            [&name](const CLI::App* each) { return each->get_name() == name; });
        if (met.empty()) return session.Fail(ExitCode::kUsage, UnknownCommandText(*command, name));
        command = met.front();
      }
      // Not help(), which would show that of `help`, the command that was given.
      session.console().out << command->get_formatter()->make_help(
          command, PathOf(*command), CLI::AppFormatMode::Normal);
      return ExitCode::kOk;
    };
  });
}

// A word that is no command is told as what it is.
std::optional<std::string> UnknownCommandOf(const CLI::App& app) {
  const CLI::App* command = &app;
  while (!command->get_subcommands().empty()) command = command->get_subcommands().front();
  const std::vector<std::string> left = app.remaining();
  const bool takes_commands = command->get_require_subcommand_min() > 0;
  if (!takes_commands || left.empty() || left.front().starts_with('-')) return std::nullopt;
  return UnknownCommandText(*command, left.front());
}

ExitCode RunChosen(const Action& chosen, Session& session) {
  const ExitCode code = chosen(session);
  session.console().out.flush();
  if (session.console().out) return code;
  return session.Fail(ExitCode::kProblem, "standard output could not be written");
}

void LetOptionsComeAnywhere(CLI::App& app) {
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->fallthrough();
    LetOptionsComeAnywhere(*command);
  }
}

int Run(int argc, const char* const* argv, const LocalCommands& local) {
  const Environment environment = ProcessEnvironment();
  CLI::App app(
      "Records what was done about incidents, and finds it again by meaning.\n"
      "Exit codes: 0 done, 1 problem found, 2 wrong usage, 65 input refused, 69 service\n"
      "unavailable, 75 try again, 78 wrong configuration.",
      "datastorage");
  app.require_subcommand(1);
  app.set_help_flag("-h,--help", "Show this help");
  app.set_version_flag("--version", "datastorage " + local.version, "Show the version");
  GlobalOptions options;
  Action chosen;
  AddGlobalOptions(app, environment, options);
  AddLocalCommands(app, local, chosen);
  AddRecordCommands(app, chosen);
  AddSearchCommands(app, chosen);
  AddTransferCommands(app, chosen);
  AddAdminCommands(app, chosen);
  AddOwnCommands(app, local, chosen);
  AddHelp(app, chosen);
  LetOptionsComeAnywhere(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (const auto unknown = UnknownCommandOf(app); unknown.has_value()) {
      std::cerr << "error: " << *unknown << "\n";
      return static_cast<int>(ExitCode::kUsage);
    }
    const int code = app.exit(error, std::cout, std::cerr);
    return code == 0 ? 0 : static_cast<int>(ExitCode::kUsage);
  }
  Session session(ProcessConsole(environment), options);
  return static_cast<int>(RunChosen(chosen, session));
}

}  // namespace

int RunCommandLine(int argc, const char* const* argv, const LocalCommands& local) {
  try {
    return Run(argc, argv, local);
  } catch (const std::exception& exception) {
    std::cerr << "error: " << exception.what() << "\n";
    return static_cast<int>(ExitCode::kProblem);
  }
}

}  // namespace datastorage::cli
