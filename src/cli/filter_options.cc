#include "cli/filter_options.h"

#include <CLI/CLI.hpp>

#include "domain/records.h"

namespace datastorage::cli {

const std::vector<std::string>& KindNames() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    out.reserve(kRecordKindCount);
    for (int i = 0; i < kRecordKindCount; ++i) {
      out.emplace_back(NameOf(static_cast<RecordKind>(i)));
    }
    return out;
  }();
  return names;
}

void AddFilterOptions(CLI::App& command, FilterOptions& options) {
  command
      .add_option("--where",
                  options.where,
                  "Filter expression, such as 'namespace:prod -status:success start_time>24h'")
      ->type_name("EXPRESSION");
  command
      .add_option("--filter",
                  options.filters,
                  "Only records whose member has this value; repeat it for any of several")
      ->type_name("MEMBER=VALUE")
      ->allow_extra_args(false)
      ->check([](const std::string& text) {
        const std::size_t equals = text.find('=');
        const bool is_pair = equals != std::string::npos && equals > 0;
        return is_pair ? std::string() : "\"" + text + "\" is not MEMBER=VALUE";
      });
  command
      .add_option("--since", options.since, "Created at or after: a time, or an age such as 24h")
      ->type_name("TIME");
  command.add_option("--until", options.until, "Created before")->type_name("TIME");
}

client::Parameters ParametersOf(const FilterOptions& options) {
  client::Parameters parameters;
  const auto add = [&parameters](const char* name, const std::string& value) {
    if (!value.empty()) parameters.emplace_back(name, value);
  };
  add("where", options.where);
  for (const std::string& filter : options.filters) {
    const std::size_t equals = filter.find('=');
    parameters.emplace_back(filter.substr(0, equals), filter.substr(equals + 1));
  }
  add("since", options.since);
  add("until", options.until);
  return parameters;
}

void AddKind(CLI::App& command, std::string& kind) {
  command.add_option("KIND", kind, "remediation, aianalysis, workflow or execution")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember(KindNames()));
}

void AddId(CLI::App& command, std::string& id) {
  command.add_option("ID", id, "Id of the record, or key: and its natural key")
      ->required()
      ->type_name("");
}

}  // namespace datastorage::cli
