// WhereCursor: the characters of a filter text, read from left to right.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "schema/text.h"

namespace datastorage::schema {

class WhereCursor {
 public:
  static constexpr std::string_view kSpaces = " \t\r\n";

  explicit WhereCursor(std::string_view text) : text_(text) {}

  std::size_t at() const { return at_; }
  bool IsAtEnd() const { return at_ == text_.size(); }
  bool IsAt(std::string_view token) const { return text_.substr(at_).starts_with(token); }
  bool IsAtSpace() const {
    return !IsAtEnd() && kSpaces.find(text_[at_]) != std::string_view::npos;
  }
  // `keyword` as a word of its own.
  bool IsAtKeyword(std::string_view keyword) const {
    const std::string_view rest = text_.substr(std::min(at_ + keyword.size(), text_.size()));
    return IsAt(keyword) && rest.find_first_of(" \t\r\n()") == (rest.empty() ? rest.npos : 0);
  }
  bool Take(std::string_view token) {
    if (!IsAt(token)) return false;
    at_ += token.size();
    return true;
  }
  // Up to one of `ends`, or all.
  std::string_view TakeUntil(std::string_view ends) {
    const std::size_t begin = at_;
    at_ = std::min(text_.find_first_of(ends, at_), text_.size());
    return text_.substr(begin, at_ - begin);
  }
  void SkipSpaces() { at_ = std::min(text_.find_first_not_of(kSpaces, at_), text_.size()); }
  void SkipAll() { at_ = text_.size(); }

  // The text in quotes that begins here. What is wrong with it, or "".
  std::string_view TakeQuoted(std::string& out) {
    Take("\"");
    while (!IsAtEnd() && !IsAt("\"")) {
      if (Take("\\") && !IsAt("\"") && !IsAt("\\")) {
        return "in quotes a backslash stands before \" or \\ only";
      }
      if (!IsAtEnd()) out += text_[at_++];
    }
    return Take("\"") ? "" : "this quote is not closed";
  }

  // In code points, as people count.
  int PositionOf(std::size_t at) const {
    return static_cast<int>(CodePointCount(text_.substr(0, at)));
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace datastorage::schema
