#include "app/config.h"

#include <yaml-cpp/yaml.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cctype>
#include <fstream>
#include <iostream>

#include "app/config_options.h"
#include "base/log.h"

namespace datastorage::app {
namespace {

struct GivenValue {
  std::string text;
  ValueOrigin origin = ValueOrigin::kDefault;
  std::string source;
};
using GivenValues = std::map<std::string, GivenValue, std::less<>>;

bool IsOption(std::string_view name) {
  return std::ranges::any_of(Options(), [&](const OptionDescription& o) { return o.name == name; });
}

void ReadEntry(const YAML::Node& key,
               const YAML::Node& value,
               const std::string& path,
               GivenValues& values,
               std::vector<std::string>& errors) {
  const std::string place = path + ":" + std::to_string(key.Mark().line + 1);
  const std::string name = key.IsScalar() ? key.Scalar() : "";
  if (!IsOption(name)) {
    errors.push_back(place + ": unknown key \"" + name + "\"");
  } else if (values.contains(name)) {
    errors.push_back(place + ": \"" + name + "\" is given twice");
  } else if (!value.IsScalar()) {
    errors.push_back(place + ": \"" + name + "\" must be one value");
  } else {
    values[name] = {value.Scalar(), ValueOrigin::kFile, place};
  }
}

// The file's values by option. yaml-cpp throws, and its exceptions end here.
GivenValues ReadFile(const std::string& path, std::vector<std::string>& errors) {
  GivenValues values;
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return values;
    if (!root.IsMap()) {
      errors.push_back(path + ": must be a mapping of options to values");
      return values;
    }
    for (const auto& entry : root) ReadEntry(entry.first, entry.second, path, values, errors);
  } catch (const YAML::BadFile&) {
    errors.push_back(path + ": cannot be read");
  } catch (const YAML::ParserException& exception) {
    errors.push_back(path + ":" + std::to_string(exception.mark.line + 1) +
                     ": is not YAML: " + exception.msg);
  } catch (const YAML::Exception& exception) {
    errors.push_back(path + ": is not YAML: " + exception.msg);
  }
  return values;
}

// What a file holds that a variable names: how secrets are given to a container.
std::string FirstLineOf(const std::string& path, std::vector<std::string>& errors) {
  std::ifstream file(path);
  std::string line;
  if (!std::getline(file, line)) errors.push_back(path + ": cannot be read, or is empty");
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())) != 0) {
    line.pop_back();
  }
  return line;
}

// The value of the highest rank that was given.
GivenValue Resolve(const OptionDescription& option,
                   const ConfigFlags& flags,
                   const cli::Environment& environment,
                   const GivenValues& file,
                   std::vector<std::string>& errors) {
  const auto flag = flags.values.find(option.name);
  if (flag != flags.values.end()) {
    return {flag->second, ValueOrigin::kFlag, "--" + std::string(option.name)};
  }
  const std::string variable = EnvironmentNameOf(option.name);
  // An empty variable is how scripts say that they have nothing to say.
  const auto set = environment.find(variable);
  if (set != environment.end() && !set->second.empty()) {
    return {set->second, ValueOrigin::kEnvironment, variable};
  }
  const auto secret = environment.find(variable + "_FILE");
  if (secret != environment.end() && !secret->second.empty()) {
    return {FirstLineOf(secret->second, errors), ValueOrigin::kEnvironment, secret->first};
  }
  const auto line = file.find(option.name);
  if (line != file.end()) return line->second;
  if (option.name == "model-dir")
    return {DefaultModelDirectory(), ValueOrigin::kDefault, "default"};
  return {std::string(option.default_value), ValueOrigin::kDefault, "default"};
}

std::string ConfigPath(const ConfigFlags& flags, const cli::Environment& environment) {
  if (!flags.config_path.empty()) return flags.config_path;
  const auto set = environment.find("DATASTORAGE_CONFIG");
  return set == environment.end() ? std::string() : set->second;
}

// What Kubernetes puts into every container of a namespace for a service named "datastorage…":
// DATASTORAGE_SERVICE_HOST, DATASTORAGE_PORT_8080_TCP_ADDR, and the like.
bool IsServiceLink(std::string_view variable) {
  return variable.ends_with("_SERVICE_HOST") || variable.ends_with("_PORT") ||
         variable.find("_SERVICE_PORT") != std::string_view::npos ||
         variable.find("_TCP") != std::string_view::npos ||
         variable.find("_UDP") != std::string_view::npos;
}

std::vector<std::string> UnknownVariables(const cli::Environment& environment) {
  // Those of clients, and of what starts and tests this program.
  constexpr std::array<std::string_view, 4> kOthers = {
      "DATASTORAGE_ADMIN", "DATASTORAGE_BINARY", "DATASTORAGE_CONFIG", "DATASTORAGE_SERVER"};
  std::vector<std::string> unknown;
  for (const auto& [variable, value] : environment) {
    if (!variable.starts_with("DATASTORAGE_") || IsServiceLink(variable)) continue;
    const bool is_known =
        std::ranges::find(kOthers, variable) != kOthers.end() ||
        std::ranges::any_of(Options(), [name = &variable](const OptionDescription& option) {
          const std::string own = EnvironmentNameOf(option.name);
          return *name == own || *name == own + "_FILE";
        });
    if (!is_known) unknown.push_back(variable);
  }
  return unknown;
}

