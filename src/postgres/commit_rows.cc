#include "postgres/commit_rows.h"

#include "postgres/vector_statements.h"

namespace datastorage::postgres {
namespace {

std::optional<Stamp> StampOrNothing(const Rows& rows, int row, int column) {
  if (rows.IsNull(row, column)) return std::nullopt;
  return rows.Integer(row, column);
}

}  // namespace

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

void ReadOccupiedIds(const Rows& rows, WaveState& state) {
  for (int row = 0; row < rows.count(); ++row) state.occupied_ids.insert(rows.Id(row, 0));
}

// Those that were drawn before are left: they only rise.
void ReadStamps(const Rows& rows, WaveState& state) {
  state.stamps.clear();
  for (int row = 0; row < rows.count(); ++row) state.stamps.push_back(rows.Integer(row, 0));
}

void ReadNothing(const Rows&, WaveState&) {}

}  // namespace datastorage::postgres
