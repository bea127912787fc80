// commit_load: what a bare libpq program stores, by one of the ways of rows.h, each connection in
// a thread of its own, closed loop or at a rate. See load/stage.h for how it is started and what it
// prints. With --migrate it makes the service's tables instead, with --pgvector those of vectors
// too.
#include <CLI/CLI.hpp>
#include <atomic>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "bench/load/arrivals.h"
#include "bench/load/stage.h"
#include "bench/postgres/rows.h"
#include "postgres/connection.h"
#include "postgres/migrate.h"
#include "postgres/pgvector_schema.h"

namespace datastorage::load {
namespace {

struct Options {
  std::string conninfo;
  std::string vectors;  // Of the way "original": the other server's.
  std::string way = "single";
  bool migrates = false;
  bool has_pgvector = false;
  std::size_t connection_count = 32;
  std::size_t count = 1'000;  // Records
  std::size_t batch_size = 1;
  double rate = 0;  // Batches a second
  std::uint64_t seed = 1;
  std::uint64_t first = 0;
};

const std::map<std::string, std::function<std::unique_ptr<RowWriter>(const Options&)>> kWays{
    {"single", [](const Options& options) { return OpenSingle(options.conninfo); }},
    {"original",
     [](const Options& options) { return OpenOriginal(options.conninfo, options.vectors); }},
    {"grouped", [](const Options& options) { return OpenGrouped(options.conninfo); }},
    {"store", [](const Options& options) { return OpenStore(options.conninfo); }},
    {"empty", [](const Options& options) { return OpenEmpty(options.conninfo); }}};

void MakeTables(const Options& options) {
  const Deadline deadline = Deadline::In(std::chrono::minutes(1));
  auto owner = postgres::Connection::Open({.conninfo = options.conninfo}, deadline);
  if (!owner.has_value()) GiveUp(owner.error().message);
  const auto migrated = postgres::Migrate(**owner, postgres::AllMigrations(), "", deadline);
  if (!migrated.has_value()) GiveUp(migrated.error().message);
  if (!options.has_pgvector) return;
  const auto installed = postgres::InstallPgvector(**owner, "", deadline);
  if (!installed.has_value()) GiveUp(installed.error().message);
}

// What the threads share: the rows, and which batch is next.
struct Work {
  const Options& options;
  std::vector<DrawnRow> rows;
  std::vector<Clock::duration> arrivals;
  Clock::time_point begun;
  std::atomic<std::size_t> next{0};

  std::size_t batch_count() const {
    return (rows.size() + options.batch_size - 1) / options.batch_size;
  }
};

// One latency a record: each waits for its batch.
void StoreBatches(Work& work, RowWriter& writer, Latencies& latencies) {
  while (true) {
    const std::size_t batch = work.next++;
    if (batch >= work.batch_count()) return;
    Clock::time_point asked_at = Clock::now();
    if (!work.arrivals.empty()) {
      asked_at = work.begun + work.arrivals[batch];
      std::this_thread::sleep_until(asked_at);
    }
    const std::size_t from = batch * work.options.batch_size;
    const std::size_t count = std::min(work.options.batch_size, work.rows.size() - from);
    writer.Store(std::span(work.rows).subspan(from, count));
    for (std::size_t i = 0; i < count; ++i) latencies.Add(Clock::now() - asked_at);
  }
}

void Run(const Options& options) {
  Work work{.options = options, .rows = {}, .arrivals = {}, .begun = {}};
  work.rows.reserve(options.count);
  for (std::size_t i = 0; i < options.count; ++i) {
    work.rows.push_back(DrawRow(options.seed, options.first + i));
  }
  work.arrivals = PlanArrivals(work.batch_count(), options.rate, options.seed);
  std::vector<std::unique_ptr<RowWriter>> writers;
  for (std::size_t i = 0; i < options.connection_count; ++i) {
    writers.push_back(kWays.at(options.way)(options));
  }
  std::vector<Latencies> latencies(writers.size());
  AwaitGo();
  work.begun = Clock::now();
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < writers.size(); ++i) {
    threads.emplace_back([&, i] { StoreBatches(work, *writers[i], latencies[i]); });
  }
  for (std::thread& thread : threads) thread.join();
  const Clock::duration took = Clock::now() - work.begun;
  for (std::size_t i = 1; i < latencies.size(); ++i) latencies[0].Merge(latencies[i]);
  const Figures figures = FiguresOf(latencies[0], took);
  AwaitNod();
  Print(figures);
}

}  // namespace
}  // namespace datastorage::load

int main(int argc, char** argv) {
  using namespace datastorage::load;  // NOLINT(google-build-using-namespace): the program itself.
  Options options;
  CLI::App app("Stores records over libpq, without a service, and tells how long it took");
  app.add_option("--conninfo", options.conninfo, "For libpq")->required();
  app.add_option("--way", options.way, "single, original, grouped, store or empty")
      ->check(CLI::IsMember({"single", "original", "grouped", "store", "empty"}));
  app.add_option("--vectors", options.vectors, "For libpq: the other server of the way original");
  app.add_flag("--migrate", options.migrates, "Make the service's tables, and nothing else");
  app.add_flag("--pgvector", options.has_pgvector, "With --migrate: those of pgvector too");
  app.add_option("--connections", options.connection_count)->check(CLI::Range(1, 1'000));
  app.add_option("--count", options.count, "Records");
  app.add_option("--batch", options.batch_size, "Records a transaction")
      ->check(CLI::Range(1, 5'000));
  app.add_option("--rate", options.rate, "Transactions a second; 0 for a closed loop");
  app.add_option("--seed", options.seed);
  app.add_option("--first", options.first, "Number of the first record");
  CLI11_PARSE(app, argc, argv);
  if (options.migrates) {
    MakeTables(options);
    return 0;
  }
  Run(options);
}
