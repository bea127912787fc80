// Searches and writes of the in-process index, by number of points and by what a filter passes.
//
// Run: build/bench/scan_benchmark [--benchmark_filter=…]
// Nearest/100000/100: milliseconds a search of 100,000 points whose filter passes 100 %, for the
// best 40. Apply: points a second, one writer, new ones and updates with compaction.
#include <benchmark/benchmark.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

#include "scan/scan_index.h"

namespace datastorage {
namespace {

Embedding RandomUnit(std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  Embedding vector;
  for (float& component : vector) component = normal(random);
  Normalize(vector);
  return vector;
}

// With about as many members as a remediation has; `total_steps` is 0 … 99, evenly.
VectorWrite APoint(std::size_t number, std::mt19937_64& random) {
  VectorWrite write;
  for (std::uint8_t& byte : write.id.bytes) byte = static_cast<std::uint8_t>(random());
  write.stamp = static_cast<Stamp>(number) + 1;
  write.embedding = RandomUnit(random);
  const auto text = [&](std::size_t count) { return "value " + std::to_string(number % count); };
  const WallTime time{Duration(static_cast<std::int64_t>(number) * 1'000'000)};
  write.members.values = {{Member::kId, write.id.ToString()},
                          {Member::kKind, text(4)},
                          {Member::kVersion, std::int64_t{1}},
                          {Member::kCreatedAt, time},
                          {Member::kUpdatedAt, time},
                          {Member::kName, text(500)},
                          {Member::kNamespace, text(50)},
                          {Member::kPhase, text(5)},
                          {Member::kStatus, text(3)},
                          {Member::kStartTime, time},
                          {Member::kDuration, std::int64_t{1'000}},
                          {Member::kRemediationRequestId, text(1'000'000'000)},
                          {Member::kSeverity, text(4)},
                          {Member::kTotalSteps, static_cast<std::int64_t>(number % 100)}};
  return write;
}

std::vector<VectorWrite> ManyPoints(std::size_t count) {
  std::mt19937_64 random(1);
  std::vector<VectorWrite> writes;
  for (std::size_t i = 0; i < count; ++i) writes.push_back(APoint(i, random));
  return writes;
}

// Filled once for all benchmarks of one size.
ScanIndex& FilledIndex(std::size_t count) {
  static std::map<std::size_t, std::unique_ptr<ScanIndex>> indexes;
  std::unique_ptr<ScanIndex>& index = indexes[count];
  if (index == nullptr) {
    index = std::make_unique<ScanIndex>(ScanIndex::Options{});
    if (!index->Apply(ManyPoints(count), Deadline::Never()).has_value()) std::abort();
  }
  return *index;
}

void Nearest(benchmark::State& state) {
  ScanIndex& index = FilledIndex(static_cast<std::size_t>(state.range(0)));
  const Filter filter = state.range(1) == 100
                            ? Filter{}
                            : Filter::Range(Member::kTotalSteps,
                                            std::nullopt,
                                            FilterBound{std::int64_t{state.range(1)}, false});
  std::mt19937_64 random(2);
  const Embedding query = RandomUnit(random);
  for ([[maybe_unused]] auto unused : state) {
    const auto found = index.Nearest(query, filter, 40, Deadline::Never());
    if (!found.has_value() || found->hits.size() != 40) state.SkipWithError("a search failed");
  }
}
BENCHMARK(Nearest)->ArgsProduct({{10'000, 100'000}, {1, 10, 100}})->Unit(benchmark::kMillisecond);

// Decides a text with as many distinct values as there are points.
void NearestByUniqueText(benchmark::State& state) {
  ScanIndex& index = FilledIndex(100'000);
  const Filter filter = Filter::Equals(Member::kRemediationRequestId, std::string("value 4711"));
  std::mt19937_64 random(2);
  const Embedding query = RandomUnit(random);
  for ([[maybe_unused]] auto unused : state) {
    const auto found = index.Nearest(query, filter, 40, Deadline::Never());
    if (!found.has_value() || found->hits.size() != 1) state.SkipWithError("a search failed");
  }
}
BENCHMARK(NearestByUniqueText)->Unit(benchmark::kMillisecond);

void NearestByThreads(benchmark::State& state) {
  ScanIndex& index = FilledIndex(100'000);
  std::mt19937_64 random(static_cast<std::uint64_t>(state.thread_index()));
  const Embedding query = RandomUnit(random);
  for ([[maybe_unused]] auto unused : state) {
    if (!index.Nearest(query, {}, 40, Deadline::Never()).has_value()) std::abort();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(NearestByThreads)->Threads(1)->Threads(2)->UseRealTime()->Unit(benchmark::kMillisecond);

void ApplyNew(benchmark::State& state) {
  const std::vector<VectorWrite> writes = ManyPoints(50'000);
  for ([[maybe_unused]] auto unused : state) {
    ScanIndex index{{}};
    if (!index.Apply(writes, Deadline::Never()).has_value()) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(writes.size()));
}
BENCHMARK(ApplyNew)->Unit(benchmark::kMillisecond);

// Each pass replaces every point, and compacts about twice.
void ApplyUpdates(benchmark::State& state) {
  std::vector<VectorWrite> writes = ManyPoints(50'000);
  ScanIndex index{{}};
  if (!index.Apply(writes, Deadline::Never()).has_value()) std::abort();
  for ([[maybe_unused]] auto unused : state) {
    for (VectorWrite& write : writes) write.stamp += 100'000;
    if (!index.Apply(writes, Deadline::Never()).has_value()) std::abort();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(writes.size()));
}
BENCHMARK(ApplyUpdates)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace datastorage

BENCHMARK_MAIN();
