// How a load program speaks with whoever runs it: "ready", and a line comes in; "done", and another
// comes in; then one line of JSON with the figures. Between the lines the other side reads the
// servers' processor times, with every connection open. At the end of the input it just goes on.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/load/latencies.h"

namespace datastorage::load {

void AwaitGo();
void AwaitNod();

using Figures = std::vector<std::pair<std::string, double>>;

// count, seconds, per_second, p50_ms, p95_ms, p99_ms, most_ms; and this program's processor time.
Figures FiguresOf(Latencies& latencies, Clock::duration took);

// One line of JSON.
void Print(const Figures& figures);

// Says what is wrong, and ends the program.
[[noreturn]] void GiveUp(const std::string& what);

}  // namespace datastorage::load
