#include "cli/completion.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "cli/filter_options.h"

namespace datastorage::cli {
namespace {

struct CommandWords {
  std::string path;  // "search", "config print".
  std::string description;
  std::vector<std::string> words;  // Options, and the subcommands or kinds that may follow.
};

void AddOptionNames(const CLI::App& app, std::vector<std::string>& words) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
    for (const std::string& name : option->get_snames()) words.push_back("-" + name);
  }
}

bool TakesKind(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional() && option->get_name() == "KIND") return true;
  }
  return false;
}

void Collect(const CLI::App& app, const std::string& path, std::vector<CommandWords>& commands) {
  CommandWords command{path, app.get_description(), {}};
  for (const CLI::App* child : app.get_subcommands([](const CLI::App*) { return true; })) {
    command.words.push_back(child->get_name());
    Collect(*child, path.empty() ? child->get_name() : path + " " + child->get_name(), commands);
  }
  if (TakesKind(app)) {
    command.words.insert(command.words.end(), KindNames().begin(), KindNames().end());
  }
  AddOptionNames(app, command.words);
  if (path.find(' ') == std::string::npos) {
    command.words.insert(command.words.end(), {"--server", "--admin", "--json"});
  }
  commands.push_back(std::move(command));
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Options come and go between the words, so the command is the first words without a dash.
std::string BashScript(const std::vector<CommandWords>& commands) {
  std::string script =
      "_datastorage() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} command= word words\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    [[ $word == -* ]] && continue\n"
      "    command=${command:+$command }$word\n"
      "  done\n"
      "  case \"$command\" in\n";
  for (const CommandWords& command : commands) {
    // The longer paths stand first; what follows a command's name may be its values.
    std::string pattern = "*";
    if (!command.path.empty()) pattern = "'" + command.path + "'|'" + command.path + " '*";
    script.append("    ").append(pattern).append(") words='").append(Joined(command.words));
    script.append("' ;;\n");
  }
  return script +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  if [[ ${#COMPREPLY[@]} -eq 0 && $current != -* ]]; then\n"
         "    COMPREPLY=($(compgen -f -- \"$current\"))\n"
         "  fi\n"
         "}\n"
         "complete -F _datastorage datastorage\n";
}

std::string Escaped(std::string text) {
  for (std::size_t at = text.find('\''); at != std::string::npos; at = text.find('\'', at + 2)) {
    text.insert(at, "\\");
  }
  return text;
}

std::string FishScript(const std::vector<CommandWords>& commands) {
  std::string script = "complete -c datastorage -f\n";
  for (const CommandWords& command : commands) {
    const bool is_root = command.path.empty();
    const std::string last = command.path.substr(command.path.rfind(' ') + 1);
    if (!is_root && command.path == last) {
      script += "complete -c datastorage -n __fish_use_subcommand -a " + command.path + " -d '" +
                Escaped(command.description) + "'\n";
    }
    if (is_root) continue;
    const std::string condition = " -n '__fish_seen_subcommand_from " + last + "'";
    for (const std::string& word : command.words) {
      const bool is_long = word.starts_with("--");
      const std::string how = is_long                 ? " -l " + word.substr(2)
                              : word.starts_with("-") ? " -s " + word.substr(1)
                                                      : " -a " + word;
      script.append("complete -c datastorage").append(condition).append(how).append("\n");
    }
  }
  return script + "complete -c datastorage -n '__fish_seen_subcommand_from import' -F\n";
}

}  // namespace

std::optional<std::string> CompletionScript(const CLI::App& app, std::string_view shell) {
  std::vector<CommandWords> commands;
  Collect(app, "", commands);
  if (shell == "bash") return BashScript(commands);
  if (shell == "zsh") {
    return "autoload -U +X bashcompinit && bashcompinit\n" + BashScript(commands);
  }
  if (shell == "fish") return FishScript(commands);
  return std::nullopt;
}

}  // namespace datastorage::cli
