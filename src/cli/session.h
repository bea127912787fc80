// Session: what every client command shares: the console, the global options and the client.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "cli/cli11_forward.h"
#include "cli/console.h"
#include "cli/exit_code.h"
#include "client/client.h"
#include "schema/json.h"

namespace datastorage::cli {

struct GlobalOptions {
  std::string server = "http://127.0.0.1:8080";
  std::string admin = "http://127.0.0.1:9090";  // The metrics listener, which operators use.
  std::string user;                             // Who runs this; empty when nobody says.
  bool wants_json = false;
};

class Session {
 public:
  Session(Console console, const GlobalOptions& options) : console_(console), options_(options) {}

  const Console& console() const { return console_; }
  bool wants_json() const { return options_.wants_json; }
  const std::string& server() const { return options_.server; }
  // Made at the first use: the global options are known only after parsing.
  client::Client& client();
  // Of the metrics listener; its calls may take minutes.
  client::Client& admin_client();
  const std::string& user() const { return options_.user; }

  // Says why on `err` and gives the exit code. The second is for calls of admin_client().
  ExitCode Fail(const client::Error& error, bool carries_input) const;
  ExitCode FailAdmin(const client::Error& error) const;
  ExitCode Fail(ExitCode code, std::string_view message) const;

  // Reads a file, or standard input for "-". On failure says so and gives nullopt.
  std::optional<std::string> ReadInput(const std::string& path) const;

  // Parses what the server sent. On failure says so and gives nullopt.
  std::optional<schema::Json> Parse(std::string_view json) const;

  // Shows what the server sent: as it is to a program, by `print` to a person.
  ExitCode Show(const std::string& json,
                const std::function<void(const schema::Json&)>& print) const;

 private:
  Console console_;
  const GlobalOptions& options_;
  std::unique_ptr<client::Client> client_;
  std::unique_ptr<client::Client> admin_client_;
};

// The chosen command, bound to its parsed options.
using Action = std::function<ExitCode(Session&)>;

}  // namespace datastorage::cli
