// ParseJson: Boost.JSON's tokenizer, which is strict about UTF-8, numbers and depth, feeding
// our own tree, which keeps numbers as text and notices duplicate names.
#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <numeric>

#include "base/check.h"
#include "base/limits.h"
#include "schema/json.h"

namespace datastorage::schema {
namespace {

using ErrorCode = boost::json::error_code;
using Text = boost::json::string_view;

// A defect each is enough to refuse a document; a hostile one has a million.
constexpr std::size_t kDefectCountMax = limits::kViolationCountMax;

// What the tokenizer calls. Names, limits and signatures are Boost.JSON's.
class TreeBuilder {
 public:
  static constexpr std::size_t max_object_size = std::size_t(-1);  // NOLINT
  static constexpr std::size_t max_array_size = std::size_t(-1);   // NOLINT
  static constexpr std::size_t max_key_size = std::size_t(-1);     // NOLINT
  static constexpr std::size_t max_string_size = std::size_t(-1);  // NOLINT

  // NOLINTBEGIN(readability-identifier-naming)
  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_array_begin(ErrorCode&) { return Open(Json::Array()); }
  bool on_array_end(std::size_t, ErrorCode&) { return Close(); }
  bool on_object_begin(ErrorCode&) { return Open(Json::Object()); }
  bool on_object_end(std::size_t, ErrorCode&) {
    NoteDuplicates(open_.back());
    return Close();
  }
  bool on_string_part(Text part, std::size_t, ErrorCode&) { return Gather(part); }
  bool on_string(Text part, std::size_t, ErrorCode&) {
    Gather(part);
    if (text_.find('\0') != std::string::npos) NoteNul(Pointer());
    return Place(TakeText(JsonType::kString));
  }
  bool on_key_part(Text part, std::size_t, ErrorCode&) { return Gather(part); }
  bool on_key(Text part, std::size_t, ErrorCode&) {
    Gather(part);
    names_.push_back(std::move(text_));
    text_.clear();
    if (names_.back().find('\0') != std::string::npos) NoteNul(Pointer());
    return true;
  }
  bool on_number_part(Text part, ErrorCode&) { return Gather(part); }
  bool on_int64(std::int64_t, Text part, ErrorCode& error) { return PlaceNumber(part, error); }
  bool on_uint64(std::uint64_t, Text part, ErrorCode& error) { return PlaceNumber(part, error); }
  bool on_double(double, Text part, ErrorCode& error) { return PlaceNumber(part, error); }
  bool on_bool(bool value, ErrorCode&) { return Place(Json::Boolean(value)); }
  bool on_null(ErrorCode&) { return Place(Json()); }
  bool on_comment_part(Text, ErrorCode&) { return true; }
  bool on_comment(Text, ErrorCode&) { return true; }
  // NOLINTEND(readability-identifier-naming)

  ParsedJson Take() { return {std::move(root_), std::move(defects_)}; }

 private:
  bool Gather(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }

  Json TakeText(JsonType type) {
    Json json;
    json.type = type;
    json.text = std::move(text_);
    text_.clear();
    return json;
  }

  bool PlaceNumber(Text part, ErrorCode& error) {
    Gather(part);
    Json number = TakeText(JsonType::kNumber);
    if (!number.AsDouble().has_value()) {
      error = boost::json::error::exponent_overflow;
      return false;
    }
    return Place(std::move(number));
  }

  bool Open(Json container) {
    open_.push_back(std::move(container));
    return true;
  }

  bool Close() {
    Json closed = std::move(open_.back());
    open_.pop_back();
    return Place(std::move(closed));
  }

  bool Place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().type == JsonType::kArray) {
      open_.back().elements.push_back(std::move(value));
    } else {
      open_.back().members.emplace_back(std::move(names_.back()), std::move(value));
      names_.pop_back();
    }
    return true;
  }

  // Of the value that is being read: the open containers' names and indexes.
  std::string Pointer() const {
    std::string pointer;
    auto name = names_.begin();
    for (const Json& container : open_) {
      if (container.type == JsonType::kArray) {
        pointer += "/" + std::to_string(container.elements.size());
      } else if (name != names_.end()) {
        pointer += "/" + EscapePointerToken(*name++);
      }
    }
    return pointer;
  }

  void Note(JsonDefect defect) {
    if (defects_.size() < kDefectCountMax) defects_.push_back(std::move(defect));
  }

  void NoteNul(std::string pointer) {
    Note({std::move(pointer), "nul_character", "must not contain the character U+0000"});
  }

  // Called before the object is closed, so that Pointer() is the object's own.
  void NoteDuplicates(const Json& object) {
    const auto& members = object.members;
    if (members.size() < 2) return;
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return members[a].first < members[b].first;
    });
    for (std::size_t i = 1; i < order.size(); ++i) {
      const std::string& name = members[order[i]].first;
      if (name != members[order[i - 1]].first) continue;
      if (i >= 2 && name == members[order[i - 2]].first) continue;  // Named once, not per copy.
      Note({Pointer() + "/" + EscapePointerToken(name),
            "duplicate_member",
            "must not be given more than once"});
    }
  }

  Json root_;
  std::vector<Json> open_;
  std::vector<std::string> names_;  // Of the members being read, one per open object.
  std::string text_;                // Of the string, name or number being read.
  std::vector<JsonDefect> defects_;
};

std::string_view ReasonOf(const ErrorCode& code) {
  using boost::json::error;
  if (code == error::incomplete) return "the document is incomplete";
  if (code == error::extra_data) return "bytes follow the document";
  if (code == error::too_deep) return "it is nested deeper than 64 levels";
  if (code == error::exponent_overflow) return "a number is beyond the range of a double";
  if (code == error::illegal_leading_surrogate || code == error::illegal_trailing_surrogate) {
    return "a string holds half of a surrogate pair";
  }
  if (code == error::syntax)
    return "bad syntax, bytes that are not UTF-8, or half of a surrogate pair";
  return "bad syntax";
}
static_assert(limits::kJsonDepthMax == 64, "the reason above names the limit");

Error NotJson(std::string_view reason, std::size_t offset) {
  return InvalidArgument("the text is not JSON: " + std::string(reason) + ", at byte " +
                         std::to_string(offset));
}

}  // namespace

Result<ParsedJson> ParseJson(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) return NotJson("it begins with a byte order mark", 0);
  boost::json::parse_options options;
  options.max_depth = limits::kJsonDepthMax;
  boost::json::basic_parser<TreeBuilder> parser(options);
  ErrorCode error;
  const std::size_t used = parser.write_some(false, bytes.data(), bytes.size(), error);
  if (error) return NotJson(ReasonOf(error), used);
  if (used < bytes.size()) return NotJson(ReasonOf(boost::json::error::extra_data), used);
  DS_CHECK(parser.done());
  return parser.handler().Take();
}

}  // namespace datastorage::schema
