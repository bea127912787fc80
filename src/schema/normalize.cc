#include "schema/normalize.h"

#include <algorithm>

#include "schema/text.h"

namespace datastorage::schema {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
bool IsLower(char c) {
  return c >= 'a' && c <= 'z';
}
bool IsWord(char c) {
  // Bytes above ASCII belong to letters.
  return IsDigit(c) || IsLower(c) || (c >= 'A' && c <= 'Z') || c == '_' || (c & '\x80') != 0;
}
bool IsHex(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool IsLabel(char c) {
  return IsDigit(c) || IsLower(c) || c == '-';
}

// k8s.io/apimachinery's SafeEncodeString: no vowels, no 0, 1, 3.
bool IsSafeEncoded(char c) {
  return std::string_view("bcdfghjklmnpqrstvwxz2456789").find(c) != std::string_view::npos;
}

template <class Is>
std::size_t RunLength(std::string_view text, Is is) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is) - text.begin());
}

std::size_t DigitCount(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), IsDigit));
}

// Whether a token of `length` at the start of `text` ends there.
bool EndsAt(std::string_view text, std::size_t length) {
  return length == text.size() || !IsWord(text[length]);
}

// The length of a prefix that has the shape of `pattern`, else 0: 'd' a digit, 'x' a hex digit,
// anything else itself.
std::size_t MatchShape(std::string_view text, std::string_view pattern) {
  if (text.size() < pattern.size()) return 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool fits = pattern[i] == 'd'   ? IsDigit(text[i])
                      : pattern[i] == 'x' ? IsHex(text[i])
                                          : text[i] == pattern[i];
    if (!fits) return 0;
  }
  return pattern.size();
}

std::size_t MatchUuid(std::string_view text) {
  const std::size_t length = MatchShape(text, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
  return length > 0 && EndsAt(text, length) ? length : 0;
}

std::size_t MatchFraction(std::string_view text) {
  if (!text.starts_with('.') && !text.starts_with(',')) return 0;
  const std::size_t digits = RunLength(text.substr(1), IsDigit);
  return digits > 0 ? 1 + digits : 0;
}

std::size_t MatchZone(std::string_view text) {
  if (text.starts_with('Z') || text.starts_with('z')) return 1;
  for (const std::string_view shape : {"+dd:dd", "-dd:dd", "+dddd", "-dddd"}) {
    const std::size_t length = MatchShape(text, shape);
    if (length > 0 && EndsAt(text, length)) return length;
  }
  return 0;
}

// "00:02:18", with a fraction and a zone if there are any.
std::size_t MatchClock(std::string_view text) {
  const std::size_t whole = MatchShape(text, "dd:dd:dd");
  if (whole == 0) return 0;
  const std::size_t exact = whole + MatchFraction(text.substr(whole));
  const std::size_t zoned = exact + MatchZone(text.substr(exact));
  for (const std::size_t length : {zoned, exact, whole}) {
    if (EndsAt(text, length)) return length;
  }
  return 0;
}

std::size_t MatchTime(std::string_view text) {
  const std::size_t date = std::max(MatchShape(text, "dddd-dd-dd"), MatchShape(text, "dddd/dd/dd"));
  if (date > 0 && date < text.size() &&
      std::string_view("Tt ").find(text[date]) != std::string_view::npos) {
    const std::size_t clock = MatchClock(text.substr(date + 1));
    if (clock > 0) return date + 1 + clock;
  }
  const std::size_t length = std::max(date, MatchClock(text));
  return length > 0 && EndsAt(text, length) ? length : 0;
}

std::size_t MatchIpv4(std::string_view text) {
  std::size_t length = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0) {
      if (!text.substr(length).starts_with('.')) return 0;
      ++length;
    }
    const std::size_t digits = RunLength(text.substr(length, 4), IsDigit);
    if (digits == 0 || digits > 3) return 0;
    if (digits == 3 && text.substr(length, 3) > "255") return 0;
    length += digits;
  }
  const std::string_view rest = text.substr(length);
  if (rest.size() > 1 && (rest[0] == ':' || rest[0] == '/') && IsDigit(rest[1])) {
    const std::size_t digits = RunLength(rest.substr(1), IsDigit);
    if (digits <= 5 && EndsAt(rest, 1 + digits)) return length + 1 + digits;
  }
  return EndsAt(text, length) ? length : 0;
}

std::size_t MatchIpv6(std::string_view text) {
  const std::size_t length =
      RunLength(text.substr(0, 40), [](char c) { return IsHex(c) || c == ':'; });
  const std::string_view run = text.substr(0, length);
  std::size_t colons = 0;
  std::size_t group = 0;
  for (const char c : run) {
    group = c == ':' ? 0 : group + 1;
    colons += c == ':' ? 1 : 0;
    if (group > 4) return 0;
  }
  const std::size_t gap = run.find("::");
  const bool is_short =
      gap != std::string_view::npos && gap == run.rfind("::") && colons < 8 && DigitCount(run) > 0;
  const bool is_whole = gap == std::string_view::npos && colons == 7 && run.front() != ':';
  if (!is_short && !is_whole) return 0;
  // "2001:db8::/32" is a network; other runs that end so are cut off.
  if (run.back() == ':' && !(run.ends_with("::") && text.substr(length).starts_with('/'))) return 0;
  return EndsAt(text, length) ? length : 0;
}

