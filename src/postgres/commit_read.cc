// Claims, locks and reads of a wave. The order is the same in every transaction, and within each
// statement it is that of the keys: writers that meet wait for each other, and rarely in a circle.
#include <algorithm>

#include "base/limits.h"
#include "postgres/commit_rows.h"
#include "postgres/commit_wave.h"
#include "postgres/natural_key_hash.h"
#include "postgres/queries.h"

namespace datastorage::postgres {
namespace {

// What the operations of a wave name.
struct WaveNames {
  ArrayValue claim_keys{ElementType::kText}, request_hashes{ElementType::kBytea},
      http_statuses{ElementType::kBigint}, claim_ids{ElementType::kUuid},
      claim_versions{ElementType::kBigint}, claim_times{ElementType::kTimestamptz};
  ArrayValue kinds{ElementType::kText}, keys{ElementType::kText}, key_ids{ElementType::kUuid},
      intent_stamps{ElementType::kBigint}, key_hashes{ElementType::kBytea};
  // New ids that nothing is believed to stand for, with the hashes of their natural keys.
  ArrayValue trusted_ids{ElementType::kUuid}, trusted_hashes{ElementType::kBytea};
  // The others, and those that are to be created.
  ArrayValue ids{ElementType::kUuid}, new_ids{ElementType::kUuid};
  ArrayValue record_ids{ElementType::kUuid}, intent_ids{ElementType::kUuid},
      loose_ids{ElementType::kUuid}, updated_ids{ElementType::kUuid};
  bool trusts_new_ids = false;

  void AddKnown(RecordId id) { ids.Add(id); }

  void AddNew(RecordId id, const Sha256& key_hash) {
    ids.Add(id);
    new_ids.Add(id);
    key_hashes.Add(std::optional<Sha256>(key_hash));
  }

  void AddRecord(RecordId id) {
    AddKnown(id);
    record_ids.Add(id);
  }

  void AddTrusted(RecordId id, const Sha256& key_hash) {
    trusted_ids.Add(id);
    trusted_hashes.Add(std::optional<Sha256>(key_hash));
  }

  void AddClaim(const std::optional<IdempotencyClaim>& claim,
                int http_status,
                RecordId id,
                WallTime now) {
    if (!claim.has_value()) return;
    claim_keys.Add(std::string_view(claim->key));
    request_hashes.Add(std::optional<Sha256>(claim->request_hash));
    http_statuses.Add(std::int64_t{http_status});
    claim_ids.Add(id);
    claim_times.Add(now);
  }

  void AddName(std::string_view kind, const std::string& key, RecordId id, bool is_intent) {
    kinds.Add(kind);
    keys.Add(std::string_view(key));
    key_ids.Add(id);
    if (is_intent) {
      intent_stamps.Add(std::int64_t{0});
    } else {
      intent_stamps.AddNull();
    }
  }

  void Add(const BeginIntentOp& op) {
    AddClaim(op.claim, 0, op.id, op.now);
    if (op.claim.has_value()) claim_versions.Add(std::int64_t{0});
    AddName(NameOf(op.kind), op.natural_key, op.id, true);
    AddNew(op.id, NaturalKeyHash(NameOf(op.kind), op.natural_key));
    loose_ids.Add(op.id);
  }
  void Add(const CreateOp& op) {
    if (op.consumes_intent.has_value()) {
      AddKnown(op.id);
      return intent_ids.Add(op.id);
    }
    AddClaim(op.claim, 201, op.id, op.now);
    if (op.claim.has_value()) claim_versions.Add(std::int64_t{1});
    const std::string_view kind = NameOf(KindOf(op.body));
    const std::string& key = NaturalKeyOf(op.body);
    AddName(kind, key, op.id, false);
    trusts_new_ids ? AddTrusted(op.id, NaturalKeyHash(kind, key))
                   : AddNew(op.id, NaturalKeyHash(kind, key));
  }
  void Add(const UpdateOp& op) {
    AddClaim(op.claim, 200, op.id, op.now);
    const std::int64_t version = op.expected_version + (op.claims_only ? 0 : 1);
    if (op.claim.has_value()) claim_versions.Add(version);
    AddRecord(op.id);
    updated_ids.Add(op.id);
  }
  void Add(const EraseOp& op) { AddRecord(op.id); }
  void Add(const AbortIntentOp& op) {
    AddKnown(op.id);
    intent_ids.Add(op.id);
  }
  void Add(const StoreEmbeddingOp& op) { AddRecord(op.id); }
  void Add(const EnqueuePendingOp& op) {
    AddRecord(op.id);
    loose_ids.Add(op.id);
  }
};

// Calls with what reads their rows, in the same order.
struct Steps {
  std::vector<Call> calls;
  std::vector<RowReader> readers;

