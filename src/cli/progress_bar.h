// ProgressBar: one line on a terminal's standard error that is drawn over again.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "cli/console.h"

namespace datastorage::cli {

class ProgressBar {
 public:
  // `total` in the unit of Show's `done`; 0: not known, so only the text is shown. Draws nothing
  // where the console shows no progress.
  ProgressBar(const Console& console, std::uint64_t total, const Clock& clock = SystemClock());
  ~ProgressBar() { Clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // Draws at most ten times a second.
  void Show(std::uint64_t done, const std::string& text);
  // Takes the line away, so that other talk can be printed.
  void Clear();

 private:
  const Console& console_;
  std::uint64_t total_;
  const Clock& clock_;
  SteadyTime next_time_;
  bool is_drawn_ = false;
};

// 1234567 as "1,234,567".
std::string Grouped(std::uint64_t number);

}  // namespace datastorage::cli
