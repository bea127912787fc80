// Claims, locks and reads of a wave. The order is the same in every transaction, and within each
// statement it is that of the keys: writers that meet wait for each other, and rarely in a circle.
#include <algorithm>

#include "base/limits.h"
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
  ArrayValue ids{ElementType::kUuid}, record_ids{ElementType::kUuid},
      intent_ids{ElementType::kUuid}, loose_ids{ElementType::kUuid},
      updated_ids{ElementType::kUuid};
  std::int64_t stamp_count = 0;

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
    key_hashes.Add(std::optional<Sha256>(NaturalKeyHash(kind, key)));
  }

  void Add(const BeginIntentOp& op) {
    AddClaim(op.claim, 0, op.id, op.now);
    if (op.claim.has_value()) claim_versions.Add(std::int64_t{0});
    AddName(NameOf(op.kind), op.natural_key, op.id, true);
    loose_ids.Add(op.id);
  }
  void Add(const CreateOp& op) {
    if (op.consumes_intent.has_value()) return intent_ids.Add(op.id);
    AddClaim(op.claim, 201, op.id, op.now);
    if (op.claim.has_value()) claim_versions.Add(std::int64_t{1});
    AddName(NameOf(KindOf(op.body)), NaturalKeyOf(op.body), op.id, false);
  }
  void Add(const UpdateOp& op) {
    AddClaim(op.claim, 200, op.id, op.now);
    if (op.claim.has_value()) claim_versions.Add(op.expected_version + 1);
    record_ids.Add(op.id);
    updated_ids.Add(op.id);
  }
  void Add(const EraseOp& op) { record_ids.Add(op.id); }
  void Add(const AbortIntentOp& op) { intent_ids.Add(op.id); }
  void Add(const StoreEmbeddingOp& op) { record_ids.Add(op.id); }
  void Add(const EnqueuePendingOp& op) {
    record_ids.Add(op.id);
    loose_ids.Add(op.id);
  }
};

using Reader = void (*)(const Rows& rows, WaveState& state);

void ReadSets(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) {
    // A rule that this program does not know is kept like the careful one.
    const auto rule = ParsePendingRule(rows.Text(row, 2)).value_or(PendingRule::kEverySet);
    ActiveSet& set = state.sets.emplace_back(
        ActiveSet{rows.Integer(row, 0), std::string(rows.Text(row, 1)), rule});
    if (rows.Text(row, 3) != kPgvectorEngine) continue;
    if (rows.IsNull(row, 4) || rows.IsNull(row, 5)) {
      set.is_unclaimed = true;
      set.rule = PendingRule::kEverySet;
    } else {
      set.tables = {static_cast<std::uint32_t>(rows.Integer(row, 5)), rows.Bool(row, 4)};
    }
  }
}

void ReadOwnClaims(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) state.own_claims.emplace(rows.Text(row, 0));
}

void ReadOwnNames(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) {
    state.own_names.emplace(rows.Text(row, 0), rows.Text(row, 1));
  }
}

void ReadHeads(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) {
    state.heads[rows.Id(row, 0)] = {.kind = std::string(rows.Text(row, 1)),
                                    .version = rows.Integer(row, 2),
                                    .stamp = rows.Integer(row, 3),
                                    .text_hash = rows.Hash(row, 4),
                                    .natural_key = std::string(rows.Text(row, 5))};
  }
}

void ReadIntents(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) {
    state.intents[rows.Id(row, 0)] = {
        {std::string(rows.Text(row, 1)), std::string(rows.Text(row, 2))}, rows.Integer(row, 3)};
  }
}

void ReadPending(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) {
    state.pending[{rows.Id(row, 1), rows.Integer(row, 0)}] = {
        .stamp = rows.Integer(row, 2),
        .state = std::string(rows.Text(row, 3)),
        .due_at = rows.Time(row, 4),
        .attempt_count = rows.Integer(row, 5),
        .reason = std::string(rows.Text(row, 6)),
        .since = rows.Time(row, 7)};
  }
}

std::optional<Stamp> StampOrNothing(const Rows& rows, int row, int column) {
  if (rows.IsNull(row, column)) return std::nullopt;
  return rows.Integer(row, column);
}

void ReadClaims(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) {
    state.claims[std::string(rows.Text(row, 0))] = {
        .request_hash = rows.Hash(row, 1).value_or(Sha256{}),
        .http_status = static_cast<int>(rows.Integer(row, 2)),
        .id = rows.Id(row, 3),
        .version = rows.Integer(row, 4),
        .record_stamp = StampOrNothing(rows, row, 5),
        .intent_stamp = StampOrNothing(rows, row, 6)};
  }
}