  Parameters& Add(std::string_view name, RowReader reader) {
    readers.push_back(reader);
    return calls.emplace_back(Call{.name = name}).parameters;
  }
  void AddOf(Query query, ArrayValue& keys, RowReader reader) {
    if (keys.size() > 0) Add(NameOf(query), reader).Add(keys);
  }
  void AddOf(Query query, ArrayValue& first, ArrayValue& second, RowReader reader) {
    if (first.size() > 0) Add(NameOf(query), reader).Add(first).Add(second);
  }
  void AddStamps(std::size_t count) {
    Add(NameOf(Query::kDrawStamps), ReadStamps).Add(static_cast<std::int64_t>(count));
  }

  Result<void> Run(Connection& connection, WaveState& state, Deadline deadline) {
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                        connection.Run("prepare a commit", std::move(calls), deadline));
    for (std::size_t i = 0; i < rows.size(); ++i) readers[i](rows[i], state);
    return {};
  }
};

void AddClaims(Steps& steps, WaveNames& names) {
  if (names.claim_keys.size() > 0) {
    steps.Add(NameOf(Query::kClaimIdempotencyKeys), ReadOwnClaims)
        .Add(names.claim_keys)
        .Add(names.request_hashes)
        .Add(names.http_statuses)
        .Add(names.claim_ids)
        .Add(names.claim_versions)
        .Add(names.claim_times)
        .Add(std::int64_t{Duration(limits::kIdempotencyKeyLifetime).count()});
  }
  if (names.keys.size() == 0) return;
  steps.Add(NameOf(Query::kClaimNaturalKeys), ReadOwnNames)
      .Add(names.kinds)
      .Add(names.keys)
      .Add(names.key_ids)
      .Add(names.intent_stamps);
}

// What every wave needs to know.
Steps FirstSteps(WaveNames& names, std::size_t stamp_count, WaveBegin begin) {
  Steps steps;
  if (begin != WaveBegin::kGoesOn) {
    steps.Add(Connection::kBegin, ReadNothing);
    steps.Add(NameOf(Query::kLockSets), ReadNothing);
  }
  if (begin == WaveBegin::kBeginsInHurry) steps.Add(Connection::kHurry, ReadNothing);
  steps.Add(NameOf(Query::kActiveSets), ReadSets);
  AddClaims(steps, names);
  steps.AddOf(Query::kLockIds, names.loose_ids, ReadNothing);
  steps.AddOf(Query::kLockIntents, names.intent_ids, ReadIntents);
  steps.AddOf(Query::kLockRecords, names.record_ids, ReadHeads);
  steps.AddOf(Query::kLockPending, names.ids, ReadPending);
  // From here on nothing that was read changes.
  steps.AddOf(Query::kErasedKeys, names.key_hashes, ReadErasedNames);
  steps.AddOf(Query::kIdUses, names.new_ids, ReadUses);
  steps.AddOf(Query::kOccupiedIds, names.trusted_ids, names.trusted_hashes, ReadOccupiedIds);
  steps.AddOf(Query::kEmbeddedSpaces, names.updated_ids, ReadSpaces);
  steps.AddStamps(stamp_count);
  return steps;
}

// What the first steps did not get, so that somebody else has it.
struct Obstacles {
  ArrayValue claim_keys{ElementType::kText};
  ArrayValue kinds{ElementType::kText}, keys{ElementType::kText};
  ArrayValue occupied_ids{ElementType::kUuid}, occupied_hashes{ElementType::kBytea};
  ArrayValue used_ids{ElementType::kUuid};

  void AddClaim(const std::optional<IdempotencyClaim>& claim, const WaveState& state) {
    if (!claim.has_value() || state.own_claims.contains(claim->key)) return;
    claim_keys.Add(std::string_view(claim->key));
  }
  void AddName(RecordKind kind, const std::string& key, const WaveState& state) {
    if (state.own_names.contains({std::string(NameOf(kind)), key})) return;
    kinds.Add(NameOf(kind));
    keys.Add(std::string_view(key));
  }
  void AddRecord(RecordId id, const WaveState& state) {
    if (!state.heads.contains(id)) used_ids.Add(id);
  }

