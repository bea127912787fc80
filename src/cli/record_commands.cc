#include "cli/record_commands.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "cli/filter_options.h"
#include "cli/record_view.h"
#include "cli/text.h"

namespace datastorage::cli {
namespace {

// Options live as long as the App that fills them: its callbacks share them.
template <class Options>
std::shared_ptr<Options> MakeOptions() {
  return std::make_shared<Options>();
}

ExitCode ShowRecord(Session& session, const std::string& json) {
  return session.Show(json,
                      [&](const schema::Json& record) { PrintRecord(session.console(), record); });
}

struct WriteCommand {
  std::string kind;
  std::string id;
  std::string file = "-";
  std::string version;
  client::WriteOptions write;
};

void AddWriteOptions(CLI::App& command, WriteCommand& options) {
  command.add_option("-f,--file", options.file, "JSON file; - is standard input")
      ->type_name("FILE")
      ->capture_default_str();
  command
      .add_option("--idempotency-key",
                  options.write.idempotency_key,
                  "Makes repeating this command safe even after its record has changed")
      ->type_name("KEY");
  command.add_flag("--strict", options.write.is_strict, "Wait until its vector is searchable");
}

ExitCode RunRecord(Session& session, const WriteCommand& options) {
  const std::optional<std::string> text = session.ReadInput(options.file);
  if (!text) return ExitCode::kBadInput;
  const auto stored = session.client().Create(options.kind, *text, options.write);
  if (!stored) return session.Fail(stored.error(), true);
  return session.Show(stored->json, [&](const schema::Json& record) {
    session.console().err << (stored->is_new ? "stored" : "exists already, unchanged")
                          << ", vector " << OneLine(TextOf(record, "vector")) << "\n";
    session.console().out << OneLine(TextOf(record, "id")) << "\n";
  });
}

ExitCode RunGet(Session& session, const std::string& kind, const std::string& id) {
  const auto stored = session.client().Get(kind, id);
  if (!stored) return session.Fail(stored.error(), false);
  return ShowRecord(session, stored->json);
}

ExitCode RunPatch(Session& session, const WriteCommand& options) {
  const std::optional<std::string> text = session.ReadInput(options.file);
  if (!text) return ExitCode::kBadInput;
  const auto stored =
      session.client().Patch(options.kind, options.id, options.version, *text, options.write);
  if (!stored) return session.Fail(stored.error(), true);
  return ShowRecord(session, stored->json);
}

struct ListCommand {
  std::string kind;
  FilterOptions filter;
  std::string sort;
  std::string limit;
  std::string cursor;
  std::string fields;
  bool wants_all = false;
  bool wants_count = false;
};

client::Parameters ParametersOf(const ListCommand& options) {
  client::Parameters parameters = ParametersOf(options.filter);
  const auto add = [&parameters](const char* name, const std::string& value) {
    if (!value.empty()) parameters.emplace_back(name, value);
  };
  add("sort", options.sort);
  add("limit", options.limit);
  add("fields", options.fields);
  if (options.wants_count) parameters.emplace_back("count", "exact");
  return parameters;
}

// One page for programs: the answer as it is, or with --all a record a line.
void PrintJsonPage(const Console& console, const client::Page& page, bool wants_all) {
  if (!wants_all) {
    console.out << page.json << "\n";
    return;
  }
  for (const std::string& item : page.items) console.out << item << "\n";
}

bool PrintPage(Session& session, const client::Page& page) {
  std::vector<schema::Json> records;
  for (const std::string& item : page.items) {
    std::optional<schema::Json> record = session.Parse(item);
    if (!record) return false;
    records.push_back(*std::move(record));
  }
  if (!records.empty()) PrintRecords(session.console(), records);
  return true;
}

void PrintListEnd(Session& session, const ListCommand& options, const client::Page& page) {
  std::ostream& err = session.console().err;
  const std::optional<schema::Json> answer = session.Parse(page.json);
  const std::string count = answer ? TextOf(*answer, "count") : "";
  if (!count.empty()) err << count << " match\n";
  if (page.items.empty() && options.cursor.empty()) err << "no records match\n";
  if (!page.next_cursor.empty()) {
    err << "there are more: --all shows them, or the next page by --cursor "
        << OneLine(page.next_cursor) << "\n";
  }
}

ExitCode RunList(Session& session, const ListCommand& options) {
  const client::Parameters base = ParametersOf(options);
  std::string cursor = options.cursor;
  while (true) {
    client::Parameters parameters = base;
    if (!cursor.empty()) parameters.emplace_back("cursor", cursor);
    auto page = session.client().List(options.kind, parameters);
    if (!page) return session.Fail(page.error(), false);
    if (options.wants_all) cursor = std::exchange(page->next_cursor, {});
    if (session.wants_json()) {
      PrintJsonPage(session.console(), *page, options.wants_all);
    } else if (!PrintPage(session, *page)) {
      return ExitCode::kUnavailable;
    }
    if (options.wants_all && !cursor.empty()) continue;
    if (!session.wants_json()) PrintListEnd(session, options, *page);
    return ExitCode::kOk;
  }
}

ExitCode RunHistory(Session& session, const std::string& kind, const std::string& id) {
  const auto page = session.client().History(kind, id);
  if (!page) return session.Fail(page.error(), false);
  if (session.wants_json()) {
    session.console().out << page->json << "\n";
    return ExitCode::kOk;
  }
  bool is_first = true;
  for (const std::string& item : page->items) {
    const std::optional<schema::Json> version = session.Parse(item);
    if (!version) return ExitCode::kUnavailable;
    if (!is_first) session.console().out << "\n";
    PrintRecord(session.console(), *version);
    is_first = false;
  }
  return ExitCode::kOk;
}

void AddRecord(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("record", "Store one record");
  auto options = MakeOptions<WriteCommand>();
  AddKind(*command, options->kind);
  AddWriteOptions(*command, *options);
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return RunRecord(session, *options); };
  });
}

