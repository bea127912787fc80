#include "http/query_parameters.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/url_text.h"
#include "schema/json.h"
#include "schema/text.h"

namespace datastorage::http {
namespace {

bool IsUnreserved(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

std::optional<std::string> PercentDecode(std::string_view text, bool plus_is_space) {
  std::string spaced(text);
  if (plus_is_space) std::replace(spaced.begin(), spaced.end(), '+', ' ');
  std::optional<std::string> decoded = DecodePercent(spaced);
  if (!decoded.has_value() || decoded->find('\0') != std::string::npos) return std::nullopt;
  if (!schema::IsUtf8(*decoded)) return std::nullopt;
  return decoded;
}

std::string PercentEncode(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (IsUnreserved(c)) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(kDigits[byte >> 4U]);
    encoded.push_back(kDigits[byte & 0x0FU]);
  }
  return encoded;
}

QueryParameters::QueryParameters(std::string_view query) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    const std::string_view raw_value = part.substr(std::min(equals + 1, part.size()));
    const auto name = PercentDecode(part.substr(0, equals), true);
    const auto value = PercentDecode(raw_value, true);
    if (!name.has_value()) {
      Refuse("", "bad_encoding", "a parameter name is not percent-encoded UTF-8");
    } else if (!value.has_value()) {
      Refuse(*name, "bad_encoding", "is not percent-encoded UTF-8");
      entries_.push_back({*name, {}, std::string(part), true});
    } else {
      entries_.push_back({*name, *value, std::string(part), false});
    }
  }
}

void QueryParameters::Refuse(std::string_view name,
                             std::string code,
                             std::string message,
                             std::optional<int> position) {
  ProblemError error;
  error.parameter = name.empty() ? "?" : std::string(name);
  error.position = position;
  error.code = std::move(code);
  error.message = std::move(message);
  errors_.push_back(std::move(error));
}

std::vector<std::string> QueryParameters::TakeAll(std::string_view name) {
  std::vector<std::string> values;
  for (Entry& entry : entries_) {
    if (entry.name != name || entry.is_taken) continue;
    entry.is_taken = true;
    values.push_back(entry.value);
  }
  return values;
}

std::optional<std::string> QueryParameters::Take(std::string_view name) {
  std::vector<std::string> values = TakeAll(name);
  if (values.empty()) return std::nullopt;
  if (values.size() > 1) {
    Refuse(name, "repeated", "may be given once only");
    return std::nullopt;
  }
  return std::move(values.front());
}

std::optional<std::int64_t> QueryParameters::TakeInteger(std::string_view name,
                                                         std::int64_t min,
                                                         std::int64_t max) {
  const std::optional<std::string> text = Take(name);
  if (!text.has_value()) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, number);
  if (parsed.ec == std::errc::invalid_argument || parsed.ptr != end || text->empty()) {
    Refuse(name, "not_a_number", "must be an integer");
    return std::nullopt;
  }
  if (parsed.ec != std::errc() || number < min || number > max) {
    Refuse(
        name, "out_of_range", "must be from " + std::to_string(min) + " to " + std::to_string(max));
    return std::nullopt;
  }
  return number;
}

std::optional<double> QueryParameters::TakeNumber(std::string_view name, double min, double max) {
  const std::optional<std::string> text = Take(name);
  if (!text.has_value()) return std::nullopt;
  double number = 0;
  const char* const end = text->data() + text->size();
  const auto parsed = std::from_chars(text->data(), end, number);
  if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(number)) {
    Refuse(name, "not_a_number", "must be a number");
    return std::nullopt;
  }
  if (number < min || number > max) {
    schema::Json bounds = schema::Json::Array();
    bounds.Add(schema::Json::Number(min));
    bounds.Add(schema::Json::Number(max));
    Refuse(name, "out_of_range", "must be within " + ToText(bounds));
    return std::nullopt;
  }
  return number;
}

bool QueryParameters::TakeFlag(std::string_view name) {
  const std::optional<std::string> text = Take(name);
  if (!text.has_value() || *text == "false") return false;
  if (!text->empty() && *text != "true") Refuse(name, "not_allowed", "must be true or false");
  return true;
}

std::vector<std::string> QueryParameters::TakeList(std::string_view name) {
  std::vector<std::string> items;
  const std::optional<std::string> joined = Take(name);
  if (!joined.has_value()) return items;
  std::string_view rest = *joined;
  while (true) {
    const std::size_t end = rest.find(',');
    items.emplace_back(rest.substr(0, end));
    if (items.back().empty()) {
      Refuse(name, "blank", "holds an empty name between commas");
      return {};
    }
    if (end == std::string_view::npos) return items;
    rest.remove_prefix(end + 1);
  }
}

std::string QueryParameters::QueryWithout(std::initializer_list<std::string_view> names) const {
  std::string query;
  for (const Entry& entry : entries_) {
    if (std::find(names.begin(), names.end(), entry.name) != names.end()) continue;
    if (!query.empty()) query.push_back('&');
    query += entry.raw;
  }
  return query;
}

std::vector<ProblemError> QueryParameters::Finish() {
  for (Entry& entry : entries_) {
    if (entry.is_taken) continue;
    Refuse(entry.name, "unknown", "is not a parameter of this route");
    TakeAll(entry.name);
  }
  return std::move(errors_);
}

}  // namespace datastorage::http
