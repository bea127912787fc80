#include "engine/tombstone_purge.h"

#include <charconv>
#include <string>

#include "base/limits.h"
#include "base/log.h"

namespace datastorage {
namespace {

constexpr std::string_view kNoteName = "tombstones";  // "<microseconds> <highest stamp>"

}  // namespace

void TombstonePurge::RunIfDue(std::span<const VectorPlace> places, Deadline deadline) {
  if (next_at_.has_value() && runtime_.Now() < *next_at_) return;
  const Result<Duration> pause = Run(places, deadline);
  if (!pause.has_value()) {
    Log(LogLevel::kWarning, "tombstones are purged later", {{"code", NameOf(pause.error().code)}});
    return;
  }
  next_at_ = runtime_.Now() + *pause;
}

// Returns for how long there is nothing to do.
Result<Duration> TombstonePurge::Run(std::span<const VectorPlace> places, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::optional<Note> note, ReadNote(deadline));
  DS_ASSIGN_OR_RETURN(const Stamp issued, store_.RaiseStamps(0, deadline));
  const Duration age = note.has_value() ? runtime_.WallNow() - note->at : Duration();
  // A store that was put back to an older state issues stamps again: their tombstones may be young.
  const bool holds = note.has_value() && age >= Duration() && issued >= note->highest_issued;
  if (holds && age < limits::kTombstoneAge) return limits::kTombstoneAge - age;
  if (holds) {
    for (const VectorPlace& place : places) Purge(place, note->highest_issued + 1, deadline);
  }
  // Not of before the question: the age begins later.
  DS_RETURN_IF_ERROR(KeepNote({runtime_.WallNow(), issued}, deadline));
  return Duration(limits::kTombstoneAge);
}

Result<std::optional<TombstonePurge::Note>> TombstonePurge::ReadNote(Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const std::string text, store_.Note(kNoteName, deadline));
  std::int64_t at = 0;
  Note note;
  const char* const end = text.data() + text.size();
  const auto time = std::from_chars(text.data(), end, at);
  if (time.ec != std::errc() || time.ptr == end || *time.ptr != ' ') return std::optional<Note>();
  const auto stamp = std::from_chars(time.ptr + 1, end, note.highest_issued);
  if (stamp.ec != std::errc() || stamp.ptr != end) return std::optional<Note>();
  note.at = WallTime(Duration(at));
  return std::optional<Note>(note);
}

Result<void> TombstonePurge::KeepNote(const Note& note, Deadline deadline) {
  return store_.KeepNote(kNoteName,
                         std::to_string(note.at.time_since_epoch().count()) + " " +
                             std::to_string(note.highest_issued),
                         deadline);
}

void TombstonePurge::Purge(const VectorPlace& place, Stamp floor, Deadline deadline) {
  const Result<std::int64_t> count = place.Ask(
      deadline, [&](VectorIndex& index) { return index.PurgeTombstones(floor, deadline); });
  if (!count.has_value()) {
    Log(LogLevel::kWarning,
        "tombstones are purged later",
        {{"set", place.set.id}, {"code", NameOf(count.error().code)}});
  } else if (*count > 0) {
    Log(LogLevel::kInfo, "tombstones purged", {{"set", place.set.id}, {"count", *count}});
  }
}

}  // namespace datastorage
