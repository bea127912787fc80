#include "http/batch_array.h"

#include <string>

#include "base/limits.h"

namespace datastorage::http {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kWhiteSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

// Behind the quote that ends the string which begins at `at`; the end when it never does.
std::size_t SkipString(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.size();
}

// Where the element that begins at `at` ends: at the comma or bracket behind it. npos: never, or
// nested too deep.
std::size_t EndOfElement(std::string_view text, std::size_t at) {
  int depth = 1;  // The array.
  while (at < text.size()) {
    const char c = text[at];
    if (depth == 1 && (c == ',' || c == ']')) return at;
    if (c == '"') {
      at = SkipString(text, at);
      continue;
    }
    if (c == '[' || c == '{') ++depth;
    if ((c == ']' || c == '}') && depth > 1) --depth;
    if (depth > limits::kJsonDepthMax) return std::string_view::npos;
    ++at;
  }
  return std::string_view::npos;
}

}  // namespace

Result<std::vector<std::string_view>> SplitJsonArray(std::string_view text, std::size_t count_max) {
  std::size_t at = text.find_first_not_of(kWhiteSpace);
  if (at == std::string_view::npos || text[at] != '[') {
    return InvalidArgument("the body must be a JSON array of items");
  }
  std::vector<std::string_view> elements;
  for (++at; true; ++at) {
    const std::size_t end = EndOfElement(text, at);
    const std::string number = std::to_string(elements.size());
    if (end == std::string_view::npos) {
      return InvalidArgument("item " + number + " is cut off or nested too deep");
    }
    const std::string_view element = Trimmed(text.substr(at, end - at));
    at = end;
    const bool is_last = text[end] == ']';
    const bool is_empty_array = is_last && elements.empty() && element.empty();
    if (element.empty() && !is_empty_array) return InvalidArgument("item " + number + " is empty");
    if (elements.size() == count_max && !is_empty_array) {
      return ResourceExhausted("a batch has at most " + std::to_string(count_max) + " items");
    }
    if (!is_empty_array) elements.push_back(element);
    if (is_last) break;
  }
  if (!Trimmed(text.substr(at + 1)).empty()) return InvalidArgument("text follows the array");
  return elements;
}

}  // namespace datastorage::http