void AddPatch(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("patch", "Change a remediation or a workflow");
  auto options = MakeOptions<WriteCommand>();
  AddKind(*command, options->kind);
  AddId(*command, options->id);
  AddWriteOptions(*command, *options);
  command->add_option("--if-match", options->version, "Version (or ETag) that is to be changed")
      ->type_name("VERSION")
      ->required();
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return RunPatch(session, *options); };
  });
}

using ReadAction = ExitCode (*)(Session&, const std::string& kind, const std::string& id);

void AddRead(CLI::App* command, Action& chosen, ReadAction action) {
  auto options = MakeOptions<WriteCommand>();
  AddKind(*command, options->kind);
  AddId(*command, options->id);
  command->callback([&chosen, options, action] {
    chosen = [options, action](Session& session) {
      return action(session, options->kind, options->id);
    };
  });
}

void AddList(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("list", "List records of a kind");
  auto options = MakeOptions<ListCommand>();
  AddKind(*command, options->kind);
  AddFilterOptions(*command, options->filter);
  command->add_option("--sort", options->sort, "Order; a minus in front turns it round")
      ->type_name("MEMBER");
  command->add_option("--limit", options->limit, "Records a page, up to 1000 [50]")->type_name("N");
  command->add_option("--cursor", options->cursor, "Where the page before ended");
  command->add_option("--fields", options->fields, "Only these members (with --json)")
      ->type_name("A,B");
  command->add_flag("--all", options->wants_all, "Every page; with --json a record a line");
  command->add_flag("--count", options->wants_count, "Count all that match");
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return RunList(session, *options); };
  });
}

}  // namespace

void AddRecordCommands(CLI::App& app, Action& chosen) {
  AddRecord(app, chosen);
  AddRead(app.add_subcommand("get", "Show one record"), chosen, RunGet);
  AddList(app, chosen);
  AddPatch(app, chosen);
  AddRead(app.add_subcommand("history", "Show every version of a record, newest first"),
          chosen,
          RunHistory);
}

}  // namespace datastorage::cli
