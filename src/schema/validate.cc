#include "schema/validate.h"

#include <algorithm>

#include "base/check.h"
#include "schema/body_reader.h"
#include "schema/metadata.h"
#include "schema/record_json.h"

namespace datastorage::schema {
namespace {

Violation NotAnObject() {
  return {"", "wrong_type", "must be an object"};
}

void ComputeDuration(Remediation& body) {
  if (body.duration.has_value() || !body.end_time.has_value()) return;
  body.duration =
      std::chrono::floor<std::chrono::milliseconds>(*body.end_time - body.start_time).count();
}
template <class Body>
void ComputeDuration(Body&) {}

template <class Body>
ParsedBody ReadCreate(const ParsedJson& document) {
  BodyReader<Body> reader(document.value, document, false);
  reader.Read();
  ParsedBody parsed;
  parsed.violations = reader.violations().Take();
  if (!parsed.violations.empty()) return parsed;
  parsed.content_hash = ContentHash(reader.body());
  ComputeDuration(reader.body());
  parsed.body = std::move(reader.body());
  return parsed;
}

// The record with the updatable members of the patch merged in; faulty ones as they were sent,
// so that the reader says what is wrong with them.
template <class Body>
Json Merged(const RecordBody& current, const Json& patch) {
  Json merged = BodyToJson(current);
  Json applicable = Json::Object();
  ForEachField<Body>([&](const auto& field) {
    const Json* value = patch.Find(field.name);
    if (value == nullptr || !field.rules.is_updatable) return;
    const bool is_metadata = !field.member.has_value();
    std::optional<Json> held = is_metadata ? ObjectInString(*value) : std::nullopt;
    applicable.Add(std::string(field.name), held.has_value() ? *std::move(held) : *value);
  });
  return MergePatch(std::move(merged), applicable);
}

void FollowEndTime(const Remediation& current, const Json& patch, Remediation& body) {
  const bool is_given = patch.Find("duration") != nullptr;
  if (body.end_time != current.end_time && !is_given) body.duration.reset();
  if (body.end_time != current.end_time || is_given) ComputeDuration(body);
}
template <class Body>
void FollowEndTime(const Body&, const Json&, Body&) {}

template <class Body>
ParsedPatch ReadPatch(const Body& current, const ParsedJson& patch) {
  const Json merged = Merged<Body>(current, patch.value);
  BodyReader<Body> reader(merged, patch, true);
  reader.Read();
  ParsedPatch parsed;
  parsed.violations = reader.violations().Take();
  if (!parsed.violations.empty()) return parsed;
  FollowEndTime(current, patch.value, reader.body());
  parsed.changes_nothing = ContentHash(reader.body()) == ContentHash(current);
  parsed.body = parsed.changes_nothing ? current : std::move(reader.body());
  return parsed;
}

// How far a phase is along its kind's way; the two ends are equally far.
int ProgressOf(std::string_view phase) {
  if (phase == "pending" || phase == "planning") return 0;
  if (phase == "processing" || phase == "executing") return 1;
  return 2;
}

std::string_view PhaseOf(const RecordBody& body) {
  if (const auto* remediation = std::get_if<Remediation>(&body)) return remediation->phase;
  if (const auto* workflow = std::get_if<Workflow>(&body)) return workflow->phase;
  return "";
}

}  // namespace

ParsedBody ParseCreate(RecordKind kind, const ParsedJson& document) {
  if (document.value.type != JsonType::kObject) return {{}, {NotAnObject()}, {}};
  return WithEmptyBody(kind, [&]<class Body>(const Body&) { return ReadCreate<Body>(document); });
}

ParsedPatch ApplyPatch(const RecordBody& current, const ParsedJson& patch) {
  if (patch.value.type != JsonType::kObject) return {{}, {NotAnObject()}, false};
  return std::visit([&](const auto& body) { return ReadPatch(body, patch); }, current);
}

bool PhaseMayFollow(const RecordBody& from, const RecordBody& to) {
  const std::string_view before = PhaseOf(from);
  const std::string_view after = PhaseOf(to);
  return before == after || ProgressOf(before) < ProgressOf(after);
}

}  // namespace datastorage::schema
