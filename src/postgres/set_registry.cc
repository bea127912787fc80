#include "postgres/set_registry.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/log.h"
#include "domain/records.h"
#include "postgres/queries.h"

namespace datastorage::postgres {
namespace {

constexpr VectorSetState kPreparing = VectorSetState::kPreparing;
// Commits that come while a change waits for those before it wait too, so it gives way long before
// they would give up, and tries again.
constexpr std::chrono::milliseconds kLockWait{1'000};
constexpr int kTryCountMax = 5;
constexpr std::size_t kSecretByteCount = 32;

std::vector<VectorSet> ReadSets(const Rows& rows) {
  constexpr VectorSetState kActive[] = {
      VectorSetState::kPreparing, VectorSetState::kFilling, VectorSetState::kLive};
  std::vector<VectorSet> sets;
  for (int i = 0; i < rows.count(); ++i) {
    const std::string_view state = rows.Text(i, 5);
    VectorSet& set = sets.emplace_back(VectorSet{.id = rows.Integer(i, 0),
                                                 .engine = std::string(rows.Text(i, 1)),
                                                 .space = std::string(rows.Text(i, 2)),
                                                 .projection = std::string(rows.Text(i, 3)),
                                                 .state = VectorSetState::kRetired});
    // A rule that this program does not know is kept like the careful one.
    set.pending_rule = ParsePendingRule(rows.Text(i, 4)).value_or(PendingRule::kEverySet);
    for (const VectorSetState known : kActive) {
      if (state == NameOf(known)) set.state = known;
    }
  }
  return sets;
}

bool AreAlike(const VectorSet& a, const VectorSet& b) {
  return a.engine == b.engine && a.space == b.space && a.projection == b.projection;
}

Call CallOf(Query query) {
  return {.name = NameOf(query)};
}

Call NamingSet(Query query, const VectorSet& set) {
  Call call = CallOf(query);
  call.parameters.Add(std::string_view(set.engine)).Add(std::string_view(set.space));
  call.parameters.Add(std::string_view(set.projection)).Add(NameOf(set.pending_rule));
  return call;
}

Call ChangingState(VectorSetId set, VectorSetState from, VectorSetState to) {
  Call call = CallOf(Query::kChangeSetState);
  call.parameters.Add(std::int64_t{set}).Add(NameOf(from)).Add(NameOf(to));
  return call;
}

Call RetiringLive(VectorSetId successor, VectorSetState its_state) {
  Call call = CallOf(Query::kRetireLiveSet);
  call.parameters.Add(std::int64_t{successor}).Add(NameOf(its_state));
  return call;
}

Call ReadingSetting(std::string_view setting) {
  Call call = CallOf(Query::kSetting);
  call.parameters.Add(setting);
  return call;
}

std::string SettingIn(const Rows& rows) {
  if (rows.count() == 0) return {};
  const std::span<const std::uint8_t> value = rows.Bytes(0, 0);
  return {value.begin(), value.end()};
}

}  // namespace

// What another transaction stood in the way of is tried again.
Result<std::vector<Rows>> SetRegistry::Write(std::string_view doing,
                                             const std::vector<Call>& calls,
                                             Deadline deadline) {
  for (int attempt = 1;; ++attempt) {
    Result<std::vector<Rows>> rows =
        sessions_.Write(doing, calls, Sessions::Durability::kServerCrash, deadline);
    const bool may_pass = !rows.has_value() && rows.error().code == ErrorCode::kUnavailable;
    if (!may_pass || attempt == kTryCountMax || deadline.HasPassed()) return rows;
  }
}

// While no commit is under way. Each statement sees all that was committed before it began.
Result<std::vector<Rows>> SetRegistry::WriteAlone(std::string_view doing,
                                                  const std::vector<Call>& calls,
                                                  Deadline deadline) {
  std::vector<Call> all{CallOf(Query::kLimitLockWait), CallOf(Query::kLockSetsAlone)};
  const std::size_t own_count = all.size();
  all.front().parameters.Add(std::to_string(kLockWait.count()));
  all.insert(all.end(), calls.begin(), calls.end());
  DS_ASSIGN_OR_RETURN(std::vector<Rows> rows, Write(doing, all, deadline));
  rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(own_count));
  return rows;
}

Result<std::vector<VectorSet>> SetRegistry::Sets(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(
      const Rows rows,
      sessions_.ReadOne("read the vector sets", CallOf(Query::kVectorSets), deadline));
  return ReadSets(rows);
}

Result<VectorSet> SetRegistry::RegisterSet(const VectorSet& set, Deadline deadline) {
  if (set.state == VectorSetState::kRetired) return InvalidArgument("a new set is not retired");
  const WallTime now = clock_.WallNow();
  VectorSet registered = set;
  DS_ASSIGN_OR_RETURN(registered.id, Prepare(set, now, deadline));
  DS_RETURN_IF_ERROR(Fill(registered.id, now, deadline));
  DS_RETURN_IF_ERROR(Publish(registered, deadline));
  ClearRetired(deadline);
  return registered;
}

// From now on every commit leaves its rows in the set, and finds those of its intent.
Result<VectorSetId> SetRegistry::Prepare(const VectorSet& set, WallTime now, Deadline deadline) {
  std::vector<Call> calls{NamingSet(Query::kRetirePreparedSets, set),
                          NamingSet(Query::kPrepareSet, set),
                          CallOf(Query::kBackfillIntents),
                          CallOf(Query::kVectorSets)};
  calls[2].parameters.Add(now);
  DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                      WriteAlone("prepare a vector set", calls, deadline));
  for (const VectorSet& each : ReadSets(rows.back())) {
    if (each.state == kPreparing && AreAlike(each, set)) return each.id;
  }
  return Conflict("such a vector set is registered already");
}

