// BodyMembers: reads the members of a JSON body and collects all that is wrong with them, so that a
// client learns of every mistake at once.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/problem.h"
#include "schema/json.h"

namespace datastorage::http {

class BodyMembers {
 public:
  // REQUIRES: `body` is an object. Both outlive this.
  BodyMembers(const schema::Json& body, std::vector<ProblemError>& errors)
      : body_(body), errors_(errors) {}

  // Each takes a member: absent when it is not there, null, or (then reported) not as it must be.
  const schema::Json* Take(std::string_view name, schema::JsonType type, std::string_view must_be);
  std::optional<std::int64_t> TakeInteger(std::string_view name,
                                          std::int64_t min,
                                          std::int64_t max);
  bool TakeFlag(std::string_view name);  // False when absent.
  // One line of text that is not blank.
  std::optional<std::string> TakeLine(std::string_view name, std::size_t byte_count_max);
  // The same, reported when it is absent.
  std::optional<std::string> RequireLine(std::string_view name, std::size_t byte_count_max);

  // Reports every member that is none of these.
  void RefuseUnknown(std::span<const std::string_view> known);
  // `pointer` is a JSON Pointer into the body.
  void Refuse(std::string_view pointer,
              std::string code,
              std::string message,
              std::optional<int> position = std::nullopt);

 private:
  const schema::Json& body_;
  std::vector<ProblemError>& errors_;
};

}  // namespace datastorage::http
