#include "schema/metadata.h"

#include <algorithm>
#include <unordered_map>

#include "schema/decimal.h"

namespace datastorage::schema {
namespace {

int NestingOf(const Json& json) {
  int deepest = 0;
  for (const Json& element : json.elements) deepest = std::max(deepest, NestingOf(element));
  for (const auto& member : json.members) deepest = std::max(deepest, NestingOf(member.second));
  const bool is_container = json.type == JsonType::kArray || json.type == JsonType::kObject;
  return deepest + (is_container ? 1 : 0);
}

void ReadObject(const Json& json,
                const std::string& pointer,
                JsonObjectText& metadata,
                Violations& violations) {
  if (json.type != JsonType::kObject) {
    violations.Add(pointer, "wrong_type", "must be an object, or a string that holds one");
    return;
  }
  if (NestingOf(json) > limits::kMetadataDepthMax) {
    violations.Add(
        pointer,
        "too_deep",
        "must not be nested deeper than " + std::to_string(limits::kMetadataDepthMax) + " levels");
  }
  metadata.text = ToText(json);
  if (metadata.text.size() > limits::kMetadataByteCountMax) {
    violations.Add(pointer,
                   "too_large",
                   "must not be larger than " + std::to_string(limits::kMetadataByteCountMax) +
                       " bytes in compact form");
  }
}

void AppendCanonical(std::string& out, const Json& json) {
  switch (json.type) {
    case JsonType::kNumber: out += ToText(ParseDecimal(json.text)); return;
    case JsonType::kArray:
      out += '[';
      for (const Json& element : json.elements) {
        AppendCanonical(out, element);
        out += ',';
      }
      out += ']';
      return;
    case JsonType::kObject: {
      std::vector<const Json::Member*> sorted;
      sorted.reserve(json.members.size());
      for (const Json::Member& member : json.members) sorted.push_back(&member);
      std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
        return a->first < b->first;
      });
      out += '{';
      for (const Json::Member* member : sorted) {
        AppendQuoted(out, member->first);
        out += ':';
        AppendCanonical(out, member->second);
        out += ',';
      }
      out += '}';
      return;
    }
    case JsonType::kNull:
    case JsonType::kBoolean:
    case JsonType::kString: out += ToText(json); return;
  }
}

}  // namespace

void ReadMetadata(const Json& json,
                  const std::string& pointer,
                  JsonObjectText& metadata,
                  Violations& violations) {
  if (json.type != JsonType::kString) {
    ReadObject(json, pointer, metadata, violations);
    return;
  }
  const Result<ParsedJson> parsed = ParseJson(json.text);
  if (!parsed.has_value()) {
    violations.Add(pointer, "bad_json", "must hold a JSON object: " + parsed.error().message);
    return;
  }
  for (const JsonDefect& defect : parsed->defects) {
    violations.Add(pointer + defect.pointer, defect.code, defect.message);
  }
  ReadObject(parsed->value, pointer, metadata, violations);
}

Json MergePatch(Json target, const Json& patch) {
  if (patch.type != JsonType::kObject) return patch;
  if (target.type != JsonType::kObject) target = Json::Object();
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < target.members.size(); ++i) places[target.members[i].first] = i;
  std::vector<bool> is_removed(target.members.size(), false);
  for (const auto& [name, value] : patch.members) {
    const auto [place, is_new] = places.try_emplace(name, target.members.size());
    if (is_new) {
      target.Add(name, Json());
      is_removed.push_back(false);
    }
    Json& merged = target.members[place->second].second;
    is_removed[place->second] = value.type == JsonType::kNull;
    merged = MergePatch(std::move(merged), value);
  }
  Json kept = Json::Object();
  for (std::size_t i = 0; i < target.members.size(); ++i) {
    if (!is_removed[i]) kept.members.push_back(std::move(target.members[i]));
  }
  return kept;
}

std::optional<Json> ObjectInString(const Json& json) {
  if (json.type != JsonType::kString) return std::nullopt;
  Result<ParsedJson> parsed = ParseJson(json.text);
  if (!parsed.has_value() || !parsed->defects.empty()) return std::nullopt;
  if (parsed->value.type != JsonType::kObject) return std::nullopt;
  return std::move(parsed->value);
}

std::string CanonicalJson(const Json& json) {
  std::string out;
  AppendCanonical(out, json);
  return out;
}

}  // namespace datastorage::schema
