#include "app/config_options.h"

#include <arpa/inet.h>

#include <charconv>
#include <filesystem>
#include <optional>
#include <system_error>

#include "base/limits.h"
#include "postgres/address.h"
#include "schema/time.h"

namespace datastorage::app {
namespace {

constexpr std::chrono::minutes kDrainDelayMax{10};
constexpr std::size_t kLabelLengthMax = 32;

template <class Number>
std::optional<Number> ParseWhole(std::string_view text) {
  Number number{};
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// "localhost", 127.0.0.0/8 and ::1, as an address; nullopt for what others could reach.
std::optional<std::string> LoopbackAddress(const std::string& host) {
  if (host == "localhost") return "127.0.0.1";
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24U) == 127U ? std::optional(host) : std::nullopt;
  }
  in6_addr v6{};
  const bool is_v6 = inet_pton(AF_INET6, host.c_str(), &v6) == 1;
  return is_v6 && IN6_IS_ADDR_LOOPBACK(&v6) ? std::optional<std::string>("::1") : std::nullopt;
}

std::string ApplyEndpoint(const std::string& text, Endpoint& endpoint) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return "must be HOST:PORT, such as 127.0.0.1:8080";
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto port = ParseWhole<std::uint16_t>(std::string_view(text).substr(colon + 1));
  if (!port) return "has no port between 0 and 65535 after the colon";
  const std::optional<std::string> address = LoopbackAddress(host);
  if (!address) {
    return "is not a loopback address: without authentication the service listens on 127.0.0.1, "
           "::1 or localhost only";
  }
  endpoint = {*address, *port};
  return {};
}

template <class Number>
std::string ApplyCount(const std::string& text, Number least, Number& count) {
  const auto number = ParseWhole<Number>(text);
  if (number && *number >= least && *number <= limits::kWorkerCountMax) {
    count = *number;
    return {};
  }
  return "must be a whole number between " + std::to_string(least) + " and " +
         std::to_string(limits::kWorkerCountMax);
}

template <class Choice>
struct NamedChoice {
  std::string_view name;
  Choice choice;
};

template <class Choice, std::size_t count>
std::string ApplyChoice(const std::string& text,
                        const NamedChoice<Choice> (&choices)[count],
                        Choice& target) {
  std::string names;
  for (const NamedChoice<Choice>& named : choices) {
    if (named.name == text) {
      target = named.choice;
      return {};
    }
    names += (names.empty() ? "" : ", ") + std::string(named.name);
  }
  return "must be one of: " + names;
}

std::string ApplyFolder(const std::string& text, std::string& folder) {
  if (text.empty()) return "must name a folder";
  folder = text;
  return {};
}

std::string ApplyVectorsWrite(const std::string& text, Config& config) {
  using postgres::VectorWriteMode;
  constexpr NamedChoice<VectorWriteMode> kModes[] = {{"deferred", VectorWriteMode::kDeferred},
                                                     {"inline", VectorWriteMode::kInline}};
  return ApplyChoice(text, kModes, config.vector_write_mode);
}

std::string ApplyLogLevel(const std::string& text, Config& config) {
  constexpr NamedChoice<LogLevel> kLevels[] = {{"debug", LogLevel::kDebug},
                                               {"info", LogLevel::kInfo},
                                               {"warning", LogLevel::kWarning},
                                               {"error", LogLevel::kError}};
  return ApplyChoice(text, kLevels, config.log_level);
}

std::string ApplyEmbedder(const std::string& text, Config& config) {
  constexpr NamedChoice<EmbedderChoice> kEmbedders[] = {{"minilm", EmbedderChoice::kMiniLm},
                                                        {"lexical", EmbedderChoice::kLexical},
                                                        {"none", EmbedderChoice::kNone}};
  return ApplyChoice(text, kEmbedders, config.embedder);
}

std::string ApplyPrecision(const std::string& text, Config& config) {
  constexpr NamedChoice<EmbedPrecision> kPrecisions[] = {{"automatic", EmbedPrecision::kAutomatic},
                                                         {"f32", EmbedPrecision::kF32},
                                                         {"bf16", EmbedPrecision::kBf16}};
  return ApplyChoice(text, kPrecisions, config.embed_precision);
}

