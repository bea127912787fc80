// Runs a client command as the program would, against a server of the test's, with its streams
// kept.
#pragma once

#include <CLI/CLI.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "cli/session.h"
#include "support/loopback_server.h"

namespace datastorage::cli {

using test::Answer;
using test::LoopbackServer;
using test::SeenRequest;

struct CommandResult {
  ExitCode code = ExitCode::kOk;
  std::string out;
  std::string err;
};

using AddCommands = void (*)(CLI::App&, Action&);

// `arguments` without the program's name; `--json` among them as usual. Throws CLI::ParseError for
// wrong usage.
inline CommandResult RunCommand(AddCommands add_commands,
                                std::vector<std::string> arguments,
                                const std::string& server,
                                const std::string& input = {}) {
  CLI::App app;
  GlobalOptions options;
  options.server = server;
  options.admin = server;
  options.user = "an-operator";
  app.add_flag("--json", options.wants_json);
  Action chosen;
  add_commands(app, chosen);
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    command->fallthrough();
  }
  std::ranges::reverse(arguments);  // As CLI11 wants them.
  app.parse(std::move(arguments));
  std::istringstream in(input);
  std::ostringstream out;
  std::ostringstream err;
  Session session(Console{in, out, err, 100, false, false}, options);
  const ExitCode code = chosen(session);
  return {code, out.str(), err.str()};
}

}  // namespace datastorage::cli
