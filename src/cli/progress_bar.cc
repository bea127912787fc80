#include "cli/progress_bar.h"

#include <algorithm>
#include <chrono>

#include "cli/text.h"

namespace datastorage::cli {
namespace {

constexpr std::size_t kBarWidth = 24;
constexpr std::chrono::milliseconds kInterval{100};

std::string Bar(std::uint64_t done, std::uint64_t total) {
  const std::uint64_t percent = std::min<std::uint64_t>(100, done * 100 / total);
  const std::size_t filled = static_cast<std::size_t>(percent) * kBarWidth / 100;
  std::string bar;
  for (std::size_t i = 0; i < kBarWidth; ++i) bar += i < filled ? "█" : "░";
  return bar + " " + PadLeft(std::to_string(percent), 3) + " %  ";
}

}  // namespace

ProgressBar::ProgressBar(const Console& console, std::uint64_t total, const Clock& clock)
    : console_(console), total_(total), clock_(clock), next_time_(clock.Now()) {}

void ProgressBar::Show(std::uint64_t done, const std::string& text) {
  if (!console_.shows_progress || clock_.Now() < next_time_) return;
  next_time_ = clock_.Now() + kInterval;
  const std::string line = (total_ > 0 ? Bar(done, total_) : std::string()) + text;
  console_.err << "\r\x1b[K" << CutToWidth(line, console_.width - 1) << std::flush;
  is_drawn_ = true;
}

void ProgressBar::Clear() {
  if (!is_drawn_) return;
  console_.err << "\r\x1b[K" << std::flush;
  is_drawn_ = false;
}

std::string Grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

}  // namespace datastorage::cli
