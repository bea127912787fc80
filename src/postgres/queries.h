// Queries: every statement of the store by name. Texts are in sql/postgres/queries/, one a file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/member.h"
#include "domain/records.h"
#include "postgres/connection.h"

namespace datastorage::postgres {

enum class Query : std::uint8_t {
  kActiveSets,
  kAdoptIdempotencyKeys,
  kBackfillIntents,
  kBackfillPending,
  kChangeSetState,
  kClaimIdempotencyKeys,
  kClaimNaturalKeys,
  kClearWordSample,
  kCountPhrase,
  kCountWords,
  kDrawStamps,
  kDrawnStamp,
  kDropEmbeddings,
  kDropPending,
  kDropPendingOfSet,
  kDropStaleEmbeddings,
  kEmbeddedSpaces,
  kEraseContent,
  kErasedKeys,
  kFailPending,
  kFinishIntentClaims,
  kFinishNaturalKeys,
  kFlushLog,
  kFreeIdempotencyKeys,
  kFreeIntentClaims,
  kFreeNaturalKeys,
  kHeldIdempotencyKeys,
  kHeldNaturalKeys,
  kIdUses,
  kInsertEmbeddings,
  kInsertRecords,
  kKeepErasedKeys,
  kKeepRecordVersions,
  kKeepSetting,
  kLastBackfilled,
  kLeasePending,
  kLimitLockWait,
  kLockIds,
  kLockIntents,
  kLockPending,
  kLockRecords,
  kLockSets,
  kLockSetsAlone,
  kMakeWordSample,
  kMatchTogether,
  kMatchWords,
  kNewestMatches,
  kNewestWords,
  kNoteErasures,
  kOccupiedIds,
  kParkPending,
  kPendingIds,
  kPrepareSet,
  kProbeWrite,
  kPurgeIdempotencyKeys,
  kPutPending,
  kPutSetting,
  kRaiseRecordStamps,
  kRaiseStamps,
  kRareWords,
  kReadRecords,
  kRecordHistory,
  kReleasePending,
  kRetireLiveSet,
  kRetirePreparedSets,
  kRetiredSetsWithRows,
  kRunningCommits,
  kScanEmbeddings,
  kScanIds,
  kServerState,
  kSetting,
  kSettleAttempts,
  kSettlePending,
  kStoreSize,
  kTallyPending,
  kTextStatistics,
  kUpdateRecords,
  kVectorSets,
  kWordDocuments,
  kWordSampleIsDue,
  kCount,
};

// The file's stem.
std::string_view NameOf(Query query);

// With {records} and {filter} left open.
std::string_view TextOf(Query query);

// insert_records for one kind, with its member columns only.
std::string_view NameOfInsert(RecordKind kind);

// All of them, with every record let through and the lists of member columns filled in: what a
// session prepares. insert_records is there once for each kind.
std::vector<NamedStatement> AllStatements();

// The members that have a column of their own in `record`, in the order of their parameters.
const std::vector<Member>& ColumnMembers();
const std::vector<Member>& ColumnMembers(RecordKind kind);

}  // namespace datastorage::postgres
