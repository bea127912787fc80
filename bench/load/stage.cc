#include "bench/load/stage.h"

#include <sys/resource.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>

namespace datastorage::load {
namespace {

void SayAndWait(const char* word) {
  std::cout << word << std::endl;
  std::string line;
  std::getline(std::cin, line);
}

double OwnCpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double& CpuAtGo() {
  static double seconds = 0;
  return seconds;
}

}  // namespace

void AwaitGo() {
  SayAndWait("ready");
  CpuAtGo() = OwnCpuSeconds();
}

void AwaitNod() {
  SayAndWait("done");
}

Figures FiguresOf(Latencies& latencies, Clock::duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  return {{"count", static_cast<double>(latencies.count())},
          {"seconds", seconds},
          {"per_second", static_cast<double>(latencies.count()) / seconds},
          {"p50_ms", latencies.At(0.5)},
          {"p95_ms", latencies.At(0.95)},
          {"p99_ms", latencies.At(0.99)},
          {"most_ms", latencies.At(1)},
          {"load_cpu_seconds", OwnCpuSeconds() - CpuAtGo()}};
}

void Print(const Figures& figures) {
  std::string line;
  for (const auto& [name, value] : figures) {
    char number[32];
    std::snprintf(number, sizeof number, "%.9g", std::isfinite(value) ? value : 0.0);
    line += line.empty() ? "{" : ", ";
    line += '"' + name + "\": " + number;
  }
  std::cout << line << "}" << std::endl;
}

void GiveUp(const std::string& what) {
  std::cerr << "error: " << what << std::endl;
  std::_Exit(1);
}

}  // namespace datastorage::load
