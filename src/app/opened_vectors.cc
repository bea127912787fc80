#include "app/opened_vectors.h"

#include "base/check.h"
#include "base/log.h"
#include "postgres/address.h"

namespace datastorage::app {
namespace {

constexpr Duration kPrepareTimeout = std::chrono::seconds(30);  // Of the tables of vectors.

// Of what the preparation of a vector server gave. One that is away keeps nothing from starting;
// one that can never do does.
Result<void> MayBeAway(const Result<void>& prepared) {
  if (prepared.has_value()) return {};
  const ErrorCode code = prepared.error().code;
  if (code != ErrorCode::kUnavailable && code != ErrorCode::kDeadlineExceeded) return prepared;
  Log(LogLevel::kWarning,
      "the vector server is away: vectors wait in the record store",
      {{"why", std::string_view(prepared.error().message)}});
  return {};
}

std::string_view EngineOf(VectorsChoice choice) {
  switch (choice) {
    case VectorsChoice::kMemory: break;
    case VectorsChoice::kSameDatabase: return postgres::kPgvectorEngine;
    case VectorsChoice::kOtherPostgres: return postgres::kVectorDatabaseEngine;
    case VectorsChoice::kOpensearch: return opensearch::kOpensearchEngine;
  }
  return kMemoryEngine;
}

}  // namespace

Result<std::unique_ptr<OpenedVectors>> OpenedVectors::Open(const VectorsPlace& place,
                                                           const Config& config,
                                                           const Parts& parts) {
  std::unique_ptr<OpenedVectors> opened(new OpenedVectors(parts));
  DS_RETURN_IF_ERROR(opened->OpenPlace(place, config));
  if (opened->engine_.index->Capabilities().placement == Placement::kSeparate) {
    opened->batched_ = std::make_unique<BatchedVectorIndex>(parts.runtime, *opened->engine_.index);
    opened->engine_.index = opened->batched_.get();
  }
  opened->engine_.name = EngineOf(place.choice);
  if (!place.label.empty()) opened->engine_.name += "#" + place.label;
  return opened;
}

Result<void> OpenedVectors::OpenPlace(const VectorsPlace& place, const Config& config) {
  switch (place.choice) {
    case VectorsChoice::kMemory: break;
    case VectorsChoice::kSameDatabase: {
      DS_CHECK(parts_.store_sessions != nullptr);
      postgres::PgvectorIndex::Options options;
      options.write_mode = config.vector_write_mode;
      options.codes = MakeCodes(config);
      pgvector_ = std::make_unique<postgres::PgvectorIndex>(*parts_.store_sessions, options);
      engine_.index = pgvector_.get();
      TendTo(*parts_.store_sessions);
      return {};
    }
    case VectorsChoice::kOtherPostgres: return OpenDatabase(place, config);
    case VectorsChoice::kOpensearch: return OpenCluster(place);
  }
  engine_.index = &parts_.memory;
  return {};
}

Result<void> OpenedVectors::OpenDatabase(const VectorsPlace& place, const Config& config) {
  postgres::VectorDatabase::Options options;
  options.conninfo = place.conninfo;
  options.session_count = config.store_session_count;
  options.metrics = &parts_.metrics;
  options.database = parts_.database;
  options.write_mode = config.vector_write_mode;
  options.codes = MakeCodes(config);
  database_ = std::make_unique<postgres::VectorDatabase>(options);
  engine_.index = database_.get();
  probe_ = database_.get();
  TendTo(database_->sessions());
  return MayBeAway(database_->Prepare(Deadline::In(kPrepareTimeout, parts_.runtime)));
}

Result<void> OpenedVectors::OpenCluster(const VectorsPlace& place) {
  DS_ASSIGN_OR_RETURN(cluster_, opensearch::OpenSearchIndex::Make(*place.cluster, {}));
  engine_.index = cluster_.get();
  probe_ = cluster_.get();
  return MayBeAway(cluster_->Prepare(Deadline::In(kPrepareTimeout, parts_.runtime)));
}

const postgres::SegmentCodes* OpenedVectors::MakeCodes(const Config& config) {
  if (config.vectors_memory_mb == 0) return nullptr;
  codes_ = std::make_unique<postgres::SegmentCodes>(config.vectors_memory_mb << 20);
  return codes_.get();
}

// Of pgvector's tables.
void OpenedVectors::TendTo(postgres::Sessions& sessions) {
  head_mover_ = std::make_unique<postgres::HeadMover>(
      parts_.runtime, sessions, parts_.metrics, postgres::HeadMover::Options{});
  if (codes_ == nullptr) return;
  loader_ = std::make_unique<postgres::SegmentLoader>(
      parts_.runtime, sessions, *codes_, parts_.metrics, postgres::SegmentLoader::Options{});
}

void OpenedVectors::Start() {
  if (head_mover_ != nullptr) head_mover_->Start();
  if (loader_ != nullptr) loader_->Start();
}

void OpenedVectors::Stop() {
  if (loader_ != nullptr) loader_->Stop();
  if (head_mover_ != nullptr) head_mover_->Stop();
}

std::string DescriptionOf(const VectorsPlace& place) {
  const std::string label = place.label.empty() ? "" : " (#" + place.label + ")";
  switch (place.choice) {
    case VectorsChoice::kMemory: break;
    case VectorsChoice::kSameDatabase: return "the same database (pgvector)";
    case VectorsChoice::kOtherPostgres:
      return "PostgreSQL at " + postgres::DescriptionOf(place.conninfo) + label;
    case VectorsChoice::kOpensearch:
      return "OpenSearch at " + opensearch::DescriptionOf(*place.cluster) + label;
  }
  return "memory";
}

}  // namespace datastorage::app