// A row for every record that was there before.
Result<void> SetRegistry::Fill(VectorSetId set, WallTime now, Deadline deadline) {
  constexpr std::string_view kDoing = "fill a vector set";
  Call call = CallOf(Query::kLastBackfilled);
  call.parameters.Add(std::int64_t{set});
  DS_ASSIGN_OR_RETURN(const Rows last, sessions_.ReadOne(kDoing, call, deadline));
  RecordId after = last.count() > 0 ? last.Id(0, 0) : RecordId{};
  while (true) {
    Call page = CallOf(Query::kBackfillPending);
    page.parameters.Add(std::int64_t{set}).Add(after).Add(page_count_).Add(now);
    DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows, Write(kDoing, {page}, deadline));
    if (rows.front().count() == 0) return {};
    after = rows.front().Id(0, 0);
  }
}

Result<void> SetRegistry::Publish(const VectorSet& set, Deadline deadline) {
  std::vector<Call> calls;
  if (set.state == VectorSetState::kLive) calls.push_back(RetiringLive(set.id, kPreparing));
  calls.push_back(ChangingState(set.id, kPreparing, set.state));
  DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                      WriteAlone("register a vector set", calls, deadline));
  if (rows.back().changed_count() == 1) return {};
  return Conflict("another caller registered a vector set meanwhile");
}

// Goes on with what RegisterSet began. A set that somebody else has finished or given up needs no
// rows any more.
Result<void> SetRegistry::FillPrepared(VectorSetId set, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::vector<VectorSet> sets, Sets(deadline));
  for (const VectorSet& each : sets) {
    if (each.id == set && each.state == kPreparing) return Fill(set, clock_.WallNow(), deadline);
  }
  return {};
}

Result<void> SetRegistry::ChangeSetState(VectorSetId set,
                                         VectorSetState from,
                                         VectorSetState to,
                                         Deadline deadline) {
  const bool is_way = MayBecome(from, to);
  if (is_way && from == kPreparing && to != VectorSetState::kRetired) {
    DS_RETURN_IF_ERROR(FillPrepared(set, deadline));
  }
  std::vector<Call> calls{CallOf(Query::kVectorSets)};
  if (is_way && to == VectorSetState::kLive) calls.push_back(RetiringLive(set, from));
  if (is_way) calls.push_back(ChangingState(set, from, to));
  DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                      WriteAlone("change a vector set", calls, deadline));
  const std::vector<VectorSet> before = ReadSets(rows.front());
  const auto found = std::find_if(
      before.begin(), before.end(), [&](const VectorSet& each) { return each.id == set; });
  if (found == before.end()) return NotFound("no such vector set");
  if (found->state != to && (found->state != from || !is_way)) return WrongStateOf(*found);
  ClearRetired(deadline);
  return {};
}

Result<void> SetRegistry::DropPendingOfRetired(Deadline deadline) {
  constexpr std::string_view kDoing = "clear a retired vector set";
  DS_ASSIGN_OR_RETURN(const Rows sets,
                      sessions_.ReadOne(kDoing, CallOf(Query::kRetiredSetsWithRows), deadline));
  for (int i = 0; i < sets.count(); ++i) {
    for (RecordId after{};;) {
      Call page = CallOf(Query::kDropPendingOfSet);
      page.parameters.Add(sets.Integer(i, 0)).Add(after).Add(page_count_);
      DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows, Write(kDoing, {page}, deadline));
      if (rows.front().count() == 0) break;
      after = rows.front().Id(0, 0);
    }
  }
  return {};
}

// The set is retired either way.
void SetRegistry::ClearRetired(Deadline deadline) {
  const Result<void> cleared = DropPendingOfRetired(deadline);
  if (cleared.has_value()) return;
  Log(LogLevel::kWarning,
      "pending rows of a retired vector set stay until the next change of a set",
      {{"code", NameOf(cleared.error().code)}});
}

Result<std::string> SetRegistry::Secret(std::string_view name, Deadline deadline) {
  const std::string setting = "secret " + std::string(name);
  const Call reading = ReadingSetting(setting);
  DS_ASSIGN_OR_RETURN(const Rows kept, sessions_.ReadOne("read a secret", reading, deadline));
  if (kept.count() > 0) return SettingIn(kept);
  std::array<std::uint8_t, kSecretByteCount> fresh{};
  if (getrandom(fresh.data(), fresh.size(), 0) != static_cast<ssize_t>(fresh.size())) {
    return Unavailable("the system has no random bytes");
  }
  Call keeping = CallOf(Query::kKeepSetting);
  keeping.parameters.Add(std::string_view(setting)).Add(std::span<const std::uint8_t>(fresh));
  // Another caller may have been first.
  DS_ASSIGN_OR_RETURN(const std::vector<Rows> rows,
                      Write("keep a secret", {keeping, reading}, deadline));
  return SettingIn(rows.back());
}

Result<std::string> SetRegistry::Note(std::string_view name, Deadline deadline) {
  const Call reading = ReadingSetting("note " + std::string(name));
  DS_ASSIGN_OR_RETURN(const Rows kept, sessions_.ReadOne("read a note", reading, deadline));
  return SettingIn(kept);
}

Result<void> SetRegistry::KeepNote(std::string_view name,
                                   std::string_view text,
                                   Deadline deadline) {
  Call putting = CallOf(Query::kPutSetting);
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  putting.parameters.Add("note " + std::string(name)).Add(std::span(bytes, text.size()));
  DS_RETURN_IF_ERROR(
      sessions_.Write("keep a note", {putting}, Sessions::Durability::kNothing, deadline));
  return {};
}

}  // namespace datastorage::postgres
