// Violations: the list of what a request breaks, bounded.
#pragma once

#include <string>
#include <vector>

#include "base/limits.h"
#include "schema/validate.h"

namespace datastorage::schema {

class Violations {
 public:
  // The last one of a list that is full says that there are more.
  void Add(std::string pointer, std::string code, std::string message) {
    if (IsFull()) return;
    list_.push_back({std::move(pointer), std::move(code), std::move(message)});
    if (IsFull()) list_.back() = {"", "too_many", "further violations are not listed"};
  }
  bool IsFull() const { return list_.size() >= limits::kViolationCountMax; }
  std::size_t size() const { return list_.size(); }
  std::vector<Violation> Take() { return std::move(list_); }

 private:
  std::vector<Violation> list_;
};

}  // namespace datastorage::schema
