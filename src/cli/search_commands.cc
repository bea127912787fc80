#include "cli/search_commands.h"

#include <CLI/CLI.hpp>

#include "cli/filter_options.h"
#include "cli/record_view.h"
#include "cli/text.h"

namespace datastorage::cli {
namespace {

struct SearchCommand {
  std::vector<std::string> words;
  std::string record_kind;  // Of `similar`.
  std::string id;
  std::string mode;
  std::vector<std::string> kinds;
  FilterOptions filter;
  std::string limit;
  std::string min_similarity;
  std::string fields;
  bool wants_explanation = false;
};

void AddSearchOptions(CLI::App& command, SearchCommand& options) {
  command.add_option("--kind", options.kinds, "Only this kind; repeat it for several")
      ->type_name("KIND")
      ->allow_extra_args(false)
      ->check(CLI::IsMember(KindNames()));
  AddFilterOptions(command, options.filter);
  command.add_option("--limit", options.limit, "Hits, up to 100 [10]")->type_name("N");
  command.add_option("--min-similarity", options.min_similarity, "Only hits at least this alike")
      ->type_name("0…1");
  command.add_option("--fields", options.fields, "Only these members (with --json)")
      ->type_name("A,B");
}

client::Parameters ParametersOf(const SearchCommand& options) {
  client::Parameters parameters;
  const auto add = [&parameters](const char* name, const std::string& value) {
    if (!value.empty()) parameters.emplace_back(name, value);
  };
  std::string text;
  for (const std::string& word : options.words) text += (text.empty() ? "" : " ") + word;
  add("q", text);
  add("mode", options.mode);
  for (const std::string& kind : options.kinds) add("kind", kind);
  const client::Parameters filters = ParametersOf(options.filter);
  parameters.insert(parameters.end(), filters.begin(), filters.end());
  add("limit", options.limit);
  add("min_similarity", options.min_similarity);
  add("fields", options.fields);
  if (options.wants_explanation) parameters.emplace_back("explain", "true");
  return parameters;
}

// How each hit came to its ranks.
void PrintExplanations(const Console& console, const schema::Json& answer) {
  const schema::Json* hits = answer.Find("hits");
  if (hits == nullptr) return;
  for (const schema::Json& hit : hits->elements) {
    const schema::Json* record = hit.Find("record");
    const schema::Json* explanation = hit.Find("explain");
    if (record == nullptr || explanation == nullptr) continue;
    console.err << OneLine(TextOf(*record, "id")) << " " << OneLine(schema::ToText(*explanation))
                << "\n";
  }
}

ExitCode ShowAnswer(Session& session, const std::string& json, bool wants_explanation) {
  return session.Show(json, [&](const schema::Json& answer) {
    PrintHits(session.console(), answer);
    if (wants_explanation) PrintExplanations(session.console(), answer);
  });
}

ExitCode RunSearch(Session& session, const SearchCommand& options) {
  const auto answer = session.client().Search(ParametersOf(options));
  if (!answer) return session.Fail(answer.error(), false);
  return ShowAnswer(session, *answer, options.wants_explanation);
}

ExitCode RunSimilar(Session& session, const SearchCommand& options) {
  const auto answer =
      session.client().Similar(options.record_kind, options.id, ParametersOf(options));
  if (!answer) return session.Fail(answer.error(), false);
  return ShowAnswer(session, *answer, false);
}

void AddSearch(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("search", "Find records by meaning and by words");
  auto options = std::make_shared<SearchCommand>();
  command->add_option("TEXT", options->words, "What happened, in any words")
      ->required()
      ->type_name("");
  command->add_option("--mode", options->mode, "hybrid, semantic or text [hybrid]")
      ->type_name("MODE")
      ->check(CLI::IsMember({"hybrid", "semantic", "text"}));
  AddSearchOptions(*command, *options);
  command->add_flag("--explain", options->wants_explanation, "Say how the ranks came about");
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return RunSearch(session, *options); };
  });
}

void AddSimilar(CLI::App& app, Action& chosen) {
  CLI::App* command = app.add_subcommand("similar", "Find the records nearest to one");
  auto options = std::make_shared<SearchCommand>();
  AddKind(*command, options->record_kind);
  AddId(*command, options->id);
  AddSearchOptions(*command, *options);
  command->callback([&chosen, options] {
    chosen = [options](Session& session) { return RunSimilar(session, *options); };
  });
}

}  // namespace

void AddSearchCommands(CLI::App& app, Action& chosen) {
  AddSearch(app, chosen);
  AddSimilar(app, chosen);
}

}  // namespace datastorage::cli
