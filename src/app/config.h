// Configuration of the service: command-line flags over environment over a YAML file over
// defaults. Each option is described once, in the table of config_options.h; flags, variables, file
// keys, help, `config print` and docs/configuration.md follow from it.
//
// An option `log-level` is the flag --log-level, the variable DATASTORAGE_LOG_LEVEL and the key
// `log-level` of the file.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "cli/cli11_forward.h"
#include "cli/environment.h"
#include "opensearch/address.h"
#include "postgres/vector_statements.h"
#include "redis/address.h"

namespace datastorage::app {

struct Endpoint {
  std::string host;        // A loopback address, never a name: "127.0.0.1" or "::1".
  std::uint16_t port = 0;  // 0: any free one.
};

enum class EmbedderChoice : std::uint8_t { kMiniLm, kLexical, kNone };
// Where vectors are searched.
enum class VectorsChoice : std::uint8_t {
  kMemory,         // Filled at start.
  kSameDatabase,   // In the tables of the PostgreSQL store, by pgvector.
  kOtherPostgres,  // By pgvector in a database of its own.
  kOpensearch,     // In an OpenSearch cluster.
};
// One place of vectors, as --vectors and --vectors-from name it.
struct VectorsPlace {
  VectorsChoice choice = VectorsChoice::kMemory;
  std::string conninfo;                        // Of kOtherPostgres.
  std::optional<opensearch::Address> cluster;  // Of kOpensearch.
  // What tells two places of the same kind apart; only where there is a URL, whose fragment it is.
  std::string label;
};
enum class EmbedPrecision : std::uint8_t { kAutomatic, kF32, kBf16 };

// Valid by construction: LoadConfig checked every member.
struct Config {
  Endpoint listen;
  Endpoint metrics;
  std::string data_directory;
  LogLevel log_level = LogLevel::kInfo;
  std::string store_conninfo;        // Of PostgreSQL; empty: SQLite in the data folder.
  std::string store_owner_conninfo;  // Of the role that migrates; empty: the store's own.
  int store_session_count = 0;
  VectorsPlace vectors;
  std::optional<VectorsPlace> vectors_from;  // Where searches may still look for them.
  bool leaves_old_vectors = false;           // A live set elsewhere is given up.
  postgres::VectorWriteMode vector_write_mode = postgres::VectorWriteMode::kDeferred;
  std::int64_t vectors_memory_mb = 256;        // Of pgvector's segments as codes; 0: none.
  std::optional<redis::Address> shared_cache;  // Behind the memory cache.
  EmbedderChoice embedder = EmbedderChoice::kMiniLm;
  std::string model_directory;
  EmbedPrecision embed_precision = EmbedPrecision::kAutomatic;
  std::size_t embedder_thread_count = 0;  // 0: one a processor.
  std::size_t worker_count = 0;
  std::chrono::milliseconds drain_delay{0};
  bool is_strict_by_default = false;  // A write without Prefer waits for its vector.
};

// Whether --vectors or --vectors-from names a place of this kind.
bool UsesPlace(const Config& config, VectorsChoice choice);

enum class ValueOrigin : std::uint8_t { kDefault, kFile, kEnvironment, kFlag };

// One option's value as `config print` shows it; secrets are masked already.
struct ShownValue {
  std::string option;
  std::string value;
  ValueOrigin origin = ValueOrigin::kDefault;
  std::string source;  // "--listen", "DATASTORAGE_LISTEN", "conf.yaml:3", "default".
};

// What was given on the command line: option name to text. Filled while CLI11 parses, so it must
// stay where it is from AddConfigFlags until the command has run.
struct ConfigFlags {
  std::map<std::string, std::string, std::less<>> values;
  std::string config_path;  // --config
};

// Adds --config and a flag for each option.
void AddConfigFlags(CLI::App& app, ConfigFlags& flags);

struct LoadedConfig {
  std::optional<Config> config;     // Exactly when there are no errors.
  std::vector<std::string> errors;  // All of them, each naming where the value came from.
  std::vector<ShownValue> values;   // In table order, also when some are wrong.
  // Variables DATASTORAGE_… of the environment that mean nothing, in order.
  std::vector<std::string> unknown_variables;
};

LoadedConfig LoadConfig(const ConfigFlags& flags, const cli::Environment& environment);

// What to say of them.
std::string UnknownVariablesText(const LoadedConfig& loaded);

// With the process's environment; on errors writes them to standard error and gives nullopt: exit
// with cli::ExitCode::kConfiguration.
std::optional<Config> LoadConfigOrExplain(const ConfigFlags& flags);

// "scheme://user:secret@host" with the secret replaced by "***"; other text unchanged.
std::string MaskSecret(const std::string& given);

}  // namespace datastorage::app
