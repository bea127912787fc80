// Queries: every statement of the store by name. Texts are in sql/sqlite/queries/, one a file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/member.h"

namespace datastorage::sqlite {

enum class Query : std::uint8_t {
  kBackfillIntents,
  kBackfillPending,
  kChangeVectorSet,
  kClaimIdempotencyKey,
  kCountRecords,
  kDeleteEmbeddings,
  kDeleteNaturalKey,
  kDeletePending,
  kDeletePendingOfSet,
  kDeleteRecord,
  kDeleteRecordVersions,
  kDeleteStaleEmbeddings,
  kDeleteText,
  kEmbeddedSpaces,
  kErasedKey,
  kExactNearest,
  kFailPending,
  kFenceIntent,
  kFinishIntentClaims,
  kFinishNaturalKey,
  kFreeIntentClaims,
  kIdUse,
  kIdempotencyKey,
  kInsertErasedKey,
  kInsertErasure,
  kInsertIntent,
  kInsertNaturalKey,
  kInsertRecord,
  kInsertSetting,
  kInsertText,
  kInsertVectorSet,
  kIntentOfRecord,
  kKeepErasedAttempts,
  kKeepRecordVersion,
  kLeaseCandidates,
  kLeasePending,
  kListRecords,
  kNaturalKey,
  kNextStamp,
  kOptimizeText,
  kParkPending,
  kPendingIds,
  kPendingRow,
  kProbeWrite,
  kPurgeIdempotencyKeys,
  kPutEmbedding,
  kPutPending,
  kPutSetting,
  kRaisePendingStamp,
  kRaiseRecordStamp,
  kReadRecord,
  kRecordBody,
  kRecordHead,
  kRecordHistory,
  kReleasePending,
  kRenewPending,
  kScanEmbeddings,
  kScanIds,
  kSearchText,
  kSetting,
  kSettleAttempt,
  kSettlePending,
  kStoreNextStamp,
  kStoredEmbedding,
  kTallyPending,
  kTextStructureSize,
  kUpdateRecord,
  kVectorSets,
  kCount,
};

// The file's stem.
std::string_view NameOf(Query query);

// The statement, with {columns} and {placeholders} filled in from the member columns. Those that
// readers shape hold {filter}, {after} and {order} still.
std::string SqlOf(Query query);

// Whether a request's filter or order completes the statement.
bool IsTemplate(Query query);

// The members that have a column of their own in `record`, in column order.
const std::vector<Member>& ColumnMembers();

// Replaces every `marker`.
std::string Substitute(std::string_view text, std::string_view marker, std::string_view value);

}  // namespace datastorage::sqlite
