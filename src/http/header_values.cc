#include "http/header_values.h"

#include <algorithm>
#include <charconv>

#include "base/limits.h"
#include "base/uuid.h"

namespace datastorage::http {
namespace {

constexpr std::size_t kRequestIdByteCountMax = 128;

std::string_view Trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// The parts between separators that are not inside quotes, trimmed; empty ones left out.
std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  bool is_quoted = false;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    const bool is_end = i == text.size() || (text[i] == separator && !is_quoted);
    if (!is_end) {
      if (text[i] == '"') is_quoted = !is_quoted;
      continue;
    }
    const std::string_view part = Trimmed(text.substr(begin, i - begin));
    if (!part.empty()) parts.push_back(part);
    begin = i + 1;
  }
  return parts;
}

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
}

bool IsLowerHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
  });
}

char StateLetter(VectorState state) {
  switch (state) {
    case VectorState::kNone: return 'n';
    case VectorState::kPending: return 'p';
    case VectorState::kSynced: return 's';
  }
  return 'n';
}

// The version part of one of our tags.
std::optional<std::int64_t> VersionOf(std::string_view tag) {
  if (tag.size() < 2 || tag.front() != '"' || tag.back() != '"') return std::nullopt;
  tag = tag.substr(1, tag.size() - 2);
  // What we never wrote names no version, although it can be read as a number.
  if (tag.empty() || tag.front() < '1' || tag.front() > '9') return std::nullopt;
  std::int64_t version = 0;
  const auto parsed = std::from_chars(tag.data(), tag.data() + tag.size(), version);
  if (parsed.ec != std::errc()) return std::nullopt;
  const std::string_view rest(parsed.ptr,
                              static_cast<std::size_t>(tag.data() + tag.size() - parsed.ptr));
  const bool is_ours = rest.empty() || rest == ".p" || rest == ".s" || rest == ".n";
  return is_ours ? std::optional(version) : std::nullopt;
}

std::string RandomHex(std::size_t digit_count) {
  std::string text = SystemUuidSource().MakeVersion4().ToString();
  std::erase(text, '-');
  return text.substr(0, digit_count);
}

// "q=0" refuses; every other weight accepts.
bool IsRefusedByWeight(const std::vector<std::string_view>& parts) {
  for (std::size_t i = 1; i < parts.size(); ++i) {
    const std::string parameter = ToLower(parts[i]);
    if (!parameter.starts_with("q=")) continue;
    return parameter.find_first_not_of("0.", 2) == std::string::npos;
  }
  return false;
}

}  // namespace

std::string EntityTag(const Record& record) {
  return "\"" + std::to_string(record.version) + "." + StateLetter(record.vector) + "\"";
}

bool IsUnchanged(const Request& request, const Record& record) {
  const std::string value = request.Joined("if-none-match");
  const std::string current = EntityTag(record);
  for (std::string_view tag : Split(value, ',')) {
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag == "*" || tag == current) return true;
  }
  return false;
}

std::optional<VersionCondition> IfMatch(const Request& request) {
  if (request.CountOf("if-match") == 0) return std::nullopt;
  VersionCondition condition;
  const std::string value = request.Joined("if-match");
  for (const std::string_view tag : Split(value, ',')) {
    if (tag == "*") condition.is_any = true;
    if (const auto version = VersionOf(tag); version.has_value()) {
      condition.versions.push_back(*version);
    }
  }
  return condition;
}

Preferences PreferencesOf(const Request& request) {
  Preferences preferences;
  const std::string value = request.Joined("prefer");
  for (const std::string_view part : Split(value, ',')) {
    std::string preference = ToLower(part);
    std::erase(preference, ' ');
    std::erase(preference, '"');
    if (preference == "return=minimal") preferences.wants_minimal = true;
    if (preference == "write=strict") preferences.mode = WriteMode::kStrict;
    if (preference == "write=default") preferences.mode = WriteMode::kDefault;
  }
  return preferences;
}