// Every parameter "…password=" of a URL, of libpq's too.
std::string MaskParameters(const std::string& url) {
  constexpr std::string_view kName = "password=";
  std::string masked;
  std::size_t from = 0;
  for (std::size_t at = url.find(kName); at != std::string::npos; at = url.find(kName, from)) {
    masked.append(url, from, at + kName.size() - from).append("***");
    from = std::min(url.find('&', at), url.size());
  }
  return masked.append(url, from);
}

void CheckPlace(std::string_view option,
                const VectorsPlace& place,
                const Config& config,
                std::vector<std::string>& errors) {
  const std::string name(option);
  if (place.choice == VectorsChoice::kSameDatabase && config.store_conninfo.empty()) {
    errors.push_back(name + ": pgvector is in the database of --store postgresql://…");
  }
  if (place.choice == VectorsChoice::kOtherPostgres && place.conninfo == config.store_conninfo) {
    errors.push_back(
        name + ": names the database of --store: say pgvector to keep vectors beside the records");
  }
}

void CheckVectors(const Config& config, std::vector<std::string>& errors) {
  CheckPlace("vectors", config.vectors, config, errors);
  if (!config.vectors_from.has_value()) return;
  const VectorsPlace& from = *config.vectors_from;
  CheckPlace("vectors-from", from, config, errors);
  if (config.vectors.choice == VectorsChoice::kMemory) {
    errors.emplace_back(
        "vectors-from: memory is filled at each start: to go there, say --vectors-from lost");
  } else if (from.choice == config.vectors.choice && from.label == config.vectors.label) {
    errors.emplace_back(
        "vectors-from: is of the same kind as vectors: give the new one a label at its end, such "
        "as #2, and keep that");
  }
}

}  // namespace

bool UsesPlace(const Config& config, VectorsChoice choice) {
  return config.vectors.choice == choice ||
         (config.vectors_from.has_value() && config.vectors_from->choice == choice);
}

void AddConfigFlags(CLI::App& app, ConfigFlags& flags) {
  app.add_option("--config", flags.config_path, "YAML file of these options")
      ->type_name("FILE")
      ->group("Configuration");
  for (const OptionDescription& option : Options()) {
    const std::string name(option.name);
    std::string description(option.description);
    if (!option.default_value.empty()) {
      description += " [" + std::string(option.default_value) + "]";
    }
    app.add_option_function<std::string>(
           "--" + name,
           [&flags, name](const std::string& text) { flags.values[name] = text; },
           description)
        ->type_name(std::string(option.value_name))
        ->group("Configuration");
  }
}

LoadedConfig LoadConfig(const ConfigFlags& flags, const cli::Environment& environment) {
  LoadedConfig loaded;
  const std::string path = ConfigPath(flags, environment);
  GivenValues file;
  if (!path.empty()) file = ReadFile(path, loaded.errors);

  Config config;
  for (const OptionDescription& option : Options()) {
    const GivenValue given = Resolve(option, flags, environment, file, loaded.errors);
    const std::string shown = MaskSecret(given.text);
    loaded.values.push_back({std::string(option.name), shown, given.origin, given.source});
    const std::string error = option.apply(given.text, config);
    if (error.empty()) continue;
    const std::string place = given.origin == ValueOrigin::kFile
                                  ? given.source + ": " + std::string(option.name)
                                  : given.source;
    std::string& report = loaded.errors.emplace_back(place);
    report.append(": \"").append(shown).append("\" ").append(error);
  }
  const bool is_same_place = config.listen.host == config.metrics.host &&
                             config.listen.port == config.metrics.port && config.listen.port != 0;
  if (is_same_place) loaded.errors.emplace_back("listen and metrics name the same address");
  CheckVectors(config, loaded.errors);
  loaded.unknown_variables = UnknownVariables(environment);
  if (loaded.errors.empty()) loaded.config = std::move(config);
  return loaded;
}

std::string UnknownVariablesText(const LoadedConfig& loaded) {
  std::string text = "no option is named by";
  for (const std::string& variable : loaded.unknown_variables) {
    text.append(&variable == &loaded.unknown_variables.front() ? " " : ", ").append(variable);
  }
  return text;
}

std::optional<Config> LoadConfigOrExplain(const ConfigFlags& flags) {
  LoadedConfig loaded = LoadConfig(flags, cli::ProcessEnvironment());
  for (const std::string& error : loaded.errors) std::cerr << "configuration: " << error << "\n";
  if (!loaded.unknown_variables.empty()) {
    const std::string text = UnknownVariablesText(loaded);
    Log(LogLevel::kWarning, "the environment has variables without meaning", {{"detail", text}});
  }
  return std::move(loaded.config);
}

std::string MaskSecret(const std::string& given) {
  const std::size_t scheme = given.find("://");
  if (scheme == std::string::npos) return given;
  std::string value = MaskParameters(given);
  const std::size_t begin = scheme + 3;
  const std::size_t colon = value.find_first_of(":/", begin);
  // The last one: a password that should have been percent-encoded must not be shown either.
  const std::size_t at = value.rfind('@');
  if (colon == std::string::npos || value[colon] == '/') return value;
  if (at == std::string::npos || at < colon) return value;
  return value.substr(0, colon + 1) + "***" + value.substr(at);
}

}  // namespace datastorage::app
