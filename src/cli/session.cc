#include "cli/session.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <utility>

#include "base/limits.h"
#include "cli/text.h"

namespace datastorage::cli {
namespace {

constexpr std::chrono::minutes kAdminTimeout{30};

// What a person would do next, where that is not plain from the error itself.
std::string AdviceFor(const client::Error& error, const std::string& server) {
  switch (error.kind) {
    case client::ErrorKind::kUnreachable:
      return "is the service running? `datastorage serve` starts it; --server or "
             "DATASTORAGE_SERVER names another address than " +
             server;
    case client::ErrorKind::kProtocol: return "another program may be answering on " + server;
    case client::ErrorKind::kTryAgain:
      return "the service is busy; the same command may succeed in a moment";
    case client::ErrorKind::kOutcomeUnknown:
      return "repeating the command is safe: nothing is stored twice";
    case client::ErrorKind::kServer:
      return error.request_id.empty()
                 ? std::string()
                 : "the service's log tells more: look for request " + OneLine(error.request_id);
    case client::ErrorKind::kRefused:
    case client::ErrorKind::kNotFound:
    case client::ErrorKind::kConflict: return {};
  }
  return {};
}

}  // namespace

client::Client& Session::client() {
  if (client_ == nullptr) {
    client::ClientOptions options;
    options.server = options_.server;
    client_ = std::make_unique<client::Client>(options);
  }
  return *client_;
}

client::Client& Session::admin_client() {
  if (admin_client_ == nullptr) {
    client::ClientOptions options;
    options.server = options_.admin;
    options.timeout = kAdminTimeout;
    admin_client_ = std::make_unique<client::Client>(options);
  }
  return *admin_client_;
}

ExitCode Session::FailAdmin(const client::Error& error) const {
  console_.err << "error: " << Lines(Describe(error)) << "\n";
  if (error.kind == client::ErrorKind::kUnreachable) {
    console_.err << "  next: is the service running? Its second start line names its metrics "
                    "listener; --admin or DATASTORAGE_ADMIN names another one than "
                 << options_.admin << "\n";
  }
  return ExitCodeFor(error, false);
}

ExitCode Session::Fail(const client::Error& error, bool carries_input) const {
  console_.err << "error: " << Lines(Describe(error)) << "\n";
  const std::string advice = AdviceFor(error, options_.server);
  if (!advice.empty()) console_.err << "  next: " << advice << "\n";
  return ExitCodeFor(error, carries_input);
}

ExitCode Session::Fail(ExitCode code, std::string_view message) const {
  console_.err << "error: " << message << "\n";
  return code;
}

std::optional<std::string> Session::ReadInput(const std::string& path) const {
  std::ifstream file;
  std::istream* in = &console_.in;
  if (path != "-") {
    file.open(path, std::ios::binary);
    in = &file;
  }
  std::string text;
  char letter = 0;
  while (text.size() <= limits::kRecordByteCountMax && in->get(letter)) text.push_back(letter);
  if (path != "-" && (!file.is_open() || file.bad())) {
    console_.err << "error: " << path << " cannot be read\n";
    return std::nullopt;
  }
  if (text.size() > limits::kRecordByteCountMax) {
    console_.err << "error: " << path << " is larger than a record may be (2 MiB)\n";
    return std::nullopt;
  }
  return text;
}

std::optional<schema::Json> Session::Parse(std::string_view json) const {
  auto parsed = schema::ParseJson(json);
  if (parsed.has_value()) return std::move(parsed->value);
  console_.err << "error: the server's answer is not JSON\n";
  return std::nullopt;
}

ExitCode Session::Show(const std::string& json,
                       const std::function<void(const schema::Json&)>& print) const {
  if (wants_json()) {
    console_.out << json << "\n";
    return ExitCode::kOk;
  }
  const std::optional<schema::Json> answer = Parse(json);
  if (!answer) return ExitCode::kUnavailable;
  print(*answer);
  return ExitCode::kOk;
}

}  // namespace datastorage::cli
