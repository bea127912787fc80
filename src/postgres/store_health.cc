#include "postgres/store_health.h"

#include <sys/statvfs.h>

#include <string_view>

#include "postgres/queries.h"

namespace datastorage::postgres {
namespace {

// Free space below both is a warning: a large disk has room for long with a few percent left.
constexpr std::int64_t kFreePercentMin = 10;
constexpr std::int64_t kFreeByteCountMin = std::int64_t{20} << 30;
constexpr std::int64_t kSessionPercentMax = 90;

using Disk = ServerState::Disk;

bool IsFuller(const Disk& disk, const Disk& other) {
  return static_cast<double>(disk.free_byte_count) * static_cast<double>(other.byte_count) <
         static_cast<double>(other.free_byte_count) * static_cast<double>(disk.byte_count);
}

// Folders that this process may not look into are left out.
std::optional<Disk> FullestOf(const std::vector<std::string_view>& folders) {
  std::optional<Disk> fullest;
  for (const std::string_view folder : folders) {
    struct statvfs found {};
    if (statvfs(std::string(folder).c_str(), &found) != 0 || found.f_blocks == 0) continue;
    const auto block = static_cast<std::int64_t>(found.f_frsize);
    const Disk disk{.free_byte_count = static_cast<std::int64_t>(found.f_bavail) * block,
                    .byte_count = static_cast<std::int64_t>(found.f_blocks) * block};
    if (!fullest.has_value() || IsFuller(disk, *fullest)) fullest = disk;
  }
  return fullest;
}

// Such as "12.5 GB".
std::string SizeText(std::int64_t byte_count) {
  constexpr std::int64_t kMega = 1'000'000;
  const bool is_small = byte_count < 1'000 * kMega;
  const std::int64_t tenths = byte_count / (is_small ? kMega / 10 : 100 * kMega);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) +
         (is_small ? " MB" : " GB");
}

}  // namespace

std::vector<HealthWarning> WarningsOf(const ServerState& state) {
  std::vector<HealthWarning> warnings;
  if (state.is_in_recovery) {
    warnings.push_back({"in_recovery", "the database is a standby and takes no writes"});
  }
  if (state.disk.has_value() && state.disk->byte_count > 0) {
    const auto& [free, total] = *state.disk;
    if (free < kFreeByteCountMin && free / kFreePercentMin < total / 100) {
      warnings.push_back({"disk_nearly_full",
                          "only " + SizeText(free) + " of " + SizeText(total) +
                              " are free on the database's disk"});
    }
  }
  if (state.session_count * 100 >= state.session_count_max * kSessionPercentMax) {
    warnings.push_back({"sessions_nearly_used_up",
                        "the database has " + std::to_string(state.session_count) + " of " +
                            std::to_string(state.session_count_max) +
                            " sessions: raise max_connections, or take fewer"});
  }
  if (state.asynchronous_standby_count > 0) {
    warnings.push_back({"asynchronous_standby",
                        std::to_string(state.asynchronous_standby_count) +
                            " standbys may lack acknowledged writes when they are promoted: set "
                            "synchronous_standby_names, and leave synchronous_commit on"});
  }
  if (state.unplaced_count > 0) {
    warnings.push_back({"unplaced_records",
                        std::to_string(state.unplaced_count) +
                            " or more records are in the default partition: partitions were not "
                            "made in time, or their ids come from elsewhere"});
  }
  return warnings;
}

Result<void> StoreHealth::Check(Deadline deadline) {
  Call probe{.name = NameOf(Query::kProbeWrite)};
  const std::string value = std::to_string(clock_.WallNow().time_since_epoch().count());
  probe.parameters.Add(
      std::span(reinterpret_cast<const std::uint8_t*>(value.data()), value.size()));
  DS_RETURN_IF_ERROR(
      sessions_.Write("probe the database", {probe}, Sessions::Durability::kServerCrash, deadline));
  return {};
}

Result<ServerState> StoreHealth::State(Deadline deadline) {
  constexpr std::string_view kDoing = "ask for the database's state";
  DS_ASSIGN_OR_RETURN(const Rows rows,
                      sessions_.ReadOne(kDoing, {.name = NameOf(Query::kServerState)}, deadline));
  ServerState state{.is_in_recovery = rows.Bool(0, 0),
                    .asynchronous_standby_count = rows.Integer(0, 1),
                    .unplaced_count = rows.Integer(0, 2),
                    .session_count = rows.Integer(0, 3),
                    .session_count_max = rows.Integer(0, 4)};
  if (!rows.IsNull(0, 5)) state.disk = FullestOf(rows.Texts(0, 5));
  if (state.disk.has_value() || !rows.Bool(0, 6)) return state;
  // It writes a little: not on a standby. Without an answer the rest is worth having.
  if (state.is_in_recovery) return state;
  const Result<std::vector<Rows>> space =
      sessions_.Write(kDoing,
                      {{.sql = "SELECT free_bytes, total_bytes FROM disk_space()"}},
                      Sessions::Durability::kNothing,
                      deadline);
  if (!space.has_value()) return state;
  const Rows& answer = space->front();
  if (answer.count() == 1 && !answer.IsNull(0, 0)) {
    state.disk = Disk{.free_byte_count = answer.Integer(0, 0), .byte_count = answer.Integer(0, 1)};
  }
  return state;
}

Result<std::vector<HealthWarning>> StoreHealth::Warnings(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const ServerState state, State(deadline));
  return WarningsOf(state);
}

}  // namespace datastorage::postgres
