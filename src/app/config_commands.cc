#include "app/config_commands.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <iostream>

#include "cli/exit_code.h"

namespace datastorage::app {
namespace {

// As YAML needs it: plain where that reads back as the same text, else in double quotes.
std::string Quoted(const std::string& text) {
  YAML::Emitter emitter;
  emitter << text;
  return emitter.c_str();
}

int Finish(const LoadedConfig& loaded) {
  for (const std::string& error : loaded.errors) std::cerr << "configuration: " << error << "\n";
  if (!loaded.unknown_variables.empty()) {
    std::cerr << "environment: " << UnknownVariablesText(loaded) << "\n";
  }
  return static_cast<int>(loaded.errors.empty() ? cli::ExitCode::kOk
                                                : cli::ExitCode::kConfiguration);
}

int RunPrint(const ConfigFlags& flags) {
  const LoadedConfig loaded = LoadConfig(flags, cli::ProcessEnvironment());
  PrintConfig(loaded, std::cout);
  return Finish(loaded);
}

int RunCheck(const ConfigFlags& flags) {
  const LoadedConfig loaded = LoadConfig(flags, cli::ProcessEnvironment());
  if (loaded.errors.empty()) std::cerr << "the configuration is valid\n";
  return Finish(loaded);
}

}  // namespace

void AddConfigCommands(cli::LocalCommands& local, ConfigFlags& flags) {
  const auto add_flags = [&flags](CLI::App& app) { AddConfigFlags(app, flags); };
  local.commands.push_back(
      {"config print", "Show each option's value and where it came from", add_flags, [&flags] {
         return RunPrint(flags);
       }});
  local.commands.push_back(
      {"config check", "Check the configuration without starting anything", add_flags, [&flags] {
         return RunCheck(flags);
       }});
}

void PrintConfig(const LoadedConfig& loaded, std::ostream& out) {
  std::size_t width = 0;
  std::vector<std::string> lines;
  for (const ShownValue& value : loaded.values) {
    lines.push_back(value.option + ": " + Quoted(value.value));
    width = std::max(width, lines.back().size());
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string padding(width - lines[i].size() + 2, ' ');
    out << lines[i] << padding << "# " << loaded.values[i].source << "\n";
  }
}

}  // namespace datastorage::app