bool NamesPostgres(const std::string& text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

std::string ApplyStore(const std::string& text, Config& config) {
  config.store_conninfo.clear();
  if (text == "sqlite") return {};
  if (!NamesPostgres(text)) return "must be sqlite, or the URL of a PostgreSQL database";
  const Result<void> checked = postgres::CheckConninfo(text);
  if (!checked.has_value()) return checked.error().message;
  config.store_conninfo = text;
  return {};
}

std::string ApplyStoreOwner(const std::string& text, Config& config) {
  config.store_owner_conninfo.clear();
  if (text == "store") return {};
  if (!NamesPostgres(text)) return "must be store, or the URL of a PostgreSQL database";
  const Result<void> checked = postgres::CheckConninfo(text);
  if (!checked.has_value()) return checked.error().message;
  config.store_owner_conninfo = text;
  return {};
}

// Takes "#LABEL" off the end of a URL: what tells two places of one kind apart.
std::string TakeLabel(std::string& url, std::string& label) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
  const std::size_t at = url.rfind('#');
  if (at == std::string::npos || at < url.rfind('/')) return {};
  label = url.substr(at + 1);
  url.resize(at);
  const bool is_good = !label.empty() && label.size() <= kLabelLengthMax &&
                       label.find_first_not_of(kLetters) == std::string::npos;
  return is_good ? "" : "has a label (after #) that is not 1 to 32 of a-z, 0-9 and -";
}

std::string ParseVectors(std::string text, VectorsPlace& place) {
  if (text == "memory" || text == "pgvector") {
    place.choice = text == "memory" ? VectorsChoice::kMemory : VectorsChoice::kSameDatabase;
    return {};
  }
  if (std::string wrong = TakeLabel(text, place.label); !wrong.empty()) return wrong;
  if (text.starts_with("opensearch+")) {
    auto address = opensearch::ParseAddress(text);
    if (!address.has_value()) return address.error().message;
    place.choice = VectorsChoice::kOpensearch;
    place.cluster = *std::move(address);
    return {};
  }
  if (!NamesPostgres(text)) {
    return "must be memory, pgvector, or the URL of a PostgreSQL database for vectors alone, or of "
           "an OpenSearch cluster (opensearch+http://HOST:PORT/INDEX)";
  }
  const Result<void> checked = postgres::CheckConninfo(text);
  if (!checked.has_value()) return checked.error().message;
  place.choice = VectorsChoice::kOtherPostgres;
  place.conninfo = text;
  return {};
}

std::string ApplyVectors(const std::string& text, Config& config) {
  config.vectors = {};
  return ParseVectors(text, config.vectors);
}

std::string ApplyVectorsFrom(const std::string& text, Config& config) {
  config.leaves_old_vectors = text == "lost";
  config.vectors_from.reset();
  if (text == "none" || text == "lost") return {};
  VectorsPlace place;
  if (ParseVectors(text, place).empty()) {
    config.vectors_from = std::move(place);
    return {};
  }
  return "must be none, lost, or what --vectors was until now";
}

std::string ApplyStoreSessions(const std::string& text, Config& config) {
  const auto count = ParseWhole<int>(text);
  if (count && *count >= 1 && *count <= limits::kDatabaseSessionCountMax) {
    config.store_session_count = *count;
    return {};
  }
  return "must be a whole number between 1 and " + std::to_string(limits::kDatabaseSessionCountMax);
}

std::string ApplyVectorsMemory(const std::string& text, Config& config) {
  const auto count = ParseWhole<std::int64_t>(text);
  if (count && *count >= 0 && *count <= limits::kVectorsMemoryMbMax) {
    config.vectors_memory_mb = *count;
    return {};
  }
  return "must be a whole number of MiB between 0 and " +
         std::to_string(limits::kVectorsMemoryMbMax);
}

std::string ApplyCache(const std::string& text, Config& config) {
  config.shared_cache.reset();
  if (text == "memory") return {};
  if (text.find("://") == std::string::npos) return "must be memory, or the URL of a Redis server";
  Result<redis::Address> address = redis::ParseAddress(text);
  if (!address.has_value()) return address.error().message;
  config.shared_cache = *std::move(address);
  return {};
}

std::string ApplyWriteDefault(const std::string& text, Config& config) {
  constexpr NamedChoice<bool> kModes[] = {{"default", false}, {"strict", true}};
  return ApplyChoice(text, kModes, config.is_strict_by_default);
}

std::string ApplyDrainDelay(const std::string& text, Config& config) {
  const std::optional<Duration> delay = text == "0" ? Duration{0} : schema::ParseDuration(text);
  if (!delay || *delay > kDrainDelayMax) return "must be a duration up to 10m, such as 5s or 500ms";
  config.drain_delay = std::chrono::duration_cast<std::chrono::milliseconds>(*delay);
  return {};
}

