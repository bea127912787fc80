#include "sim/fault_counts.h"

#include <algorithm>
#include <array>

namespace datastorage {
namespace {

constexpr std::array<std::string_view, 13> kNames{"reached",
                                                  "unavailable",
                                                  "request_lost",
                                                  "answer_lost",
                                                  "delayed",
                                                  "repeated",
                                                  "slow",
                                                  "interleaved",
                                                  "refused",
                                                  "crash",
                                                  "restart",
                                                  "wiped",
                                                  "put_back"};
static_assert(kNames.size() == static_cast<std::size_t>(FaultKind::kPutBack) + 1);

std::string Padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size()), ' ');
  return text + "  ";
}

}  // namespace

std::string_view NameOf(FaultKind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

void FaultCounts::Add(FaultKind kind, std::string_view step) {
  auto found = counts_.find(step);
  if (found == counts_.end()) found = counts_.emplace(step, decltype(found->second)()).first;
  ++found->second[kind];
}

void FaultCounts::Add(const FaultCounts& other) {
  for (const auto& [step, kinds] : other.counts_) {
    for (const auto& [kind, count] : kinds) counts_[step][kind] += count;
  }
}

std::uint64_t FaultCounts::Of(FaultKind kind, std::string_view step) const {
  const auto found = counts_.find(step);
  if (found == counts_.end() || !found->second.contains(kind)) return 0;
  return found->second.at(kind);
}

std::uint64_t FaultCounts::Of(FaultKind kind) const {
  std::uint64_t sum = 0;
  for (const auto& [step, kinds] : counts_) sum += Of(kind, step);
  return sum;
}

std::string FaultCounts::Table() const {
  std::size_t width = 4;
  for (const auto& [step, kinds] : counts_) width = std::max(width, step.size());
  std::string table = Padded("step", width);
  for (const std::string_view name : kNames) table += std::string(name) + "  ";
  for (const auto& [step, kinds] : counts_) {
    table += "\n" + Padded(step, width);
    for (std::size_t kind = 0; kind < kNames.size(); ++kind) {
      const auto count = Of(static_cast<FaultKind>(kind), step);
      table += Padded(std::to_string(count), kNames[kind].size());
    }
  }
  return table + "\n";
}

}  // namespace datastorage
