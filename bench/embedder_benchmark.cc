// Texts a second and processor time a text, by embedder, precision, threads and batch.
//
// Run: build/embedder_benchmark [--benchmark_filter=…]; MiniLM needs tools/fetch_model.sh first.
// items_per_second is texts a second; cpu_ms_per_text counts every thread of the process.
#include <benchmark/benchmark.h>

#include <ctime>
#include <string>
#include <vector>

#include "lexical/lexical_embedder.h"
#include "minilm/minilm_embedder.h"

namespace datastorage {
namespace {

// Like the records' summaries: between 30 and 80 tokens, all different.
std::vector<std::string> Summaries(std::size_t count) {
  const std::vector<std::string> parts = {
      "Pod payment-api was OOMKilled after the heap reached its limit of 512 MiB; ",
      "the deployment was rolled back to its previous revision and recovered. ",
      "Node worker-3 reported disk pressure because old container images were not removed; ",
      "certificate of the ingress expires in 24 hours, renewal by cert-manager failed twice. ",
      "Connection refused: dial tcp 10.0.0.12:5432, the primary database was failing over. "};
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < count; ++i) {
    std::string text = "Incident " + std::to_string(i) + ": ";
    for (std::size_t part = 0; part < 1 + i % 3; ++part) text += parts[(i + part) % parts.size()];
    texts.push_back(text);
  }
  return texts;
}

double ProcessSeconds() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void Run(benchmark::State& state, Embedder& embedder, std::size_t batch_size) {
  const std::vector<std::string> texts = Summaries(320);
  std::size_t next = 0;
  std::int64_t done_count = 0;
  const auto embed_batch = [&] {
    std::vector<std::string_view> batch;
    while (batch.size() < batch_size) batch.push_back(texts[next++ % texts.size()]);
    return embedder.Embed(batch, Deadline::Never()).has_value();
  };
  // Kernels are compiled for each length when it first comes.
  for (std::size_t i = 0; i < texts.size() / batch_size; ++i) {
    if (!embed_batch()) state.SkipWithError("the embedder failed");
  }
  const double begin = ProcessSeconds();
  for ([[maybe_unused]] auto unused : state) {
    if (!embed_batch()) state.SkipWithError("the embedder failed");
    done_count += static_cast<std::int64_t>(batch_size);
  }
  state.SetItemsProcessed(done_count);
  state.counters["cpu_ms_per_text"] =
      (ProcessSeconds() - begin) * 1e3 / static_cast<double>(done_count);
}

void MiniLm(benchmark::State& state, Precision precision) {
  auto embedder = MiniLmEmbedder::Open({.model_directory = DS_SOURCE_DIR "/.deps/minilm",
                                        .precision = precision,
                                        .thread_count = static_cast<std::size_t>(state.range(1))});
  if (!embedder.has_value()) {
    state.SkipWithError(embedder.error().message.c_str());
    return;
  }
  Run(state, **embedder, static_cast<std::size_t>(state.range(0)));
  state.SetLabel((*embedder)->Description());
}

void Lexical(benchmark::State& state) {
  LexicalEmbedder embedder;
  Run(state, embedder, static_cast<std::size_t>(state.range(0)));
}

BENCHMARK_CAPTURE(MiniLm, automatic, Precision::kAutomatic)
    ->ArgNames({"batch", "threads"})
    ->ArgsProduct({{1, 32}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(MiniLm, f32, Precision::kF32)
    ->ArgNames({"batch", "threads"})
    ->ArgsProduct({{1, 32}, {1, 2}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(Lexical)->ArgName("batch")->Arg(1)->Arg(32)->UseRealTime();

}  // namespace
}  // namespace datastorage

BENCHMARK_MAIN();
