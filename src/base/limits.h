// Every bound of the service in one place. Sizes are bytes, times are named with
// their unit. A new queue, cache, page, body, pool, batch or retry gets its line here.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace datastorage::limits {

// Requests.
inline constexpr std::size_t kAdminByteCountMax = 16u << 10;  // An operator's request.
inline constexpr std::size_t kRecordByteCountMax = 2u << 20;
inline constexpr std::size_t kBatchByteCountMax = 64u << 20;
inline constexpr std::size_t kBatchItemCountMax = 5'000;
inline constexpr std::size_t kHeaderByteCountMax = 64u << 10;
inline constexpr std::size_t kUriByteCountMax = 16u << 10;
inline constexpr std::chrono::seconds kHeaderTimeout{10};
inline constexpr std::chrono::seconds kBodyTimeout{30};
inline constexpr std::chrono::seconds kRequestTimeout{30};
inline constexpr std::chrono::minutes kReconcileTimeout{20};
inline constexpr std::chrono::minutes kBackupTimeout{20};
inline constexpr std::chrono::seconds kIdleTimeout{60};   // Of a connection between requests.
inline constexpr std::chrono::seconds kWriteTimeout{30};  // Of one part of an answer.
inline constexpr std::chrono::seconds kLingerTimeout{2};  // After an answer to an unread body.
inline constexpr std::size_t kLingerByteCountMax = 16u << 20;
inline constexpr std::size_t kWritePartByteCount = 256u << 10;
inline constexpr std::size_t kStreamPartByteCount = 256u << 10;
inline constexpr std::size_t kBodiesByteCountMax = 256u << 20;  // Of all requests being read.
inline constexpr std::size_t kConnectionCountMax = 1'024;
inline constexpr std::size_t kWorkerCountMax = 64;
inline constexpr std::size_t kRequestQueueCountMax = 512;
inline constexpr int kJsonDepthMax = 64;
inline constexpr std::size_t kIdempotencyKeyByteCountMax = 255;
inline constexpr std::chrono::hours kIdempotencyKeyLifetime{24};
inline constexpr std::size_t kIdsPerRequestCountMax = 100;
// A request that breaks more rules than this is told of the first ones only.
inline constexpr std::size_t kViolationCountMax = 1'000;

// Records (records.md).
inline constexpr std::int64_t kIntegerMax = (std::int64_t{1} << 53) - 1;
inline constexpr std::size_t kMetadataByteCountMax = 256u << 10;
inline constexpr int kMetadataDepthMax = 32;

// Lists and searches.
inline constexpr int kListPageCountMax = 1'000;
inline constexpr int kListPageCountDefault = 50;
inline constexpr int kListOffsetMax = 10'000;
inline constexpr int kSearchHitCountMax = 100;
inline constexpr int kSearchHitCountDefault = 10;
inline constexpr std::int64_t kAnswerByteCountLeast = 1'024;  // That a client may ask to keep to.
inline constexpr std::int64_t kAnswerByteCountMost = 16 << 20;
inline constexpr int kSearchCandidateCountMax = 4'096;
inline constexpr int kFilterNodeCountMax = 256;
inline constexpr int kFilterDepthMax = 16;
inline constexpr std::size_t kPendingIdCountMax = 200'000;
inline constexpr std::size_t kQueryTextByteCountMax = 16u << 10;

// Writing.
inline constexpr std::size_t kCommitBatchCountMax = 128;
inline constexpr std::size_t kCommitQueueCountMax = 4'096;
inline constexpr std::size_t kRelayBatchCountMax = 128;
inline constexpr std::size_t kSettleQueueCountMax = 16'384;
inline constexpr std::size_t kScanPageCountMax = 1'000;
// A vector index keeps a deletion's stamp at least as long: no write may be under way for longer.
inline constexpr std::chrono::hours kTombstoneAge{1};
inline constexpr std::size_t kErasureWhoByteCountMax = 256;  // Both are kept for good.
inline constexpr std::size_t kErasureWhyByteCountMax = 1'024;

// Embedding.
inline constexpr std::size_t kEmbeddedTextCodePointCountMax = 1'000;
inline constexpr std::size_t kEmbeddingBatchTextCountMax = 32;
inline constexpr int kEmbeddingBatchTokenCountMax = 2'048;
inline constexpr std::size_t kEmbeddingQueueCountMax = 1'024;
inline constexpr std::size_t kLandedFlightCountMax = 256;
inline constexpr std::size_t kEmbeddingCacheByteCountMax = 64u << 20;
inline constexpr std::chrono::milliseconds kEmbeddingCacheTimeout{20};  // Of one call.

// The embedding cache that services share.
inline constexpr std::chrono::minutes kSharedEmbeddingLifetime{5};
inline constexpr std::size_t kRedisConnectionCountMax = 8;
inline constexpr std::size_t kRedisPipelineCountMax =
    128;  // Commands sent before answers are read.
inline constexpr std::size_t kRedisReplyByteCountMax = 4u << 10;
inline constexpr std::chrono::milliseconds kRedisConnectTimeout{1'000};
inline constexpr int kRedisFailureCountMax = 3;  // In a row, before a pause.
inline constexpr std::chrono::milliseconds kRedisRetryPause{1'000};

// The in-process vector index.
inline constexpr std::uint32_t kScanPointCountMax = 2'000'000;
inline constexpr std::size_t kScanTombstoneCountMax = 100'000;

// SQLite.
inline constexpr std::chrono::milliseconds kDatabaseBusyTimeout{5'000};
inline constexpr std::size_t kPreparedStatementCountMax =
    64;  // A connection, beside the fixed ones.
inline constexpr int kDatabaseReaderCountMax = 64;
inline constexpr std::size_t kFilterParameterCountMax = 30'000;
inline constexpr std::size_t kTextSearchTermCountMax = 64;
inline constexpr int kIdempotencyPurgeCountMax = 256;  // A commit.

// PostgreSQL.
inline constexpr int kDatabaseSessionCountMax = 64;
inline constexpr std::int64_t kVectorsMemoryMbMax = 65'536;  // Of pgvector's vectors, as codes.
inline constexpr int kCommitRetryCountMax = 5;  // Of a transaction undone for another's sake.

static_assert(kRecordByteCountMax <= kBatchByteCountMax);
static_assert(kBatchByteCountMax <= kBodiesByteCountMax);
static_assert(kMetadataByteCountMax < kRecordByteCountMax);
static_assert(kListPageCountDefault <= kListPageCountMax);
static_assert(kSearchHitCountDefault <= kSearchHitCountMax);
static_assert(kSearchHitCountMax <= kSearchCandidateCountMax);
static_assert(kMetadataDepthMax < kJsonDepthMax);
static_assert(kCommitBatchCountMax <= kCommitQueueCountMax);
static_assert(kTombstoneAge >= 10 * kRequestTimeout);
static_assert(kEmbeddingBatchTextCountMax <= kEmbeddingQueueCountMax);

}  // namespace datastorage::limits
