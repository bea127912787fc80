// Json: a JSON document as it was sent: member order kept, numbers as their text,
// so nothing passes through a double that the client did not mean as one.
//
// Threads: a value type.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace datastorage::schema {

enum class JsonType : std::uint8_t { kNull, kBoolean, kNumber, kString, kArray, kObject };

struct JsonMember;

struct Json {
  using Member = JsonMember;

  JsonType type = JsonType::kNull;
  bool boolean = false;
  std::string text;  // kString: its characters. kNumber: the number as sent.
  std::vector<Json> elements;
  std::vector<Member> members;

  // nullptr when absent or not an object.
  const Json* Find(std::string_view name) const;
  // The integer that a number denotes exactly, such as 11 for 11, 11.0 and 1.1e1.
  std::optional<std::int64_t> AsInteger() const;
  std::optional<double> AsDouble() const;

  static Json String(std::string_view text);
  static Json Integer(std::int64_t value);
  static Json Number(double value);
  static Json Boolean(bool value);
  static Json Array();
  static Json Object();
  // Appends to an array or object.
  void Add(Json element);
  void Add(std::string name, Json value);
};

// Not a std::pair, which would have to be complete before Json is: clang refuses that circle.
struct JsonMember {
  std::string first;
  Json second;
};

// One thing that is wrong with a document that is JSON: a duplicate member name or a U+0000.
struct JsonDefect {
  std::string pointer;  // RFC 6901.
  std::string code;     // "duplicate_member", "nul_character".
  std::string message;
};

struct ParsedJson {
  Json value;
  std::vector<JsonDefect> defects;
};

// Parses strictly: UTF-8 without BOM, no lone surrogates, no trailing bytes, no NaN, no number
// beyond a double's range, at most limits::kJsonDepthMax levels (the root is level 1).
// Errors: kInvalidArgument with the reason and the byte offset.
Result<ParsedJson> ParseJson(std::string_view bytes);

// Compact form: no white space, "/" and non-ASCII unescaped, control characters escaped.
std::string ToText(const Json& json);
void AppendQuoted(std::string& out, std::string_view text);

// RFC 6901 escaping of one reference token, such as "a~1b" for "a/b".
std::string EscapePointerToken(std::string_view token);

}  // namespace datastorage::schema
