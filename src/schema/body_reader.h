// BodyReader: a record body from a JSON object, by its field table. Templates: for .cc files only.
#pragma once

#include <bitset>
#include <set>
#include <string>

#include "schema/fields.h"
#include "schema/read_value.h"

namespace datastorage::schema {

template <class Body>
class BodyReader {
 public:
  // `document` and `asked` are one for a create. For a patch, `document` is the record with the
  // patch merged in, and `asked` the patch: what may be refused is what the client sent.
  BodyReader(const Json& document, const ParsedJson& asked, bool is_patch)
      : document_(document), asked_(asked), is_patch_(is_patch) {}

  void Read() {
    ForEachField<Body>([&](const auto& field) { ReadField(field); });
    ReadForeignMembers();
  }

  Body& body() { return body_; }
  Violations& violations() { return violations_; }

 private:
  template <class Value>
  void ReadField(const Field<Body, Value>& field) {
    const std::string pointer = "/" + std::string(field.name);
    known_.insert(field.name);
    if (is_patch_ && !field.rules.is_updatable && asked_.value.Find(field.name) != nullptr) {
      violations_.Add(pointer, "not_updatable", "cannot be changed by a patch");
    }
    const std::size_t count_before = violations_.size();
    const Json* json = document_.Find(field.name);
    if (json != nullptr && json->type != JsonType::kNull) {
      ReadValue(*json, field.rules, pointer, body_.*field.value, violations_);
    } else if (field.rules.is_required) {
      violations_.Add(pointer, "required", "is required");
    }
    if (field.member.has_value() && violations_.size() == count_before) {
      is_sound_.set(static_cast<std::size_t>(*field.member));
      CheckRelations(*field.member, pointer);
    }
    for (const JsonDefect& defect : asked_.defects) {
      if (defect.pointer == pointer || defect.pointer.starts_with(pointer + "/")) Add(defect);
    }
  }

  // Called when `member` itself is sound; the members it depends on come before it.
  void CheckRelations(Member member, const std::string& pointer) {
    if constexpr (requires(Body b) { b.end_time; }) {
      if (member == Member::kEndTime && IsSound(Member::kStartTime) && body_.end_time.has_value() &&
          *body_.end_time < body_.start_time) {
        violations_.Add(pointer, "before_start", "must not be before start_time");
      }
    }
    if constexpr (requires(Body b) { b.completed_steps; }) {
      if (member == Member::kCompletedSteps && IsSound(Member::kTotalSteps) &&
          body_.completed_steps > body_.total_steps) {
        violations_.Add(pointer, "out_of_range", "must not be more than total_steps");
      }
    }
  }

  bool IsSound(Member member) const { return is_sound_.test(static_cast<std::size_t>(member)); }

  void ReadForeignMembers() {
    static const std::set<std::string_view> server_set{
        "id", "version", "created_at", "updated_at", "vector", "vector_reason"};
    std::set<std::string_view> seen;
    for (const auto& [name, value] : asked_.value.members) {
      if (violations_.IsFull()) return;
      if (known_.contains(name) || !seen.insert(name).second) continue;
      const std::string pointer = "/" + EscapePointerToken(name);
      if (server_set.contains(name)) {
        violations_.Add(pointer, "server_set", "is set by the server");
      } else {
        violations_.Add(pointer, "unknown_member", "is not a member of this kind of record");
      }
    }
    for (const JsonDefect& defect : asked_.defects) {
      const std::string_view token = std::string_view(defect.pointer).substr(1);
      if (!known_.contains(token.substr(0, token.find('/')))) Add(defect);
    }
  }

  void Add(const JsonDefect& defect) {
    violations_.Add(defect.pointer, defect.code, defect.message);
  }

  const Json& document_;
  const ParsedJson& asked_;
  bool is_patch_;
  Body body_;
  Violations violations_;
  std::set<std::string_view> known_;
  std::bitset<kMemberCount> is_sound_;
};

}  // namespace datastorage::schema
