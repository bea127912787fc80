// ParseWhere: a recursive descent over
//   or    = and {"OR" and}           and  = term {["AND"] term}
//   term  = "-" term | "(" or ")" | name ":" values | name compare value | word
//   values = value | "(" value {"," value} ")"
// Wrong values are gathered; wrong syntax ends the parse, since all behind it would be a guess.
#include <algorithm>

#include "base/limits.h"
#include "schema/filter_parse.h"
#include "schema/filter_terms.h"
#include "schema/where_cursor.h"

namespace datastorage::schema {
namespace {

struct Value {
  std::string text;
  bool is_quoted = false;
  std::size_t at = 0;
};

class WhereParser {
 public:
  WhereParser(std::string_view text, bool allow_words, WallTime now)
      : cursor_(text), allow_words_(allow_words), now_(now) {}

  ParsedFilter Parse() {
    cursor_.SkipSpaces();
    if (!cursor_.IsAtEnd()) parsed_.filter = ParseOr();
    if (!cursor_.IsAtEnd()) Fail(cursor_.at(), "syntax", "there is no \"(\" for this \")\"");
    if (!has_failed_ && DepthOf(parsed_.filter) > limits::kFilterDepthMax) FailTooDeep(0);
    return std::move(parsed_);
  }

 private:
  // Errors that leave the rest readable.
  void Note(std::size_t at, std::string code, std::string message) {
    parsed_.errors.push_back({cursor_.PositionOf(at), "", std::move(code), std::move(message)});
  }
  void Fail(std::size_t at, std::string code, std::string message) {
    if (has_failed_) return;
    has_failed_ = true;
    Note(at, std::move(code), std::move(message));
    cursor_.SkipAll();
  }
  void FailTooDeep(std::size_t at) {
    Fail(at,
         "too_deep",
         "nested deeper than " + std::to_string(limits::kFilterDepthMax) + " levels");
  }
  void CountNode(std::size_t at) {
    if (++node_count_ > limits::kFilterNodeCountMax) {
      Fail(at,
           "too_many_terms",
           "more than " + std::to_string(limits::kFilterNodeCountMax) + " terms and values");
    }
  }

  Filter ParseOr() {
    std::vector<Filter> ways;
    do {
      CountNode(cursor_.at());
      ways.push_back(ParseAnd());
    } while (!has_failed_ && cursor_.Take("OR"));
    if (ways.size() > 1 && nesting_ == 0 && word_at_.has_value()) NoteMisplacedWord(*word_at_);
    return Joined(FilterOp::kOr, std::move(ways));
  }

  // Stops at ")" and "OR".
  Filter ParseAnd() {
    std::vector<Filter> terms;
    bool has_term = false;
    for (cursor_.SkipSpaces(); !cursor_.IsAtEnd(); cursor_.SkipSpaces()) {
      if (cursor_.IsAt(")") || cursor_.IsAtKeyword("OR")) break;
      const bool joins = has_term && cursor_.IsAtKeyword("AND") && cursor_.Take("AND");
      has_term = !joins;
      std::optional<Filter> term = joins ? std::nullopt : ParseTerm();
      if (term.has_value()) terms.push_back(*std::move(term));
    }
    if (!has_term) Fail(cursor_.at(), "syntax", "a term is missing here");
    return Joined(FilterOp::kAnd, std::move(terms));
  }

  // nullopt for a word, and after an error.
  std::optional<Filter> ParseTerm() {
    const std::size_t begin = cursor_.at();
    CountNode(begin);
    if (cursor_.IsAt("-") || cursor_.IsAt("(")) return ParseNested();
    if (cursor_.IsAt("\"")) {
      AddWord(ParseValue(false).text, begin);
      return std::nullopt;
    }
    const std::string_view head = cursor_.TakeUntil(" \t\r\n()\":<>");
    if (head.empty()) {
      Fail(begin, "syntax", "a member's name is missing before this");
    } else if (cursor_.IsAt(":") || cursor_.IsAt("<") || cursor_.IsAt(">")) {
      return ParseCondition(head, begin);
    } else {
      AddWord(std::string(head), begin);
    }
    return std::nullopt;
  }

  std::optional<Filter> ParseNested() {
    const std::size_t begin = cursor_.at();
    if (nesting_ >= limits::kFilterDepthMax) {
      FailTooDeep(begin);
      return std::nullopt;
    }
    ++nesting_;
    std::optional<Filter> filter;
    if (cursor_.Take("-")) {
      filter = ParseNegated(begin);
    } else {
      cursor_.Take("(");
      filter = ParseOr();
      if (!cursor_.Take(")")) Fail(begin, "syntax", "there is no \")\" for this \"(\"");
    }
    --nesting_;
    return filter;
  }

  std::optional<Filter> ParseNegated(std::size_t begin) {
    if (cursor_.IsAtEnd() || cursor_.IsAtSpace() || cursor_.IsAt(")")) {
      Fail(begin, "syntax", "a term is missing after \"-\"");
      return std::nullopt;
    }
    std::optional<Filter> term = ParseTerm();
    if (!term.has_value()) return std::nullopt;
    return Filter::Not(*std::move(term));
  }

  void AddWord(const std::string& word, std::size_t at) {
    if (has_failed_) return;
    if (!allow_words_) {
      Note(at,
           "unexpected_word",
           "\"" + word + "\" is no condition; conditions are written member:value");
    } else if (nesting_ > 0) {
      NoteMisplacedWord(at);
    } else {
      if (!word_at_.has_value()) word_at_ = at;
      if (!parsed_.words.empty()) parsed_.words += ' ';
      parsed_.words += word;
    }
  }
  void NoteMisplacedWord(std::size_t at) {
    Note(at, "unexpected_word", "words to search for cannot be excluded or stand beside OR");
  }

