// TypedLeaf: a filter's any-of, range or prefix leaf with its values taken out of their variants,
// so that deciding a row is a comparison of plain values.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "domain/filter.h"

namespace datastorage::scan {

// T: std::string_view, std::int64_t (integers, and times as microseconds since 1970), double, bool.
// Views point into the filter, which must outlive this.
template <class T>
class TypedLeaf {
 public:
  // REQUIRES: the filter's values hold the alternative for T.
  explicit TypedLeaf(const Filter& filter) : op_(filter.op), prefix_(filter.text) {
    DS_CHECK(op_ == FilterOp::kAnyOf || op_ == FilterOp::kRange ||
             (op_ == FilterOp::kPrefix && std::is_same_v<T, std::string_view>));
    for (const MemberValue& value : filter.values) values_.push_back(As(value));
    std::sort(values_.begin(), values_.end());
    if (filter.lower.has_value()) lower_ = {As(filter.lower->value), filter.lower->is_inclusive};
    if (filter.upper.has_value()) upper_ = {As(filter.upper->value), filter.upper->is_inclusive};
  }

  bool Holds(T value) const {
    if (op_ == FilterOp::kAnyOf) {
      return std::binary_search(values_.begin(), values_.end(), value);
    }
    if constexpr (std::is_same_v<T, std::string_view>) {
      if (op_ == FilterOp::kPrefix) return value.starts_with(prefix_);
    }
    if (lower_.has_value() &&
        (value < lower_->value || (!lower_->is_inclusive && value == lower_->value))) {
      return false;
    }
    return !upper_.has_value() ||
           (value <= upper_->value && (upper_->is_inclusive || value != upper_->value));
  }

 private:
  struct Bound {
    T value;
    bool is_inclusive;
  };

  static T As(const MemberValue& value) {
    if constexpr (std::is_same_v<T, std::string_view>) {
      const auto* text = std::get_if<std::string>(&value);
      DS_CHECK(text != nullptr);
      return *text;
    } else {
      if constexpr (std::is_same_v<T, std::int64_t>) {
        const auto* time = std::get_if<WallTime>(&value);
        if (time != nullptr) return time->time_since_epoch().count();
      }
      const auto* plain = std::get_if<T>(&value);
      DS_CHECK(plain != nullptr);
      return *plain;
    }
  }

  FilterOp op_;
  std::string_view prefix_;
  std::vector<T> values_;
  std::optional<Bound> lower_;
  std::optional<Bound> upper_;
};

}  // namespace datastorage::scan
