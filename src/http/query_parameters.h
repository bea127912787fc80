// QueryParameters: reads the query of a request and collects all that is wrong with it, so that a
// client learns of every mistake at once. What nobody took in the end is an unknown parameter.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/problem.h"

namespace datastorage::http {

// Percent-decodes; `plus_is_space` as in a query. nullopt: a bad escape, or not UTF-8, or U+0000.
std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space);
// Escapes all but the unreserved characters of RFC 3986.
std::string PercentEncode(std::string_view text);

class QueryParameters {
 public:
  explicit QueryParameters(std::string_view query);

  // Each takes the parameter; nullopt when it is absent or (then reported) bad.
  std::optional<std::string> Take(std::string_view name);  // Given twice: reported.
  std::vector<std::string> TakeAll(std::string_view name);
  std::optional<std::int64_t> TakeInteger(std::string_view name,
                                          std::int64_t min,
                                          std::int64_t max);
  std::optional<double> TakeNumber(std::string_view name, double min, double max);
  bool TakeFlag(std::string_view name);  // "true", "false", or no value for true.
  // A list joined by commas, such as `fields`.
  std::vector<std::string> TakeList(std::string_view name);

  // As sent, but for the parameters named; for links to the next page.
  std::string QueryWithout(std::initializer_list<std::string_view> names) const;

  void Refuse(std::string_view name,
              std::string code,
              std::string message,
              std::optional<int> position = std::nullopt);
  bool has_errors() const { return !errors_.empty(); }
  // All errors, the parameters that nobody took among them. Call it last.
  std::vector<ProblemError> Finish();

 private:
  struct Entry {
    std::string name;
    std::string value;
    std::string raw;
    bool is_taken = false;
  };

  std::vector<Entry> entries_;
  std::vector<ProblemError> errors_;
};

}  // namespace datastorage::http