  std::optional<Filter> ParseCondition(std::string_view name, std::size_t begin) {
    std::string_view comparison;
    for (const std::string_view candidate : {":", ">=", "<=", ">", "<"}) {
      if (comparison.empty() && cursor_.Take(candidate)) comparison = candidate;
    }
    const std::vector<Value> values =
        comparison == ":" ? ParseValues() : std::vector<Value>{ParseValue(false)};
    if (has_failed_) return std::nullopt;
    const Result<FilterSubject> subject = ParseSubject(name);
    if (!subject.has_value()) {
      Note(begin, "unknown_member", subject.error().message);
      return std::nullopt;
    }
    if (comparison == ":") return AnyOf(*subject, values);
    return Comparison(*subject, comparison, values.front(), begin);
  }

  std::vector<Value> ParseValues() {
    const std::size_t begin = cursor_.at();
    if (!cursor_.Take("(")) return {ParseValue(false)};
    std::vector<Value> values;
    do {
      cursor_.SkipSpaces();
      CountNode(cursor_.at());
      values.push_back(ParseValue(true));
      cursor_.SkipSpaces();
    } while (cursor_.Take(","));
    if (!cursor_.Take(")")) Fail(begin, "syntax", "there is no \")\" for this \"(\"");
    return values;
  }

  Value ParseValue(bool in_list) {
    Value value{"", cursor_.IsAt("\""), cursor_.at()};
    if (value.is_quoted) {
      const std::string_view fault = cursor_.TakeQuoted(value.text);
      if (!fault.empty()) Fail(value.at, "syntax", std::string(fault));
      return value;
    }
    value.text = cursor_.TakeUntil(in_list ? " \t\r\n()," : " \t\r\n()");
    if (cursor_.IsAt("(")) Fail(cursor_.at(), "syntax", "values with brackets stand in quotes");
    if (value.text.empty()) Fail(value.at, "syntax", "a value is missing here");
    return value;
  }

  // A `*` at the end of an unquoted value; one elsewhere is an error.
  bool IsPrefix(const Value& value) {
    const std::size_t star = value.is_quoted ? std::string::npos : value.text.find('*');
    if (star == std::string::npos) return false;
    if (star + 1 < value.text.size()) {
      Note(value.at + star, "bad_value", "\"*\" stands at the end of a value, or in quotes");
    }
    return true;
  }

  std::optional<Filter> AnyOf(const FilterSubject& subject, const std::vector<Value>& values) {
    std::vector<Filter> ways;
    std::vector<MemberValue> exact;
    for (const Value& value : values) {
      if (IsPrefix(value)) {
        Result<Filter> prefix = PrefixOf(subject, value.text.substr(0, value.text.size() - 1));
        if (prefix.has_value()) {
          ways.push_back(*std::move(prefix));
        } else {
          Note(value.at, "bad_value", prefix.error().message);
        }
      } else if (!subject.member.has_value()) {
        exact.emplace_back(value.text);
      } else if (std::optional<MemberValue> parsed = Read(*subject.member, value)) {
        exact.push_back(*std::move(parsed));
      }
    }
    if (!exact.empty()) {
      Filter filter = Filter::AnyOf(subject.member.value_or(Member::kId), std::move(exact));
      if (!subject.member.has_value()) {
        filter.op = FilterOp::kPath;
        filter.text = subject.path;
      }
      ways.push_back(std::move(filter));
    }
    return Joined(FilterOp::kOr, std::move(ways));
  }

  std::optional<Filter> Comparison(const FilterSubject& subject,
                                   std::string_view comparison,
                                   const Value& value,
                                   std::size_t begin) {
    const Result<Filter> shape = RangeOf(subject, std::nullopt, std::nullopt);
    if (!shape.has_value()) {
      Note(begin, "not_comparable", shape.error().message);
      return std::nullopt;
    }
    std::optional<MemberValue> read = Read(*subject.member, value);
    if (!read.has_value()) return std::nullopt;
    const FilterBound bound{*std::move(read), comparison.size() == 2};
    if (comparison.front() == '>') return Filter::Range(*subject.member, bound, std::nullopt);
    return Filter::Range(*subject.member, std::nullopt, bound);
  }

  std::optional<MemberValue> Read(Member member, const Value& value) {
    Result<MemberValue> parsed = ParseMemberValue(member, value.text, now_);
    if (parsed.has_value()) return *std::move(parsed);
    Note(value.at, "bad_value", std::string(Describe(member).name) + " " + parsed.error().message);
    return std::nullopt;
  }

  WhereCursor cursor_;
  bool allow_words_;
  WallTime now_;
  ParsedFilter parsed_;
  int nesting_ = 0;
  int node_count_ = 0;
  bool has_failed_ = false;
  std::optional<std::size_t> word_at_;  // The first word at the top.
};

}  // namespace

ParsedFilter ParseWhere(std::string_view text, bool allow_words, WallTime now) {
  if (text.size() > limits::kQueryTextByteCountMax) {
    ParsedFilter parsed;
    parsed.errors.push_back(
        {0,
         "",
         "too_long",
         "longer than " + std::to_string(limits::kQueryTextByteCountMax) + " bytes"});
    return parsed;
  }
  return WhereParser(text, allow_words, now).Parse();
}

}  // namespace datastorage::schema
