// What a durable creation costs in SQLite, by the number of records a transaction: rows a second
// and processor time a row. The disk decides the first, the code the second.
#include <benchmark/benchmark.h>
#include <stdlib.h>
#include <time.h>

#include <array>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "sqlite/sqlite_record_store.h"

namespace datastorage {
namespace {

constexpr const char* kSpace = "model/t1";

// A summary of about 200 characters, an error and metadata: what a controller sends.
WriteOp ACreation(std::mt19937_64& random, bool has_embedding) {
  static constexpr std::array<const char*, 8> kWords{"CrashLoopBackOff",
                                                     "deployment",
                                                     "memory",
                                                     "restarted",
                                                     "latency",
                                                     "node",
                                                     "timeout",
                                                     "disk"};
  Remediation body;
  body.name = "remediate-" + std::to_string(random() % 1'000);
  body.namespace_ = "namespace-" + std::to_string(random() % 50);
  body.phase = "completed";
  body.action_type = "restart_pod";
  body.status = "success";
  body.start_time = SystemClock().WallNow();
  body.remediation_request_id = std::to_string(random());
  body.severity = "critical";
  body.environment = "production";
  body.cluster_name = "eu-1";
  body.target_resource = "deployment/checkout";
  body.summary.emplace();
  for (int i = 0; i < 25; ++i) *body.summary += std::string(kWords[random() % 8]) + " ";
  body.error_message = "container exceeded its memory limit";
  body.metadata = JsonObjectText{R"({"team":"payments","attempt":1})"};
  CreateOp create;
  create.id = SystemUuidSource().MakeVersion7();
  create.attempt = SystemUuidSource().MakeVersion4();
  create.body = std::move(body);
  create.now = SystemClock().WallNow();
  create.text_hash = Sha256{};
  if (has_embedding) {
    SpacedEmbedding embedding{.space = kSpace};
    for (float& component : embedding.vector) component = static_cast<float>(random() % 100) - 50;
    Normalize(embedding.vector);
    create.embeddings.push_back(std::move(embedding));
  }
  return create;
}

double ThreadSeconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void Commit(benchmark::State& state) {
  const auto batch_size = static_cast<std::size_t>(state.range(0));
  std::string folder = (std::filesystem::temp_directory_path() / "benchmark-XXXXXX").string();
  DS_CHECK(mkdtemp(folder.data()) != nullptr);
  {
    auto store = SqliteRecordStore::Open({.directory = folder});
    DS_CHECK(store.has_value());
    DS_CHECK((*store)
                 ->RegisterSet({.engine = "scan",
                                .space = kSpace,
                                .projection = "",
                                .state = VectorSetState::kLive},
                               Deadline::Never())
                 .has_value());
    std::mt19937_64 random(1);
    double cpu_seconds = 0;
    for (auto _ : state) {
      state.PauseTiming();
      std::vector<WriteOp> batch;
      for (std::size_t i = 0; i < batch_size; ++i) {
        batch.push_back(ACreation(random, state.range(1) != 0));
      }
      const double before = ThreadSeconds();
      state.ResumeTiming();
      const auto outcomes = (*store)->Commit(batch, CommitMode::kEachForItself, Deadline::Never());
      DS_CHECK(outcomes.has_value());
      cpu_seconds += ThreadSeconds() - before;
    }
    const auto rows = static_cast<double>(state.iterations()) * static_cast<double>(batch_size);
    state.counters["rows/s"] = benchmark::Counter(rows, benchmark::Counter::kIsRate);
    state.counters["CPU/row"] = cpu_seconds / rows;
  }
  std::filesystem::remove_all(folder);
}

BENCHMARK(Commit)
    ->ArgNames({"batch", "embedded"})
    ->ArgsProduct({{1, 8, 32, 128}, {0, 1}})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace datastorage

BENCHMARK_MAIN();
