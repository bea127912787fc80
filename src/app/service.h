// Service: every part of the running service, wired once from a Config and torn down in reverse.
//
// Threads: Open, Start and Stop are called from one thread.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.h"
#include "app/opened_vectors.h"
#include "base/metrics.h"
#include "base/runtime.h"
#include "engine/backup_service.h"
#include "engine/catch_up.h"
#include "engine/dual_writer.h"
#include "engine/embedding_service.h"
#include "engine/erasure_service.h"
#include "engine/health_service.h"
#include "engine/move_service.h"
#include "engine/query_service.h"
#include "engine/reconcile_service.h"
#include "engine/relay.h"
#include "engine/search_service.h"
#include "engine/tiered_embedding_cache.h"
#include "engine/vector_sets.h"
#include "engine/write_service.h"
#include "memory_cache/memory_embedding_cache.h"
#include "ports/embedder.h"
#include "ports/record_backup.h"
#include "redis/redis_embedding_cache.h"
#include "scan/scan_index.h"

namespace datastorage::app {

class Service {
 public:
  // Opens the embedder and the stores; nothing runs yet. Errors: kUnavailable (the data folder is
  // in use), kNotFound (the model files are missing), and what the stores say.
  static Result<std::unique_ptr<Service>> Open(const Config& config, Runtime& runtime);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Begins filling the index and finishing what is pending.
  void Start();
  void Stop();

  Metrics& metrics() { return metrics_; }
  WriteService& writes() { return *write_service_; }
  QueryService& queries() { return *query_service_; }
  SearchService& searches() { return *search_service_; }
  ErasureService& erasures() { return *erasure_service_; }
  ReconcileService& reconciles() { return *reconcile_service_; }
  MoveService& moves() { return *move_service_; }
  BackupService& backups() { return *backup_service_; }
  HealthService& health() { return *health_service_; }
  // Whether another service has taken the record store; then the process was sent SIGTERM, which
  // lets it answer first what it has accepted.
  bool has_lost_its_place() const { return has_lost_its_place_; }
  // One line about the model, such as "all-MiniLM-L6-v2, bf16, 2 threads".
  const std::string& embedder_description() const { return embedder_description_; }

 private:
  Service(const Config& config, Runtime& runtime);
  Result<void> OpenEmbedder();
  Result<void> OpenStores();
  Result<void> OpenPostgres();
  Result<void> OpenVectors();
  Result<void> OpenSets(Deadline deadline);
  template <class Store>
  void KeepStore(std::unique_ptr<Store> store);
  // Where embeddings are looked up: memory, before the shared cache if there is one.
  EmbeddingCache& OpenCache();
  void Wire();

  void LosePlace(std::string_view why);

  const Config config_;
  Runtime& runtime_;
  std::atomic<bool> has_lost_its_place_ = false;
  Metrics metrics_;
  std::string embedder_description_;
  std::unique_ptr<Embedder> embedder_;
  MemoryEmbeddingCache cache_;
  std::unique_ptr<RedisEmbeddingCache> shared_cache_;  // Where one is configured.
  std::unique_ptr<TieredEmbeddingCache> tiered_cache_;
  ScanIndex index_;
  std::unique_ptr<RecordStore> store_;
  HealthProbe* store_probe_ = nullptr;  // These are the store too.
  RecordBackup* store_backup_ = nullptr;
  postgres::Sessions* store_sessions_ = nullptr;  // Of PostgreSQL.
  // That of new sets first, then the one that they move from.
  std::vector<std::unique_ptr<OpenedVectors>> vectors_;
  std::unique_ptr<EmbeddingService> embedding_service_;
  std::unique_ptr<CatchUp> catch_up_;  // Before the sets, which call it.
  std::unique_ptr<VectorSets> sets_;
  std::unique_ptr<Settler> settler_;
  std::unique_ptr<Relay> relay_;  // Before the writers, which wake it to their end.
  std::unique_ptr<DualWriter> dual_writer_;
  std::unique_ptr<WriteService> write_service_;
  std::unique_ptr<ErasureService> erasure_service_;
  std::unique_ptr<ReconcileService> reconcile_service_;
  std::unique_ptr<MoveService> move_service_;
  std::unique_ptr<BackupService> backup_service_;
  std::unique_ptr<QueryService> query_service_;
  std::unique_ptr<SearchService> search_service_;
  std::unique_ptr<HealthService> health_service_;
};

}  // namespace datastorage::app
