#include "app/service.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "base/log.h"
#include "lexical/lexical_embedder.h"
#include "minilm/minilm_embedder.h"
#include "postgres/postgres_record_store.h"
#include "sqlite/sqlite_record_store.h"

namespace datastorage::app {
namespace {

constexpr Duration kOpenTimeout = std::chrono::minutes(10);  // A backfill of a large store.

Precision PrecisionOf(EmbedPrecision choice) {
  switch (choice) {
    case EmbedPrecision::kAutomatic: return Precision::kAutomatic;
    case EmbedPrecision::kF32: return Precision::kF32;
    case EmbedPrecision::kBf16: return Precision::kBf16;
  }
  return Precision::kAutomatic;
}

}  // namespace

Service::Service(const Config& config, Runtime& runtime)
    : config_(config), runtime_(runtime), cache_({}), index_({}, runtime) {}

Service::~Service() {
  Stop();
}

Result<std::unique_ptr<Service>> Service::Open(const Config& config, Runtime& runtime) {
  std::unique_ptr<Service> service(new Service(config, runtime));
  // The store first: a second process on the folder is told so before it loads a model.
  DS_RETURN_IF_ERROR(service->OpenStores());
  DS_RETURN_IF_ERROR(service->OpenVectors());
  DS_RETURN_IF_ERROR(service->OpenEmbedder());
  service->Wire();
  const Deadline deadline = Deadline::In(kOpenTimeout, runtime);
  DS_RETURN_IF_ERROR(service->OpenSets(deadline));
  DS_RETURN_IF_ERROR(service->query_service_->Open(deadline));
  return service;
}

Result<void> Service::OpenEmbedder() {
  switch (config_.embedder) {
    case EmbedderChoice::kNone: embedder_description_ = "none: search by words only"; return {};
    case EmbedderChoice::kLexical:
      embedder_ = std::make_unique<LexicalEmbedder>();
      embedder_description_ = embedder_->ModelId() + ": hashed words, not meaning";
      return {};
    case EmbedderChoice::kMiniLm: break;
  }
  DS_ASSIGN_OR_RETURN(std::unique_ptr<MiniLmEmbedder> minilm,
                      MiniLmEmbedder::Open({config_.model_directory,
                                            PrecisionOf(config_.embed_precision),
                                            config_.embedder_thread_count}));
  embedder_description_ = minilm->Description();
  embedder_ = std::move(minilm);
  return {};
}

template <class Store>
void Service::KeepStore(std::unique_ptr<Store> store) {
  store_probe_ = store.get();
  store_backup_ = store.get();
  store_ = std::move(store);
}

Result<void> Service::OpenStores() {
  if (!config_.store_conninfo.empty()) return OpenPostgres();
  SqliteRecordStore::Options options;
  options.directory = config_.data_directory;
  options.metrics = &metrics_;
  DS_ASSIGN_OR_RETURN(std::unique_ptr<SqliteRecordStore> store, SqliteRecordStore::Open(options));
  KeepStore(std::move(store));
  return {};
}

Result<void> Service::OpenPostgres() {
  PostgresRecordStore::Options options;
  options.sessions.connection.conninfo = config_.store_conninfo;
  options.sessions.reader_count = config_.store_session_count;
  options.sessions.metrics = &metrics_;
  options.owner_conninfo = config_.store_owner_conninfo;
  options.has_pgvector = UsesPlace(config_, VectorsChoice::kSameDatabase);
  options.vector_write_mode = config_.vector_write_mode;
  // An index in memory is filled at the start only.
  if (UsesPlace(config_, VectorsChoice::kMemory)) options.use = postgres::Replica::Use::kAlone;
  options.on_place_lost = [this](std::string_view why) { LosePlace(why); };
  const Deadline deadline = Deadline::In(kOpenTimeout, runtime_);
  DS_ASSIGN_OR_RETURN(std::unique_ptr<PostgresRecordStore> store,
                      PostgresRecordStore::Open(options, runtime_, deadline));
  store_sessions_ = &store->sessions();
  KeepStore(std::move(store));
  return {};
}

Result<void> Service::OpenVectors() {
  std::vector<VectorsPlace> places{config_.vectors};
  if (config_.vectors_from.has_value()) places.push_back(*config_.vectors_from);
  for (const VectorsPlace& place : places) {
    const std::string_view database = vectors_.empty() ? "vectors" : "vectors_from";
    DS_ASSIGN_OR_RETURN(
        std::unique_ptr<OpenedVectors> opened,
        OpenedVectors::Open(
            place, config_, {runtime_, metrics_, index_, store_sessions_, database}));
    vectors_.push_back(std::move(opened));
  }
  return {};
}

Result<void> Service::OpenSets(Deadline deadline) {
  Result<void> opened = sets_->Open(deadline, [this](const VectorSet& set) {
    return config_.leaves_old_vectors || set.engine == kMemoryEngine;
  });
  if (opened.has_value() || opened.error().code != ErrorCode::kConflict) return opened;
  return Conflict(opened.error().message +
                  ": name the place that it was started with as --vectors-from to move, or say "
                  "--vectors-from lost to give it up and fill --vectors anew");
}

// To the process, not by raise() to this thread, in which the signal is blocked.
void Service::LosePlace(std::string_view why) {
  Log(LogLevel::kError, "stopping", {{"why", why}});
  has_lost_its_place_ = true;
  kill(getpid(), SIGTERM);
}

EmbeddingCache& Service::OpenCache() {
  if (!config_.shared_cache.has_value()) return cache_;
  RedisEmbeddingCache::Options options;
  options.address = *config_.shared_cache;
  options.model_id = embedder_->ModelId();
  shared_cache_ = std::make_unique<RedisEmbeddingCache>(runtime_, metrics_, options);
  tiered_cache_ = std::make_unique<TieredEmbeddingCache>(cache_, *shared_cache_);
  return *tiered_cache_;
}

void Service::Wire() {
  const int processor_count = static_cast<int>(std::thread::hardware_concurrency());
  const int embedder_count = config_.embedder_thread_count != 0
                                 ? static_cast<int>(config_.embedder_thread_count)
                                 : std::max(1, processor_count);
  if (embedder_ != nullptr) {
    embedding_service_ = std::make_unique<EmbeddingService>(
        runtime_, *embedder_, OpenCache(), metrics_, EmbeddingService::Options{embedder_count});
  }
  EmbeddingService* embedding = embedding_service_.get();
  const std::string space = embedding != nullptr ? embedding->Space() : "";
  std::vector<VectorEngine> engines;
  engines.reserve(vectors_.size());
  for (const auto& each : vectors_) engines.push_back(each->engine());
  sets_ = std::make_unique<VectorSets>(runtime_, *store_, std::move(engines), space);
  catch_up_ = std::make_unique<CatchUp>(runtime_, *store_);
  sets_->OnBind([this](const VectorPlace& place, Deadline deadline) {
    return catch_up_->Look(place, deadline);
  });
  settler_ = std::make_unique<Settler>(runtime_, *store_);

  DualWriter::Options writer_options;
  writer_options.wait_count_max = std::max(1, static_cast<int>(config_.worker_count) / 2);
  relay_ = std::make_unique<Relay>(runtime_, *store_, *sets_, embedding, *settler_, metrics_);
  dual_writer_ = std::make_unique<DualWriter>(
      runtime_, *store_, *sets_, embedding, *settler_, metrics_, writer_options);
  dual_writer_->OnPending([this] { relay_->Wake(); });
  sets_->unapplied().OnLeftOver([this] { relay_->Wake(); });
  write_service_ = std::make_unique<WriteService>(
      runtime_, *store_, *dual_writer_, SystemUuidSource(), metrics_);
  erasure_service_ =
      std::make_unique<ErasureService>(runtime_, *store_, *dual_writer_, SystemUuidSource());
  reconcile_service_ = std::make_unique<ReconcileService>(runtime_, *store_, *sets_, metrics_);
  reconcile_service_->OnPending([this] { relay_->Wake(); });
  move_service_ = std::make_unique<MoveService>(runtime_, *store_, *sets_);
  move_service_->OnPending([this] { relay_->Wake(); });
  backup_service_ = std::make_unique<BackupService>(*store_backup_);
  query_service_ = std::make_unique<QueryService>(*store_, metrics_);
  search_service_ = std::make_unique<SearchService>(runtime_, *store_, *sets_, embedding, metrics_);
  health_service_ = std::make_unique<HealthService>(
      runtime_, *store_probe_, *store_, *sets_, embedding, metrics_);
  if (shared_cache_ != nullptr) health_service_->AlsoProbe("cache", *shared_cache_);
  for (const auto& each : vectors_) {
    if (each->probe() != nullptr) health_service_->AlsoProbe("vector_index", *each->probe());
  }
}

void Service::Start() {
  sets_->StartFilling();
  for (const auto& each : vectors_) each->Start();
  settler_->Start();
  relay_->Start();
  move_service_->Start();
}

void Service::Stop() {
  if (reconcile_service_ != nullptr) reconcile_service_->Stop();
  if (move_service_ != nullptr) move_service_->Stop();
  if (catch_up_ != nullptr) catch_up_->Stop();
  if (relay_ != nullptr) relay_->Stop();
  if (settler_ != nullptr) settler_->Stop();
  if (sets_ != nullptr) sets_->Stop();
  for (const auto& each : vectors_) each->Stop();
}

}  // namespace datastorage::app
