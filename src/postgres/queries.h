// Queries: every statement of the store by name. Texts are in sql/postgres/queries/, one a file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/member.h"
#include "postgres/connection.h"

namespace datastorage::postgres {

enum class Query : std::uint8_t {
  kActiveSets,
  kAdoptIdempotencyKeys,
  kClaimIdempotencyKeys,
  kClaimNaturalKeys,
  kCountWords,
  kDrawStamps,
  kDropEmbeddings,
  kDropPending,
  kDropStaleEmbeddings,
  kEmbeddedSpaces,
  kEraseContent,
  kErasedKeys,
  kFinishIntentClaims,
  kFinishNaturalKeys,
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
  kLockIds,
  kLockIntents,
  kLockPending,
  kLockRecords,
  kLockSets,
  kMatchWords,
  kNewestWords,
  kNoteErasures,
  kPurgeIdempotencyKeys,
  kPutPending,
  kRaiseRecordStamps,
  kRunningCommits,
  kSettleAttempts,
  kStoreSize,
  kUpdateRecords,
  kCount,
};

// The file's stem.
std::string_view NameOf(Query query);

// With {records} and {filter} left open.
std::string_view TextOf(Query query);

// All of them, with every record let through and the lists of member columns filled in: what a
// session prepares.
std::vector<NamedStatement> AllStatements();

// The members that have a column of their own in `record`, in the order of their parameters.
const std::vector<Member>& ColumnMembers();

}  // namespace datastorage::postgres
