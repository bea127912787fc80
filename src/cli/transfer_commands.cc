#include "cli/transfer_commands.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <thread>

#include "base/limits.h"
#include "cli/filter_options.h"
#include "cli/importer.h"
#include "cli/progress_bar.h"
#include "cli/text.h"

namespace datastorage::cli {
namespace {

constexpr std::array<std::string_view, 6> kServerSetMembers = {
    "id", "version", "created_at", "updated_at", "vector", "vector_reason"};
// Records of the greatest size, so many a page, are still an answer that the client takes.
constexpr int kExportPageCount = 100;

struct ImportCommand {
  std::string file;
  std::string kind;
  bool is_strict = false;
};

// An open file, or standard input for "-".
class InputFile {
 public:
  explicit InputFile(const std::string& path)
      : descriptor_(path == "-" ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~InputFile() {
    if (descriptor_ > STDIN_FILENO) close(descriptor_);
  }
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  int descriptor() const { return descriptor_; }
  // 0 for what is not a plain file.
  std::uint64_t ByteCount() const {
    struct stat status {};
    const bool is_file = fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
    return is_file ? static_cast<std::uint64_t>(status.st_size) : 0;
  }

 private:
  int descriptor_;
};

std::string Summary(const ImportTally& tally, Duration time) {
  const double seconds = std::chrono::duration<double>(time).count();
  const double rate = seconds > 0 ? static_cast<double>(tally.decided_count()) / seconds : 0;
  return "stored " + Grouped(tally.stored_count) + ", existing " + Grouped(tally.existing_count) +
         ", refused " + Grouped(tally.refused_count) + " (" +
         Grouped(static_cast<std::uint64_t>(rate)) + " a second)";
}

ExitCode Conclude(Session& session, const Importer& importer, Duration time) {
  const ImportTally& tally = importer.tally();
  if (session.wants_json()) {
    schema::Json counts = schema::Json::Object();
    const auto add = [&counts](const char* name, std::uint64_t count) {
      counts.Add(name, schema::Json::Integer(static_cast<std::int64_t>(count)));
    };
    add("stored", tally.stored_count);
    add("existing", tally.existing_count);
    add("refused", tally.refused_count);
    session.console().out << schema::ToText(counts) << "\n";
  } else {
    session.console().out << Summary(tally, time) << "\n";
  }
  return tally.refused_count == 0 ? ExitCode::kOk : ExitCode::kBadInput;
}

ExitCode RunImport(Session& session, const ImportCommand& command) {
  const InputFile input(command.file);
  if (input.descriptor() < 0) {
    return session.Fail(ExitCode::kBadInput, command.file + " cannot be read");
  }
  const Console& console = session.console();
  const SteadyTime begin = SystemClock().Now();
  ProgressBar bar(console, input.ByteCount());
  LineReader reader(input.descriptor(), limits::kRecordByteCountMax);

  ImportOptions options;
  options.bare_kind = command.kind;
  options.is_strict = command.is_strict;
  options.sleep = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
  ImportEvents events;
  events.on_refused = [&](std::uint64_t line_number, const std::string& reason) {
    bar.Clear();
    console.err << "line " << line_number << ": " << OneLine(reason) << "\n";
  };
  events.on_progress = [&](const ImportTally& tally) {
    bar.Show(reader.consumed_byte_count(), Summary(tally, SystemClock().Now() - begin));
  };
  events.on_retry = [&](const std::string& reason) {
    bar.Show(reader.consumed_byte_count(), "waiting: " + OneLine(reason));
  };
  Importer importer(session.client(), std::move(options), std::move(events));
  const std::optional<client::Error> error = importer.Run(reader);
  bar.Clear();
  const ExitCode code = Conclude(session, importer, SystemClock().Now() - begin);
  if (!error) return code;
  console.err << "stopped before line " << importer.first_undecided_line()
              << "; repeating the command goes on, and stores nothing twice\n";
  return session.Fail(*error, true);
}

struct ExportCommand {
  std::vector<std::string> kinds;
  FilterOptions filter;
  bool wants_full = false;
};

schema::Json WithoutServerSetMembers(const schema::Json& record) {
  schema::Json kept = schema::Json::Object();
  for (const auto& [name, value] : record.members) {
    const bool is_ours = std::ranges::find(kServerSetMembers, name) == kServerSetMembers.end();
    if (is_ours) kept.Add(name, value);
  }
  return kept;
}

bool WriteLine(Session& session, const std::string& kind, const std::string& item, bool is_full) {
  const std::optional<schema::Json> record = session.Parse(item);
  if (!record) return false;
  const std::string text = is_full ? item : schema::ToText(WithoutServerSetMembers(*record));
  session.console().out << "{\"kind\":\"" << kind << "\",\"record\":" << text << "}\n";
  return true;
}

// Oldest first, so that what is written meanwhile comes at the end.
ExitCode ExportKind(Session& session,
                    const std::string& kind,
                    const ExportCommand& command,
                    std::uint64_t& count) {
  client::Parameters base = ParametersOf(command.filter);
  base.emplace_back("sort", "created_at");
  base.emplace_back("limit", std::to_string(kExportPageCount));
  ProgressBar bar(session.console(), 0);
  std::string cursor;
  do {
    client::Parameters parameters = base;
    if (!cursor.empty()) parameters.emplace_back("cursor", cursor);
    const auto page = session.client().List(kind, parameters);
    if (!page) return session.Fail(page.error(), false);
    for (const std::string& item : page->items) {
      if (!WriteLine(session, kind, item, command.wants_full)) return ExitCode::kUnavailable;
    }
    if (!session.console().out) return session.Fail(ExitCode::kProblem, "writing failed");
    count += page->items.size();
    bar.Show(0, "exported " + Grouped(count));
    cursor = page->next_cursor;
  } while (!cursor.empty());
  return ExitCode::kOk;
}

ExitCode RunExport(Session& session, const ExportCommand& command) {
  std::uint64_t count = 0;
  for (const std::string& kind : command.kinds.empty() ? KindNames() : command.kinds) {
    const ExitCode code = ExportKind(session, kind, command, count);
    if (code != ExitCode::kOk) return code;
  }
  session.console().err << "exported " << Grouped(count) << "\n";
  return ExitCode::kOk;
}

}  // namespace

void AddTransferCommands(CLI::App& app, Action& chosen) {
  CLI::App* import = app.add_subcommand("import", "Store records from a file, one JSON a line");
  auto import_options = std::make_shared<ImportCommand>();
  import->add_option("FILE", import_options->file, "NDJSON file; - is standard input")
      ->required()
      ->type_name("");
  import->add_option("--kind", import_options->kind, "Kind of lines that are bare records")
      ->type_name("KIND")
      ->check(CLI::IsMember(KindNames()));
  import->add_flag(
      "--strict", import_options->is_strict, "Wait for each record until its vector is searchable");
  import->callback([&chosen, import_options] {
    chosen = [import_options](Session& session) { return RunImport(session, *import_options);
};
}  // namespace datastorage::cli
);

CLI::App* export_command =
    app.add_subcommand("export", "Write records to standard output, one JSON a line");
auto export_options = std::make_shared<ExportCommand>();
export_command->add_option("--kind", export_options->kinds, "Only this kind; repeat for several")
    ->type_name("KIND")
    ->allow_extra_args(false)
    ->check(CLI::IsMember(KindNames()));
AddFilterOptions(*export_command, export_options->filter);
export_command->add_flag("--full",
                         export_options->wants_full,
                         "With id, version, times and vector state");
export_command->callback([&chosen, export_options] {
  chosen = [export_options](Session& session) { return RunExport(session, *export_options); };
});
}

}  // namespace datastorage::cli