void ReadHolders(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) {
    WaveState::Holder& holder =
        state.holders[{std::string(rows.Text(row, 0)), std::string(rows.Text(row, 1))}];
    holder.id = rows.Id(row, 2);
    holder.intent_stamp = StampOrNothing(rows, row, 3);
    if (rows.IsNull(row, 4)) continue;
    holder.version = rows.Integer(row, 4);
    holder.stamp = rows.Integer(row, 5);
    holder.content_hash = rows.Hash(row, 6);
  }
}

void ReadErasedNames(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) {
    state.erased_names[rows.Hash(row, 0).value_or(Sha256{})] = rows.Id(row, 1);
  }
}

void ReadUses(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) {
    state.uses[rows.Id(row, 0)] = {
        std::string(rows.Text(row, 1)), rows.Integer(row, 2), rows.Integer(row, 3)};
  }
}

void ReadSpaces(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) {
    state.embeddings[{rows.Id(row, 0), std::string(rows.Text(row, 1))}] =
        rows.Hash(row, 2).value_or(Sha256{});
  }
}

void ReadStamps(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) state.stamps.push_back(rows.Integer(row, 0));
}

void ReadNothing(const Rows&, WaveState&) {}

// Calls with what reads their rows, in the same order.
struct Steps {
  std::vector<Call> calls;
  std::vector<Reader> readers;

  Parameters& Add(std::string_view name, Reader reader) {
    readers.push_back(reader);
    return calls.emplace_back(Call{.name = name}).parameters;
  }
  void AddOf(Query query, ArrayValue& keys, Reader reader) {
    if (keys.size() > 0) Add(NameOf(query), reader).Add(keys);
  }
};

Steps StepsOf(WaveNames& names, WaveBegin begin) {
  Steps steps;
  if (begin != WaveBegin::kGoesOn) {
    steps.Add(Connection::kBegin, ReadNothing);
    steps.Add(NameOf(Query::kLockSets), ReadNothing);
  }
  if (begin == WaveBegin::kBeginsInHurry) steps.Add(Connection::kHurry, ReadNothing);
  steps.Add(NameOf(Query::kActiveSets), ReadSets);
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
  if (names.keys.size() > 0) {
    steps.Add(NameOf(Query::kClaimNaturalKeys), ReadOwnNames)
        .Add(names.kinds)
        .Add(names.keys)
        .Add(names.key_ids)
        .Add(names.intent_stamps);
  }
  steps.AddOf(Query::kLockIds, names.loose_ids, ReadNothing);
  steps.AddOf(Query::kLockIntents, names.intent_ids, ReadIntents);
  steps.AddOf(Query::kLockRecords, names.record_ids, ReadHeads);
  steps.AddOf(Query::kLockPending, names.ids, ReadPending);
  // From here on nothing that was read changes.
  steps.AddOf(Query::kHeldIdempotencyKeys, names.claim_keys, ReadClaims);
  if (names.keys.size() > 0) {
    steps.Add(NameOf(Query::kHeldNaturalKeys), ReadHolders).Add(names.kinds).Add(names.keys);
  }
  steps.AddOf(Query::kErasedKeys, names.key_hashes, ReadErasedNames);
  steps.AddOf(Query::kIdUses, names.ids, ReadUses);
  steps.AddOf(Query::kEmbeddedSpaces, names.updated_ids, ReadSpaces);
  steps.Add(NameOf(Query::kDrawStamps), ReadStamps).Add(names.stamp_count);
  return steps;
}

// Whoever held a name may have let it go between the claim and the reading.
bool IsWhole(std::span<const WriteOp> operations, const WaveState& state) {
  const auto knows_claim = [&](const std::optional<IdempotencyClaim>& claim) {
    return !claim.has_value() || state.claims.contains(claim->key);
  };
  const auto knows_name = [&](RecordKind kind, const std::string& key) {
    return state.holders.contains({std::string(NameOf(kind)), key});
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
                           WaveBegin begin,
                           Deadline deadline) {
  WaveNames names;
  for (const WriteOp& operation : operations) {
    std::visit(
        [&](const auto& of_type) {
          names.ids.Add(of_type.id);
          names.Add(of_type);
        },
        operation);
    ++names.stamp_count;
  }
  Steps steps = StepsOf(names, begin);
  DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                      connection.Run("prepare a commit", std::move(steps.calls), deadline));
  WaveState state;
  for (std::size_t i = 0; i < rows.size(); ++i) steps.readers[i](rows[i], state);
  if (!IsWhole(operations, state)) return Conflict("another transaction was first");
  return state;
}

}  // namespace datastorage::postgres
