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
  kNoteErasures,
  kProbeWrite,
  kPurgeIdempotencyKeys,
  kPutPending,
  kRaiseRecordStamps,
  kRunningCommits,
  kServerState,
  kSettleAttempts,
  kUpdateRecords,
  kCount,
};

// The file's stem.
std::string_view NameOf(Query query);

// All of them, with the lists of member columns filled in: what a session prepares.
std::vector<NamedStatement> AllStatements();

// The members that have a column of their own in `record`, in the order of their parameters.
const std::vector<Member>& ColumnMembers();

}  // namespace datastorage::postgres
