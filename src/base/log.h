// Structured logs: one JSON object a line on standard error. Text of records, queries and
// secrets never goes into a field.
//
// Threads: all functions may be called concurrently.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace datastorage {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };
std::optional<LogLevel> ParseLogLevel(
    std::string_view name);  // "debug", "info", "warning", "error"
void SetLogLevel(LogLevel level);

struct LogField {
  std::string_view name;
  std::variant<std::string_view, std::int64_t, double, bool> value;
};

// `event` is a constant phrase such as "write committed"; what varies goes into fields.
// Adds time, level, and the request and trace id of the current LogScope.
void Log(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// While it lives, lines of this thread carry these ids. Scopes nest.
class LogScope {
 public:
  LogScope(std::string request_id, std::string trace_id);
  ~LogScope();
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;

 private:
  std::string outer_request_id_;
  std::string outer_trace_id_;
};

}  // namespace datastorage
