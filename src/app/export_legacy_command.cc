#include "app/export_legacy_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/exit_code.h"
#include "cli/text.h"
#include "postgres/legacy_export.h"

namespace datastorage::app {
namespace {

constexpr std::chrono::seconds kConnectTimeout{10};

cli::ExitCode ExitCodeFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument: return cli::ExitCode::kUsage;
    case ErrorCode::kNotFound: return cli::ExitCode::kBadInput;
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kResourceExhausted: return cli::ExitCode::kUnavailable;
    case ErrorCode::kConflict:
    case ErrorCode::kOutcomeUnknown:
    case ErrorCode::kInternal: break;
  }
  return cli::ExitCode::kProblem;
}

bool WriteLine(const std::string& line) {
  return std::fwrite(line.data(), 1, line.size(), stdout) == line.size() &&
         std::fputc('\n', stdout) != EOF;
}

void TellRefusal(std::string_view table, std::int64_t id, const std::string& reason) {
  std::fprintf(stderr,
               "%s %lld: %s\n",
               std::string(table).c_str(),
               static_cast<long long>(id),
               cli::OneLine(reason).c_str());
}

Result<postgres::LegacyTally> Export(const std::string& database) {
  DS_ASSIGN_OR_RETURN(
      const std::unique_ptr<postgres::Connection> connection,
      postgres::Connection::Open({.conninfo = database}, Deadline::In(kConnectTimeout)));
  const postgres::LegacySink sink{WriteLine, TellRefusal};
  DS_ASSIGN_OR_RETURN(const postgres::LegacyTally tally, ExportLegacy(*connection, sink));
  if (std::fflush(stdout) != 0) return Unavailable("the lines cannot be written");
  return tally;
}

int Run(const std::string& database) {
  const Result<postgres::LegacyTally> tally = Export(database);
  if (!tally.has_value()) {
    std::fprintf(stderr, "error: %s\n", tally.error().message.c_str());
    return static_cast<int>(ExitCodeFor(tally.error().code));
  }
  std::fprintf(stderr,
               "exported %lld records, refused %lld\n",
               static_cast<long long>(tally->record_count),
               static_cast<long long>(tally->refused_count));
  return static_cast<int>(tally->refused_count == 0 ? cli::ExitCode::kOk
                                                    : cli::ExitCode::kBadInput);
}

}  // namespace

void AddExportLegacyCommand(cli::LocalCommands& local) {
  const auto database = std::make_shared<std::string>();
  local.commands.push_back(
      {"export-legacy",
       "Print the records of a database of the Go original, for `import -`",
       [database](CLI::App& command) {
         command
             .add_option("DATABASE",
                         *database,
                         "postgresql://… or host=… dbname=…; the password best in PGPASSWORD")
             ->required()
             ->type_name("");
       },
       [database] { return Run(*database); }});
}

}  // namespace datastorage::app
