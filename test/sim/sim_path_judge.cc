// What SimPaths says in the end of what it wrote down.
#include "sim/sim_paths.h"

namespace datastorage {
namespace {

using test::ProtocolEvent;
using Kind = test::ProtocolEventKind;

// What T0 meant to commit is told only later, by what was sent and by T1'.
void FillInIntents(std::vector<ProtocolEvent>& events) {
  for (std::size_t i = 0; i < events.size(); ++i) {
    ProtocolEvent& begun = events[i];
    if (begun.kind != Kind::kBeginIntent && begun.kind != Kind::kBackfillIntent) continue;
    for (std::size_t later = events.size(); later-- > i + 1;) {
      const ProtocolEvent& event = events[later];
      if (event.stamp != begun.stamp) continue;
      if (event.kind == Kind::kSendVector && begun.text == 0) begun.content = event.content;
      if (event.kind != Kind::kConsumeIntent) continue;
      begun.content = event.content;
      begun.text = event.text;
    }
  }
}

}  // namespace

void SimPathTally::Add(const SimPathTally& other) {
  event_count += other.event_count;
  path_count += other.path_count;
  cut_count += other.cut_count;
  judged_count += other.judged_count;
  whole_count += other.whole_count;
  skipped_count += other.skipped_count;
}

std::string SimPathTally::Table() const {
  return "histories that are paths of the write model: " + std::to_string(judged_count) +
         " accepted, " + std::to_string(whole_count) + " of them whole, " +
         std::to_string(skipped_count) + " skipped; " + std::to_string(path_count) +
         " paths of one record in one set, " + std::to_string(cut_count) +
         " of them up to the loss or end of the index, " + std::to_string(event_count) +
         " events\n";
}

std::string SimPaths::Judge(bool is_finished, SimPathTally& tally) {
  for (auto& [place, path] : paths_) {
    FillInIntents(path.events);
    const auto refusal = test::RefusalOf(path.events, is_finished && !path.is_cut, path.set);
    if (refusal.has_value()) {
      std::string events;
      for (const ProtocolEvent& event : path.events) events += "\n  " + ToString(event);
      return "record " + place.second.ToString() + " in " + place.first + ": " + *refusal + events;
    }
    ++tally.path_count;
    tally.cut_count += path.is_cut ? 1 : 0;
    tally.event_count += static_cast<std::int64_t>(path.events.size());
  }
  ++tally.judged_count;
  if (!has_lost_points_) ++tally.whole_count;
  return "";
}

}  // namespace datastorage