std::string IdempotencyKeyDefect(std::string_view key) {
  if (key.empty() || key.size() > limits::kIdempotencyKeyByteCountMax) {
    return "must have 1 to " + std::to_string(limits::kIdempotencyKeyByteCountMax) + " characters";
  }
  return IsVisibleAscii(key) ? "" : "must be visible ASCII characters";
}

std::optional<std::string> IdempotencyKeyOf(const Request& request,
                                            std::vector<ProblemError>& errors) {
  const std::string* key = request.Find("idempotency-key");
  if (key == nullptr) return std::nullopt;
  ProblemError error;
  error.header = "Idempotency-Key";
  if (request.CountOf("idempotency-key") > 1) {
    error.code = "repeated";
    error.message = "may be given once only";
  } else if (std::string defect = IdempotencyKeyDefect(*key); !defect.empty()) {
    error.code = "bad_key";
    error.message = std::move(defect);
  } else {
    return *key;
  }
  errors.push_back(std::move(error));
  return std::nullopt;
}

std::string MediaTypeOf(const Request& request) {
  const std::string* value = request.Find("content-type");
  if (value == nullptr) return {};
  if (request.CountOf("content-type") > 1) return "?";
  const std::vector<std::string_view> parts = Split(*value, ';');
  for (std::size_t i = 1; i < parts.size(); ++i) {
    std::string parameter = ToLower(parts[i]);
    std::erase(parameter, '"');
    if (parameter.starts_with("charset=") && parameter != "charset=utf-8") return "?";
  }
  return parts.empty() ? std::string() : ToLower(parts.front());
}

bool Accepts(const Request& request, std::string_view media_type) {
  if (request.CountOf("accept") == 0) return true;
  const std::string value = request.Joined("accept");
  const std::string whole_type = std::string(media_type.substr(0, media_type.find('/'))) + "/*";
  bool is_accepted = false;
  std::size_t best = 0;  // The most specific range decides.
  for (const std::string_view range : Split(value, ',')) {
    const std::vector<std::string_view> parts = Split(range, ';');
    const std::string name = ToLower(parts.front());
    const std::size_t rank = name == media_type   ? 3
                             : name == whole_type ? 2
                             : name == "*/*"      ? 1
                                                  : 0;
    if (rank == 0 || rank < best) continue;
    best = rank;
    is_accepted = !IsRefusedByWeight(parts);
  }
  return is_accepted;
}

std::optional<TraceParent> ParseTraceParent(std::string_view text) {
  // version-trace-span-flags; later versions may append more.
  if (text.size() < 55 || (text.size() > 55 && (text.starts_with("00") || text[55] != '-'))) {
    return std::nullopt;
  }
  if (text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const std::string_view trace_id = text.substr(3, 32);
  const std::string_view span_id = text.substr(36, 16);
  const std::string_view flags = text.substr(53, 2);
  const bool is_hex = IsLowerHex(text.substr(0, 2)) && IsLowerHex(trace_id) &&
                      IsLowerHex(span_id) && IsLowerHex(flags);
  const bool is_zero = trace_id.find_first_not_of('0') == std::string_view::npos ||
                       span_id.find_first_not_of('0') == std::string_view::npos;
  if (!is_hex || is_zero || text.starts_with("ff")) return std::nullopt;
  return TraceParent{std::string(trace_id), std::string(flags)};
}

std::string MakeTraceParent(std::string_view trace_id, std::string_view flags) {
  std::string text = "00-";
  text += trace_id;
  text += "-" + RandomHex(16) + "-";
  text += flags;
  return text;
}

std::string MakeTraceId() {
  return RandomHex(32);
}

std::string RequestIdOf(const Request& request) {
  const std::string* given = request.Find("x-request-id");
  const bool is_sane = given != nullptr && !given->empty() &&
                       given->size() <= kRequestIdByteCountMax && IsVisibleAscii(*given);
  return is_sane ? *given : SystemUuidSource().MakeVersion7().ToString();
}

}  // namespace datastorage::http
