#include "sim/sim_plan.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <utility>

namespace datastorage {
namespace {

// In the order of SimPart.
constexpr std::array<std::string_view, kSimPartCount> kPartNames{
    "strict_creations", "default_creations", "patches",
    "erasures",         "searches",          "moves",
    "reconciles",       "vector_stops",      "restarts",
    "power_cuts",       "lost_vectors",      "record_stops",
    "unavailable",      "lost_requests",     "lost_answers",
    "delays",           "repetitions",       "slowness",
    "interleaving",     "embedder_faults"};

struct Count {
  std::string_view name;
  int SimPlan::*member;
  int least;
};
constexpr std::array kCounts{Count{"clients", &SimPlan::client_count, 1},
                             Count{"operations", &SimPlan::operation_count, 1},
                             Count{"replicas", &SimPlan::replica_count, 1},
                             Count{"crashes", &SimPlan::crash_count_max, 0},
                             Count{"troubles", &SimPlan::trouble_count_max, 0}};

std::optional<SimPart> ParsePart(std::string_view name) {
  const auto found = std::find(kPartNames.begin(), kPartNames.end(), name);
  if (found == kPartNames.end()) return std::nullopt;
  return static_cast<SimPart>(found - kPartNames.begin());
}

bool ReadCount(std::string_view name, std::string_view value, SimPlan& plan) {
  for (const Count& count : kCounts) {
    if (count.name != name) continue;
    int& number = plan.*count.member;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    return error == std::errc() && end == value.data() + value.size() && number >= count.least;
  }
  return false;
}

bool ReadWithout(const std::string& value, SimPlan& plan) {
  std::istringstream names(value);
  for (std::string name; std::getline(names, name, ',');) {
    const std::optional<SimPart> part = ParsePart(name);
    if (!part.has_value()) return false;
    plan.without.insert(*part);
  }
  return true;
}

}  // namespace

SimFaults SimPlan::Limit(SimFaults faults) const {
  const std::array<std::pair<SimPart, int*>, 7> kinds{
      {{SimPart::kUnavailable, &faults.unavailable},
       {SimPart::kRequestsLost, &faults.request_lost},
       {SimPart::kAnswersLost, &faults.answer_lost},
       {SimPart::kDelays, &faults.delayed},
       {SimPart::kRepetitions, &faults.repeated},
       {SimPart::kSlowness, &faults.slow},
       {SimPart::kInterleaving, &faults.interleaved}}};
  for (const auto& [part, chance] : kinds) {
    if (!Has(part)) *chance = 0;
  }
  return faults;
}

int SimPlan::Size() const {
  const int parts = kSimPartCount - static_cast<int>(without.size());
  return client_count * operation_count + replica_count + crash_count_max + trouble_count_max +
         parts;
}

std::vector<SimPlan> SimPlan::Smaller() const {
  std::vector<SimPlan> smaller;
  for (const Count& count : kCounts) {
    const int now = this->*count.member;
    for (const int next : {count.least, (now + count.least) / 2, now - 1}) {
      if (next < count.least || next >= now) continue;
      smaller.push_back(*this);
      smaller.back().*count.member = next;
    }
  }
  for (int i = 0; i < kSimPartCount; ++i) {
    const auto part = static_cast<SimPart>(i);
    if (!Has(part)) continue;
    smaller.push_back(*this);
    smaller.back().without.insert(part);
  }
  std::sort(smaller.begin(), smaller.end(), [](const SimPlan& a, const SimPlan& b) {
    return std::pair(a.Size(), a.ToString()) < std::pair(b.Size(), b.ToString());
  });
  const auto last = std::unique(smaller.begin(), smaller.end());
  smaller.erase(last, smaller.end());
  return smaller;
}

std::string SimPlan::ToString() const {
  std::string text;
  for (const Count& count : kCounts) {
    if (!text.empty()) text += ' ';
    text += std::string(count.name) + "=" + std::to_string(this->*count.member);
  }
  char before = '=';
  if (!without.empty()) text += " without";
  for (const SimPart part : without) {
    text += std::exchange(before, ',') + std::string(kPartNames[static_cast<std::size_t>(part)]);
  }
  return text;
}

std::optional<SimPlan> SimPlan::Parse(std::string_view text) {
  SimPlan plan;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) return std::nullopt;
    const std::string name = word.substr(0, equals);
    const std::string value = word.substr(equals + 1);
    if (!(name == "without" ? ReadWithout(value, plan) : ReadCount(name, value, plan))) {
      return std::nullopt;
    }
  }
  return plan;
}

}  // namespace datastorage
