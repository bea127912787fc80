// Vector sets, and secrets.
#include <sys/random.h>

#include <algorithm>
#include <array>

#include "sqlite/record_rows.h"
#include "sqlite/sqlite_record_store.h"

namespace datastorage {

using sqlite::Connection;
using sqlite::ConnectionPool;
using sqlite::Query;
using sqlite::StatementRun;

namespace {

constexpr std::size_t kSecretByteCount = 32;

Result<std::vector<VectorSet>> ReadSets(Connection& connection) {
  StatementRun reading(connection.At(Query::kVectorSets));
  std::vector<VectorSet> sets;
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool has_row, reading.Next());
    if (!has_row) return sets;
    VectorSet set{.id = reading.Integer(0),
                  .engine = std::string(reading.Text(1)),
                  .space = std::string(reading.Text(2)),
                  .projection = std::string(reading.Text(3)),
                  .state = VectorSetState::kRetired};
    DS_ASSIGN_OR_RETURN(set.pending_rule, sqlite::ReadPendingRule(reading.Text(4)));
    for (const VectorSetState state : {VectorSetState::kFilling, VectorSetState::kLive}) {
      if (reading.Text(5) == NameOf(state)) set.state = state;
    }
    sets.push_back(std::move(set));
  }
}

Result<void> SetState(Connection& writer, VectorSetId id, VectorSetState state) {
  StatementRun changing(writer.At(Query::kChangeVectorSet));
  DS_RETURN_IF_ERROR(changing.BindText(NameOf(state)).BindInteger(id).Run());
  if (state != VectorSetState::kRetired) return {};
  DS_RETURN_IF_ERROR(StatementRun(writer.At(Query::kDeletePendingOfSet)).BindInteger(id).Run());
  return {};
}

Result<void> RetireLive(Connection& writer, const std::vector<VectorSet>& sets) {
  for (const VectorSet& set : sets) {
    if (set.state != VectorSetState::kLive) continue;
    DS_RETURN_IF_ERROR(SetState(writer, set.id, VectorSetState::kRetired));
  }
  return {};
}

Result<std::string> ReadSetting(Connection& connection, const std::string& name) {
  StatementRun reading(connection.At(Query::kSetting));
  DS_ASSIGN_OR_RETURN(const bool is_there, reading.BindText(name).Next());
  if (!is_there) return std::string();
  const std::span<const std::uint8_t> value = reading.Blob(0);
  return std::string(value.begin(), value.end());
}

}  // namespace

Result<std::vector<VectorSet>> SqliteRecordStore::Sets(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  return ReadSets(*reader);
}

Result<VectorSet> SqliteRecordStore::RegisterSet(const VectorSet& set, Deadline deadline) {
  if (set.state == VectorSetState::kRetired) return InvalidArgument("a new set is not retired");
  VectorSet registered = set;
  const WallTime now = options_.clock->WallNow();
  const auto insert = [&](Connection& writer) -> Result<void> {
    DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> sets, ReadSets(writer));
    const bool is_known = std::any_of(sets.begin(), sets.end(), [&](const VectorSet& other) {
      return other.state != VectorSetState::kRetired && other.engine == set.engine &&
             other.space == set.space && other.projection == set.projection;
    });
    if (is_known) return Conflict("such a vector set is registered already");
    {
      StatementRun inserting(writer.At(Query::kInsertVectorSet));
      inserting.BindText(set.engine).BindText(set.space).BindText(set.projection);
      inserting.BindText(NameOf(set.pending_rule)).BindText(NameOf(VectorSetState::kFilling));
      DS_RETURN_IF_ERROR(inserting.Run());
    }
    registered.id = writer.LastRow();
    for (const Query query : {Query::kBackfillPending, Query::kBackfillIntents}) {
      StatementRun filling(writer.At(query));
      DS_RETURN_IF_ERROR(filling.BindInteger(registered.id).BindTime(now).BindTime(now).Run());
    }
    if (set.state == VectorSetState::kFilling) return {};
    // Only now: the set that retires knew how long the intents may take.
    DS_RETURN_IF_ERROR(RetireLive(writer, sets));
    return SetState(writer, registered.id, set.state);
  };
  DS_RETURN_IF_ERROR(Write(Durability::kPowerCut, deadline, insert));
  return registered;
}

Result<void> SqliteRecordStore::ChangeSetState(VectorSetId set,
                                               VectorSetState from,
                                               VectorSetState to,
                                               Deadline deadline) {
  return Write(Durability::kPowerCut, deadline, [&](Connection& writer) -> Result<void> {
    DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> sets, ReadSets(writer));
    const auto found = std::find_if(
        sets.begin(), sets.end(), [&](const VectorSet& other) { return other.id == set; });
    if (found == sets.end()) return NotFound("no such vector set");
    if (found->state == to) return {};
    if (found->state != from || !MayBecome(from, to)) return WrongStateOf(*found);
    if (to == VectorSetState::kLive) DS_RETURN_IF_ERROR(RetireLive(writer, sets));
    return SetState(writer, set, to);
  });
}

Result<std::string> SqliteRecordStore::Secret(std::string_view name, Deadline deadline) {
  const std::string setting = "secret " + std::string(name);
  {
    DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
    DS_ASSIGN_OR_RETURN(std::string kept, ReadSetting(*reader, setting));
    if (!kept.empty()) return kept;
  }
  std::array<std::uint8_t, kSecretByteCount> fresh{};
  if (getrandom(fresh.data(), fresh.size(), 0) != static_cast<ssize_t>(fresh.size())) {
    return Unavailable("the system has no random bytes");
  }
  std::string secret;
  const auto keep = [&](Connection& writer) -> Result<void> {
    StatementRun inserting(writer.At(Query::kInsertSetting));
    DS_RETURN_IF_ERROR(inserting.BindText(setting).BindBlob(fresh).Run());
    // Another caller may have been first.
    DS_ASSIGN_OR_RETURN(secret, ReadSetting(writer, setting));
    return {};
  };
  DS_RETURN_IF_ERROR(Write(Durability::kPowerCut, deadline, keep));
  return secret;
}

Result<std::string> SqliteRecordStore::Note(std::string_view name, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const ConnectionPool::Lease reader, BeginRead(deadline));
  return ReadSetting(*reader, "note " + std::string(name));
}

Result<void> SqliteRecordStore::KeepNote(std::string_view name,
                                         std::string_view text,
                                         Deadline deadline) {
  const std::string setting = "note " + std::string(name);
  return Write(Durability::kProcessEnd, deadline, [&](Connection& writer) -> Result<void> {
    StatementRun putting(writer.At(Query::kPutSetting));
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    DS_RETURN_IF_ERROR(putting.BindText(setting).BindBlob({bytes, text.size()}).Run());
    return {};
  });
}

}  // namespace datastorage