  void Add(const BeginIntentOp& op, const WaveState& state) {
    AddClaim(op.claim, state);
    AddName(op.kind, op.natural_key, state);
  }
  void Add(const CreateOp& op, const WaveState& state) {
    if (op.consumes_intent.has_value()) return;
    AddClaim(op.claim, state);
    const RecordKind kind = KindOf(op.body);
    AddName(kind, NaturalKeyOf(op.body), state);
    if (!state.occupied_ids.contains(op.id)) return;
    occupied_ids.Add(op.id);
    used_ids.Add(op.id);
    occupied_hashes.Add(std::optional<Sha256>(NaturalKeyHash(NameOf(kind), NaturalKeyOf(op.body))));
  }
  void Add(const UpdateOp& op, const WaveState& state) {
    AddClaim(op.claim, state);
    AddRecord(op.id, state);
  }
  void Add(const EraseOp& op, const WaveState& state) { AddRecord(op.id, state); }
  void Add(const StoreEmbeddingOp& op, const WaveState& state) { AddRecord(op.id, state); }
  void Add(const AbortIntentOp&, const WaveState&) {}
  void Add(const EnqueuePendingOp&, const WaveState&) {}
};

// Looks at who has it. Most waves need none of this, and save a statement each.
Steps FurtherSteps(Obstacles& obstacles, std::size_t stamp_count) {
  Steps steps;
  steps.AddOf(Query::kLockPending, obstacles.occupied_ids, ReadPending);
  steps.AddOf(Query::kHeldIdempotencyKeys, obstacles.claim_keys, ReadClaims);
  steps.AddOf(Query::kHeldNaturalKeys, obstacles.kinds, obstacles.keys, ReadHolders);
  steps.AddOf(Query::kErasedKeys, obstacles.occupied_hashes, ReadErasedNames);
  steps.AddOf(Query::kIdUses, obstacles.used_ids, ReadUses);
  // After the lock of the pending rows, whose stamps may have risen until then.
  if (obstacles.occupied_ids.size() > 0) steps.AddStamps(stamp_count);
  return steps;
}

// Whoever held a name may have let it go between the claim and the reading.
bool IsWhole(std::span<const WriteOp> operations, const WaveState& state) {
  const auto knows_claim = [&](const std::optional<IdempotencyClaim>& claim) {
    return !claim.has_value() || state.own_claims.contains(claim->key) ||
           state.claims.contains(claim->key);
  };
  const auto knows_name = [&](RecordKind kind, const std::string& key) {
    const HeldName name{std::string(NameOf(kind)), key};
    return state.own_names.contains(name) || state.holders.contains(name);
  };
  return std::all_of(operations.begin(), operations.end(), [&](const WriteOp& operation) {
    return std::visit(
        [&]<class Op>(const Op& op) {
          if constexpr (std::is_same_v<Op, BeginIntentOp>) {
            return knows_claim(op.claim) && knows_name(op.kind, op.natural_key);
          } else if constexpr (std::is_same_v<Op, CreateOp>) {
            return op.consumes_intent.has_value() ||
                   (knows_claim(op.claim) && knows_name(KindOf(op.body), NaturalKeyOf(op.body)));
          } else if constexpr (std::is_same_v<Op, UpdateOp>) {
            return knows_claim(op.claim);
          } else {
            return true;
          }
        },
        operation);
  });
}

}  // namespace

Result<WaveState> ReadWave(Connection& connection,
                           std::span<const WriteOp> operations,
                           const WaveStart& start,
                           Deadline deadline) {
  WaveNames names;
  names.trusts_new_ids = start.trusts_new_ids;
  for (const WriteOp& operation : operations) {
    std::visit([&](const auto& of_type) { names.Add(of_type); }, operation);
  }
  WaveState state;
  Steps first = FirstSteps(names, operations.size(), start.begin);
  DS_RETURN_IF_ERROR(first.Run(connection, state, deadline));
  Obstacles obstacles;
  for (const WriteOp& operation : operations) {
    std::visit([&](const auto& of_type) { obstacles.Add(of_type, state); }, operation);
  }
  Steps further = FurtherSteps(obstacles, operations.size());
  if (further.calls.empty()) return state;
  DS_RETURN_IF_ERROR(further.Run(connection, state, deadline));
  if (!IsWhole(operations, state)) return Conflict("another transaction was first");
  return state;
}

}  // namespace datastorage::postgres