std::size_t MatchHex(std::string_view text) {
  // Shorter ones with 0x are error codes, such as 0xC0000005.
  static constexpr std::size_t kPointerDigitCountMin = 10;
  static constexpr std::size_t kDigestLengthMin = 8;
  if (text.starts_with("0x") || text.starts_with("0X")) {
    const std::size_t digits = RunLength(text.substr(2), IsHex);
    return digits >= kPointerDigitCountMin && EndsAt(text, 2 + digits) ? 2 + digits : 0;
  }
  const std::size_t length = RunLength(text, IsHex);
  const std::size_t digits = DigitCount(text.substr(0, length));
  if (length < kDigestLengthMin || digits < 2 || length - digits < 2) return 0;
  return EndsAt(text, length) ? length : 0;
}

std::size_t MatchNumber(std::string_view text) {
  static constexpr std::size_t kLongNumberDigitCountMin = 6;
  const std::size_t length = RunLength(text, IsDigit);
  return length >= kLongNumberDigitCountMin && EndsAt(text, length) ? length : 0;
}

struct Pattern {
  std::size_t (*match)(std::string_view text);
  std::string_view placeholder;
  // Not tried after these: "<hex>::1" is no address, "0.123456" no id.
  std::string_view not_after{};
};

constexpr Pattern kPatterns[] = {
    {MatchUuid, "<uuid>"},
    {MatchTime, "<time>"},
    {MatchIpv4, "<ip>"},
    {MatchIpv6, "<ip>", ">:"},
    {MatchHex, "<hex>"},
    {MatchNumber, "<n>", "."},
};

// What Kubernetes, or a tool that imitates it in hex, may have appended: no word is.
struct SuffixShape {
  std::size_t length_min;
  std::size_t length_max;
  std::size_t digit_count_min;
};

bool IsSuffix(std::string_view part, SuffixShape shape) {
  const std::size_t digits = DigitCount(part);
  return part.size() >= shape.length_min && part.size() <= shape.length_max &&
         digits >= shape.digit_count_min && digits < part.size() &&
         (std::all_of(part.begin(), part.end(), IsSafeEncoded) ||
          std::all_of(part.begin(), part.end(), IsHex));
}

bool IsPodPair(std::string_view middle, std::string_view last) {
  if (!IsSuffix(middle, {6, 10, 0}) || DigitCount(middle) + DigitCount(last) == 0) return false;
  const bool is_hex_only = !std::all_of(middle.begin(), middle.end(), IsSafeEncoded);
  if (is_hex_only && !IsSuffix(middle, {8, 10, 2})) return false;
  return last.size() == 5 && (std::all_of(last.begin(), last.end(), IsSafeEncoded) ||
                              std::all_of(last.begin(), last.end(), IsHex));
}

// The length of a pod's or ReplicaSet's name without its last generated suffix.
std::size_t LengthWithoutSuffix(std::string_view name) {
  const std::size_t last_dash = name.rfind('-');
  if (last_dash == std::string_view::npos || last_dash == 0) return name.size();
  const std::string_view last = name.substr(last_dash + 1);
  const std::size_t dash = name.rfind('-', last_dash - 1);
  if (dash != std::string_view::npos && dash > 0 &&
      IsPodPair(name.substr(dash + 1, last_dash - dash - 1), last)) {
    return dash;
  }
  // One part alone could be a word with a version, such as http2: ask for two digits.
  const bool is_pod =
      IsSuffix(last, {5, 5, 2}) && std::all_of(last.begin(), last.end(), IsSafeEncoded);
  if (is_pod || IsSuffix(last, {8, 10, 2})) return last_dash;
  return name.size();
}

std::string_view WithoutPodSuffixes(std::string_view name) {
  while (true) {
    const std::size_t length = LengthWithoutSuffix(name);
    if (length == name.size()) return name;
    name = name.substr(0, length);
  }
}

}  // namespace

std::string SingleSpaced(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool owes_space = false;
  while (!text.empty()) {
    const std::string_view character = CodePointPrefix(text, 1);
    text.remove_prefix(character.size());
    if (IsBlank(character)) {
      owes_space = !out.empty();
      continue;
    }
    if (owes_space) out += ' ';
    owes_space = false;
    out += character;
  }
  return out;
}

std::string StripPodSuffixes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    // A sentence may begin with the name.
    const bool is_capital = text.front() >= 'A' && text.front() <= 'Z';
    const bool begins_word = out.empty() || !IsWord(out.back());
    const std::size_t first = is_capital && begins_word ? 1 : 0;
    const std::size_t length = first + RunLength(text.substr(first), IsLabel);
    if (length == 0) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const std::string_view run = text.substr(0, length);
    const bool is_name =
        (is_capital || IsLower(run.front())) && begins_word && EndsAt(text, length);
    out += is_name ? WithoutPodSuffixes(run) : run;
    text.remove_prefix(length);
  }
  return out;
}

std::string ReplaceUnrepeated(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  char before = ' ';
  while (!text.empty()) {
    std::size_t length = 1;
    std::string_view replacement = text.substr(0, 1);
    for (const Pattern& pattern : kPatterns) {
      if (IsWord(before) || pattern.not_after.find(before) != std::string_view::npos) continue;
      const std::size_t matched = pattern.match(text);
      if (matched == 0) continue;
      length = matched;
      replacement = pattern.placeholder;
      break;
    }
    out += replacement;
    before = text[length - 1];
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace datastorage::schema
