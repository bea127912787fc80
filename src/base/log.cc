// Writes each line with one write(2), so that lines of several threads never mix.
#include "base/log.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <utility>

#include "base/clock.h"

namespace datastorage {
namespace {

std::atomic<LogLevel> log_level{LogLevel::kInfo};
thread_local std::string current_request_id;
thread_local std::string current_trace_id;

std::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return "debug";
    case LogLevel::kInfo: return "info";
    case LogLevel::kWarning: return "warning";
    case LogLevel::kError: return "error";
  }
  return "error";
}

// The length of the UTF-8 sequence at the front of `text`; 0 when it is none.
std::size_t SequenceLength(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t length = lead < 0xC2   ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  const bool is_overlong = (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool is_surrogate = lead == 0xED && byte(1) >= 0xA0;
  const bool is_beyond = lead == 0xF4 && byte(1) >= 0x90;
  return is_overlong || is_surrogate || is_beyond ? 0 : length;
}

void AppendEscaped(std::string& line, unsigned char control) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "\\u%04x", static_cast<unsigned>(control));
  line += text.data();
}

// A JSON string. Bytes that are not UTF-8 become U+FFFD, so that every line stays JSON.
void AppendString(std::string& line, std::string_view text) {
  line.push_back('"');
  while (!text.empty()) {
    const auto lead = static_cast<unsigned char>(text.front());
    std::size_t length = 1;
    if (lead == '"' || lead == '\\') {
      line.push_back('\\');
      line.push_back(text.front());
    } else if (lead < 0x20 || lead == 0x7F) {
      AppendEscaped(line, lead);
    } else if (lead < 0x80) {
      line.push_back(text.front());
    } else if (const std::size_t sequence = SequenceLength(text); sequence > 0) {
      line.append(text.substr(0, sequence));
      length = sequence;
    } else {
      line += "\xEF\xBF\xBD";
    }
    text.remove_prefix(length);
  }
  line.push_back('"');
}

void AppendNumber(std::string& line, double number) {
  if (!std::isfinite(number)) {
    line += "null";
    return;
  }
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
  line.append(text.data(), end);
}

void AppendValue(std::string& line, const decltype(LogField::value)& value) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    AppendString(line, *text);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    line += std::to_string(*integer);
  } else if (const auto* number = std::get_if<double>(&value)) {
    AppendNumber(line, *number);
  } else {
    line += std::get<bool>(value) ? "true" : "false";
  }
}

void AppendField(std::string& line, std::string_view name, const decltype(LogField::value)& value) {
  line.push_back(',');
  AppendString(line, name);
  line.push_back(':');
  AppendValue(line, value);
}

// RFC 3339 in UTC, to the microsecond.
void AppendTime(std::string& line, WallTime time) {
  const auto since_epoch = time.time_since_epoch().count();
  const std::time_t seconds = static_cast<std::time_t>(since_epoch / 1'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  line.append(text.data(), length);
  std::snprintf(text.data(), text.size(), ".%06dZ", static_cast<int>(since_epoch % 1'000'000));
  line += text.data();
}

void WriteLine(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written <= 0) return;  // Nobody can be told that the log is gone.
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  for (const LogLevel level :
       {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    if (NameOf(level) == name) return level;
  }
  return std::nullopt;
}

void SetLogLevel(LogLevel level) {
  log_level.store(level, std::memory_order_relaxed);
}

void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (level < log_level.load(std::memory_order_relaxed)) return;
  std::string line = "{\"time\":\"";
  AppendTime(line, SystemClock().WallNow());
  line += "\",\"level\":\"";
  line += NameOf(level);
  line.push_back('"');
  AppendField(line, "event", event);
  for (const LogField& field : fields) AppendField(line, field.name, field.value);
  if (!current_request_id.empty())
    AppendField(line, "request_id", std::string_view(current_request_id));
  if (!current_trace_id.empty()) AppendField(line, "trace_id", std::string_view(current_trace_id));
  line += "}\n";
  WriteLine(line);
}

LogScope::LogScope(std::string request_id, std::string trace_id)
    : outer_request_id_(std::exchange(current_request_id, std::move(request_id))),
      outer_trace_id_(std::exchange(current_trace_id, std::move(trace_id))) {}

LogScope::~LogScope() {
  current_request_id = std::move(outer_request_id_);
  current_trace_id = std::move(outer_trace_id_);
}

}  // namespace datastorage
