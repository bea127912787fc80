#include "app/doctor.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/metrics.h"
#include "minilm/minilm_embedder.h"
#include "opensearch/opensearch_index.h"
#include "postgres/address.h"
#include "postgres/connection.h"
#include "postgres/migrate.h"
#include "postgres/pgvector_schema.h"
#include "postgres/sessions.h"
#include "postgres/store_health.h"
#include "postgres/vector_database.h"
#include "redis/redis_embedding_cache.h"

namespace datastorage::app {
namespace {

using cli::Finding;
using cli::FindingState;

constexpr std::uintmax_t kFreeByteCountMin = std::uintmax_t{512} << 20;
constexpr Duration kCacheTimeout = std::chrono::seconds(3);
constexpr Duration kDatabaseTimeout = std::chrono::seconds(10);
constexpr const char* kDataCheck = "data folder";
constexpr const char* kDatabaseCheck = "database";

// The nearest folder of `path` that exists.
std::filesystem::path ExistingAncestor(std::filesystem::path path) {
  std::error_code failure;
  while (!std::filesystem::exists(path, failure) && path.has_relative_path()) {
    path = path.parent_path();
  }
  return path;
}

bool CanWrite(const std::filesystem::path& folder) {
  return access(folder.c_str(), W_OK | X_OK) == 0;
}

// The process that holds the folder's lock; empty when nobody does.
std::string HolderOf(const std::filesystem::path& directory) {
  const std::filesystem::path path = directory / "datastorage.lock";
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  const bool is_free = flock(descriptor, LOCK_SH | LOCK_NB) == 0;
  close(descriptor);
  if (is_free) return {};
  std::string process;
  std::ifstream(path) >> process;
  return process.empty() ? "unknown" : process;
}

Finding CheckRoom(const std::filesystem::path& folder) {
  std::error_code failure;
  const std::filesystem::space_info space = std::filesystem::space(folder, failure);
  const std::string free = std::to_string(space.available >> 20U) + " MiB free";
  if (failure) {
    return {FindingState::kWarning,
            "disk",
            "free space cannot be told: " + failure.message(),
            "look at the file system of " + folder.string()};
  }
  if (space.available >= kFreeByteCountMin) return {FindingState::kOk, "disk", free, ""};
  return {
      FindingState::kWarning,
      "disk",
      free,
      "make room on the file system of " + folder.string() + ": writes fail when nothing is left"};
}

// A place of vectors, and what it is called by.
struct NamedPlace {
  const char* check;
  std::string option;
  VectorsPlace place;
};

constexpr const char* kLossless =
    "; without it nothing is lost, vectors wait in the record store and searches take longer";

Finding CheckVectorDatabase(const NamedPlace& named) {
  const std::string place = postgres::DescriptionOf(named.place.conninfo);
  const Deadline deadline = Deadline::In(kDatabaseTimeout);
  postgres::ConnectionOptions connection;
  connection.conninfo = named.place.conninfo;
  const auto session = postgres::Connection::Open(connection, deadline);
  if (!session.has_value()) {
    return {FindingState::kWarning,
            named.check,
            place + ": " + session.error().message,
            "start the server, or mend the URL of " + named.option + kLossless};
  }
  const Result<void> alone = postgres::CheckHoldsNoRecords(**session, deadline);
  if (!alone.has_value()) {
    return {FindingState::kProblem,
            named.check,
            place + ": " + alone.error().message,
            "mend the URL of " + named.option};
  }
  const Result<void> checked = postgres::CheckPgvector(**session, deadline);
  if (checked.has_value()) {
    return {FindingState::kOk, named.check, place + " answers and has the tables of vectors", ""};
  }
  return {FindingState::kWarning,
          named.check,
          place + ": " + checked.error().message,
          "the next start of the service makes the tables, if its role may; else run"
          " `datastorage migrate` with the owner's URL as " +
              named.option};
}

Finding CheckOpensearch(const NamedPlace& named) {
  const std::string place = opensearch::DescriptionOf(*named.place.cluster);
  const auto index = opensearch::OpenSearchIndex::Make(*named.place.cluster, {});
  if (!index.has_value()) {
    return {FindingState::kProblem,
            named.check,
            place + ": " + index.error().message,
            "mend the URL of " + named.option + ", or the file that it names"};
  }
  const Result<void> checked = (*index)->Check(Deadline::In(kDatabaseTimeout));
  if (checked.has_value()) {
    return {FindingState::kOk, named.check, place + " answers and has the index of vectors", ""};
  }
  return {FindingState::kWarning,
          named.check,
          place + ": " + checked.error().message,
          "start the cluster, or mend the URL of " + named.option +
              " (the service makes the index when it starts)" + kLossless};
}

}  // namespace

void AddDoctorChecks(cli::LocalCommands& local, ConfigFlags& flags) {
  local.add_doctor_options = [&flags](CLI::App& app) { AddConfigFlags(app, flags); };
  local.doctor_checks = [&flags] {
    const LoadedConfig loaded = LoadConfig(flags, cli::ProcessEnvironment());
    std::vector<Finding> findings = CheckConfiguration(loaded);
    if (!loaded.config.has_value()) return findings;
    if (loaded.config->store_conninfo.empty()) {
      for (Finding& finding : CheckDataDirectory(loaded.config->data_directory)) {
        findings.push_back(std::move(finding));
      }
    } else {
      for (Finding& finding : CheckDatabase(*loaded.config)) {
        findings.push_back(std::move(finding));
      }
    }
    for (Finding& finding : CheckVectors(*loaded.config)) findings.push_back(std::move(finding));
    findings.push_back(CheckCache(*loaded.config));
    findings.push_back(CheckEmbedder(*loaded.config));
    return findings;
  };
}

std::vector<Finding> CheckConfiguration(const LoadedConfig& loaded) {
  std::vector<Finding> findings;
  if (!loaded.unknown_variables.empty()) {
    findings.push_back({FindingState::kWarning,
                        "environment",
                        UnknownVariablesText(loaded),
                        "correct the names, or unset them: they are ignored"});
  }
  if (loaded.errors.empty()) {
    findings.push_back({FindingState::kOk, "configuration", "valid", ""});
    return findings;
  }
  findings.reserve(loaded.errors.size());
  for (const std::string& error : loaded.errors) {
    findings.push_back({FindingState::kProblem,
                        "configuration",
                        error,
                        "mend it; `datastorage config print` shows where each value comes from"});
  }
  return findings;
}

std::vector<Finding> CheckDataDirectory(const std::string& directory) {
  std::error_code failure;
  const std::filesystem::path folder = std::filesystem::absolute(directory, failure);
  const std::filesystem::path existing = ExistingAncestor(folder);
  if (!std::filesystem::is_directory(existing, failure)) {
    return {{FindingState::kProblem,
             kDataCheck,
             existing.string() + " is not a folder",
             "name another one by --data"}};
  }
  if (!CanWrite(existing)) {
    return {{FindingState::kProblem,
             kDataCheck,
             existing.string() + " cannot be written by this user",
             "change its owner or permissions, or name another one by --data"}};
  }
  const std::string holder = HolderOf(folder);
  std::string detail = folder.lexically_normal().string();
  if (existing != folder) {
    detail += " will be made at the first start";
  } else {
    detail += holder.empty() ? " can be used" : " is in use by process " + holder;
  }
  return {{FindingState::kOk, kDataCheck, detail, ""}, CheckRoom(existing)};
}

std::vector<Finding> CheckDatabase(const Config& config) {
  const std::string place = postgres::DescriptionOf(config.store_conninfo);
  const Deadline deadline = Deadline::In(kDatabaseTimeout);
  postgres::ConnectionOptions connection;
  connection.conninfo = config.store_conninfo;
  const auto session = postgres::Connection::Open(connection, deadline);
  if (!session.has_value()) {
    return {{FindingState::kProblem,
             kDatabaseCheck,
             place + ": " + session.error().message,
             "start the server, or mend the URL of --store"}};
  }
  Result<void> checked = postgres::CheckSchema(**session, postgres::AllMigrations(), deadline);
  if (checked.has_value() && UsesPlace(config, VectorsChoice::kSameDatabase)) {
    checked = postgres::CheckPgvector(**session, deadline);
  }
  if (!checked.has_value()) {
    return {{FindingState::kWarning,
             kDatabaseCheck,
             place + ": " + checked.error().message,
             "the next start of the service migrates it, if its role may; else run `datastorage "
             "migrate` as the owner"}};
  }
  std::vector<Finding> findings{{FindingState::kOk,
                                 kDatabaseCheck,
                                 place + " answers and has the schema of this program",
                                 ""}};
  postgres::Sessions::Options options;
  options.connection = connection;
  postgres::Sessions sessions(options);
  postgres::StoreHealth health(sessions, SystemClock());
  const auto warnings = health.Warnings(deadline);
  if (!warnings.has_value()) return findings;
  for (const HealthWarning& warning : *warnings) {
    findings.push_back({FindingState::kWarning,
                        kDatabaseCheck,
                        warning.code + ": " + warning.reason,
                        "docs/operations.md, PostgreSQL"});
  }
  return findings;
}

std::vector<Finding> CheckVectors(const Config& config) {
  std::vector<NamedPlace> places{{"vectors", "--vectors", config.vectors}};
  if (config.vectors_from.has_value()) {
    places.push_back({"vectors until now", "--vectors-from", *config.vectors_from});
  }
  std::vector<Finding> findings;
  for (const NamedPlace& named : places) {
    const VectorsChoice choice = named.place.choice;
    if (choice == VectorsChoice::kOtherPostgres) findings.push_back(CheckVectorDatabase(named));
    if (choice == VectorsChoice::kOpensearch) findings.push_back(CheckOpensearch(named));
  }
  return findings;
}

Finding CheckCache(const Config& config) {
  constexpr const char* kCheck = "cache";
  if (!config.shared_cache.has_value()) {
    return {FindingState::kOk, kCheck, "in the service's own memory", ""};
  }
  const std::string place = redis::DescriptionOf(*config.shared_cache);
  RedisEmbeddingCache::Options options;
  options.address = *config.shared_cache;
  Metrics metrics;
  RedisEmbeddingCache cache(ThreadRuntime(), metrics, options);
  const Result<void> checked = cache.Check(Deadline::In(kCacheTimeout));
  if (checked.has_value()) {
    return {FindingState::kOk, kCheck, place + " answers and takes values", ""};
  }
  return {FindingState::kWarning,
          kCheck,
          place + ": " + checked.error().message,
          "mend the server or the URL of --cache; without it embeddings are computed anew, which "
          "costs time only"};
}

Finding CheckEmbedder(const Config& config) {
  constexpr const char* kCheck = "embedder";
  switch (config.embedder) {
    case EmbedderChoice::kNone:
      return {FindingState::kOk, kCheck, "none was asked for: search is by words only", ""};
    case EmbedderChoice::kLexical:
      return {FindingState::kOk, kCheck, "lexical was asked for: no model files are needed", ""};
    case EmbedderChoice::kMiniLm: break;
  }
  MiniLmEmbedder::Options options;
  options.model_directory = config.model_directory;
  options.thread_count = 1;
  const auto embedder = MiniLmEmbedder::Open(options);
  if (embedder.has_value()) {
    return {FindingState::kOk, kCheck, "the model in " + config.model_directory + " is whole", ""};
  }
  return {FindingState::kProblem,
          kCheck,
          embedder.error().message,
          "fetch the model (make build does), name its folder by --model-dir, or serve with "
          "--embedder lexical"};
}

}  // namespace datastorage::app