constexpr std::array<OptionDescription, kOptionCount> kOptions{{
    {"listen",
     "HOST:PORT",
     "127.0.0.1:8080",
     "Where the API answers; port 0 takes any free one",
     [](const std::string& text, Config& c) { return ApplyEndpoint(text, c.listen); }},
    {"metrics",
     "HOST:PORT",
     "127.0.0.1:9090",
     "Where /metrics and the operator's routes answer; port 0 takes any free one",
     [](const std::string& text, Config& c) { return ApplyEndpoint(text, c.metrics); }},
    {"data",
     "DIR",
     "./data",
     "Folder of the database; made when absent",
     [](const std::string& text, Config& c) { return ApplyFolder(text, c.data_directory); }},
    {"log-level", "LEVEL", "info", "debug, info, warning or error", ApplyLogLevel},
    {"store",
     "STORE",
     "sqlite",
     "Where records are kept: sqlite (a file in the data folder), or a PostgreSQL database: "
     "postgresql://[USER:PASSWORD@]HOST:PORT/NAME with any parameter of libpq",
     ApplyStore},
    {"store-owner",
     "URL",
     "store",
     "Who changes the tables when the program is newer: store, the role of --store, or the same "
     "database as another role",
     ApplyStoreOwner},
    {"store-sessions",
     "N",
     "8",
     "Sessions with the database that read at the same time; writes have four more. As many with a "
     "database for vectors alone",
     ApplyStoreSessions},
    {"vectors",
     "STORE",
     "memory",
     "Where vectors are searched: memory, filled at start, for one service; pgvector, in the "
     "database of --store, for any number of services; or postgresql://[USER:PASSWORD@]HOST:PORT/"
     "NAME, by pgvector in a database for vectors alone, or opensearch+http://HOST:PORT/INDEX, "
     "both "
     "for any number of services",
     ApplyVectors},
    {"vectors-from",
     "STORE",
     "none",
     "Where vectors were searched until now, while they move to --vectors (`datastorage reindex` "
     "begins that): what --vectors was; none; or lost, when that place is gone for good and "
     "--vectors is to be filled anew",
     ApplyVectorsFrom},
    {"vectors-write",
     "WHEN",
     "deferred",
     "When pgvector's index takes a new vector: deferred (after the answer; searches compare it "
     "one "
     "by one until then) or inline (by the write)",
     ApplyVectorsWrite},
    {"vectors-memory",
     "MIB",
     "256",
     "Memory for copies of pgvector's vectors, 0.4 KB each, in which a search finds what to ask "
     "the "
     "server for; 0 for none: the server then walks through its index",
     ApplyVectorsMemory},
    {"cache",
     "STORE",
     "memory",
     "Where embeddings of repeated texts are kept: memory, or memory and a Redis server shared by "
     "services: redis://[USER:PASSWORD@]HOST:PORT/DB, rediss://… (TLS), unix:///PATH",
     ApplyCache},
    {"embedder",
     "MODEL",
     "minilm",
     "What turns text into vectors: minilm (by meaning), lexical (by words, needs no model files) "
     "or none",
     ApplyEmbedder},
    {"model-dir",
     "DIR",
     "",
     "Folder of the model's files; by default .deps/minilm here or above the program",
     [](const std::string& text, Config& c) { return ApplyFolder(text, c.model_directory); }},
    {"embed-precision",
     "PRECISION",
     "automatic",
     "Arithmetic of the model: automatic (what the processor does best), f32 or bf16",
     ApplyPrecision},
    {"embedder-threads",
     "N",
     "0",
     "Threads that run the model; 0 for one a processor",
     [](const std::string& text, Config& c) {
       return ApplyCount<std::size_t>(text, 0, c.embedder_thread_count);
     }},
    {"workers",
     "N",
     "32",
     "Threads that answer requests",
     [](const std::string& text, Config& c) {
       return ApplyCount<std::size_t>(text, 1, c.worker_count);
     }},
    {"drain-delay",
     "DURATION",
     "5s",
     "How long readyz answers 503 before the service stops taking connections",
     ApplyDrainDelay},
    {"write-default",
     "MODE",
     "default",
     "How writes without a preference behave: default (acknowledge once the record is durable) or "
     "strict (and its vector searchable)",
     ApplyWriteDefault},
}};
static_assert(!kOptions.back().name.empty(), "an option has no description");

std::filesystem::path ProgramFolder() {
  std::error_code failure;
  return std::filesystem::read_symlink("/proc/self/exe", failure).parent_path();
}

}  // namespace

const std::array<OptionDescription, kOptionCount>& Options() {
  return kOptions;
}

std::string EnvironmentNameOf(std::string_view option) {
  std::string name = "DATASTORAGE_";
  for (const char letter : option) {
    const bool is_lower = letter >= 'a' && letter <= 'z';
    name.push_back(letter == '-' ? '_' : is_lower ? static_cast<char>(letter - 'a' + 'A') : letter);
  }
  return name;
}

std::string DefaultModelDirectory() {
  const std::filesystem::path relative = std::filesystem::path(".deps") / "minilm";
  std::error_code failure;
  if (std::filesystem::is_directory(relative, failure)) return relative.string();
  std::filesystem::path folder = ProgramFolder();
  while (!folder.empty()) {
    if (std::filesystem::is_directory(folder / relative, failure)) {
      return (folder / relative).string();
    }
    if (folder == folder.root_path()) break;
    folder = folder.parent_path();
  }
  return relative.string();
}

}  // namespace datastorage::app
