#include "cli/record_view.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/table.h"
#include "cli/text.h"

namespace datastorage::cli {
namespace {

using schema::Json;
using schema::JsonType;

constexpr std::size_t kSummaryLineCountMax = 3;
constexpr std::size_t kMemberLineCountMax = 10'000;

std::string ScalarText(const Json& json) {
  switch (json.type) {
    case JsonType::kString:
    case JsonType::kNumber: return json.text;
    case JsonType::kBoolean: return json.boolean ? "true" : "false";
    case JsonType::kNull: return {};
    case JsonType::kArray:
    case JsonType::kObject: return schema::ToText(json);
  }
  return {};
}

// "2026-03-01T00:02:18.727Z" as "2026-03-01 00:02:18": UTC, like all times here.
std::string ShortTime(const std::string& time) {
  constexpr std::size_t kSecondsEnd = 19;
  if (time.size() < kSecondsEnd || time[10] != 'T') return time;
  std::string text = time.substr(0, kSecondsEnd);
  text[10] = ' ';
  return text;
}

// The parts that are there, joined by a slash, such as "completed/success".
std::string Joined(const Json& record, std::string_view first, std::string_view second) {
  const std::string a = TextOf(record, first);
  const std::string b = TextOf(record, second);
  return a.empty() || b.empty() ? a + b : a + "/" + b;
}

struct Shown {
  std::string text;
  Tone tone = Tone::kPlain;
};

// How a record of any kind went, in one word or two.
Shown OutcomeOf(const Json& record) {
  if (const Json* success = record.Find("success")) {
    return success->boolean ? Shown{"success", Tone::kGood} : Shown{"failure", Tone::kBad};
  }
  Shown shown{Joined(record, "phase", "status")};
  if (shown.text.ends_with("success")) shown.tone = Tone::kGood;
  if (shown.text.find("fail") != std::string::npos) shown.tone = Tone::kBad;
  if (shown.text.empty()) shown.text = TextOf(record, "confidence_score");
  return shown;
}

std::string FirstOf(const Json& record, std::initializer_list<std::string_view> members) {
  for (const std::string_view member : members) {
    std::string text = TextOf(record, member);
    if (!text.empty()) return text;
  }
  return {};
}

// What was acted on, or else the key that the kind goes by.
std::string TargetOf(const Json& record) {
  return FirstOf(record, {"target_resource", "workflow_id", "analysis_id"});
}

std::string PlaceOf(const Json& record) {
  return FirstOf(record, {"namespace", "cluster_name"});
}

std::string ActionOf(const Json& record) {
  std::string action = TextOf(record, "action_type");
  return action.empty() ? Joined(record, "provider", "model") : action;
}

// Three decimals: what a cosine of short texts can tell apart.
std::string Rounded(const Json* number) {
  const std::optional<double> value = number == nullptr ? std::nullopt : number->AsDouble();
  if (!value) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f", *value);
  return text.data();
}

Cell Plain(std::string_view text) {
  return {OneLine(text)};
}

Row HitRow(const Json& hit, const Json& record, bool has_similarity) {
  const Shown outcome = OutcomeOf(record);
  Row row;
  row.cells = {{Rounded(hit.Find(has_similarity ? "similarity" : "score")), Tone::kBold},
               Plain(TextOf(hit, "kind")),
               {OneLine(outcome.text), outcome.tone},
               Plain(ActionOf(record)),
               Plain(TargetOf(record)),
               Plain(PlaceOf(record))};
  return row;
}

void AddSummary(const Console& console, const Json& record, std::size_t indent, Row& row) {
  const std::string summary =
      OneLine(FirstOf(record, {"summary", "root_cause", "recommendation", "error_message"}));
  const std::size_t width = console.width > indent + 20 ? console.width - indent : 20;
  for (std::string& line : Wrap(summary, width, kSummaryLineCountMax)) {
    row.below.push_back({std::move(line)});
  }
  row.below.push_back({OneLine(TextOf(record, "id")), Tone::kDim});
}

void PrintCompleteness(const Console& console, const Json& answer, std::size_t hit_count) {
  console.err << hit_count << (hit_count == 1 ? " hit" : " hits");
  if (TextOf(answer, "completeness") == "approximate") console.err << ", approximate";
  const std::string model = TextOf(answer, "model");
  if (!model.empty()) console.err << ", model " << OneLine(model);
  console.err << "\n";
  const Json* degraded = answer.Find("degraded");
  if (degraded == nullptr) return;
  for (const Json& reason : degraded->elements) {
    const std::string count = TextOf(reason, "count");
    console.err << "note: degraded: " << OneLine(TextOf(reason, "code"))
                << (count.empty() ? "" : " (" + OneLine(count) + ")") << "\n";
  }
}

}  // namespace

std::string TextOf(const Json& record, std::string_view member) {
  const Json* found = record.Find(member);
  return found == nullptr ? std::string() : ScalarText(*found);
}

void PrintRecords(const Console& console, const std::vector<Json>& records) {
  const std::vector<Column> columns = {{"ID"},
                                       {"CREATED (UTC)"},
                                       {"STATUS"},
                                       {"ACTION", true},
                                       {"TARGET", true},
                                       {"NAMESPACE", true}};
  std::vector<Row> rows;
  for (const Json& record : records) {
    const Shown outcome = OutcomeOf(record);
    Row row;
    row.cells = {Plain(TextOf(record, "id")),
                 Plain(ShortTime(TextOf(record, "created_at"))),
                 {OneLine(outcome.text), outcome.tone},
                 Plain(ActionOf(record)),
                 Plain(TargetOf(record)),
                 Plain(PlaceOf(record))};
    rows.push_back(std::move(row));
  }
  PrintTable(console, columns, rows);
}

void PrintRecord(const Console& console, const Json& record) {
  std::size_t name_width = 0;
  for (const auto& [name, value] : record.members) {
    name_width = std::max(name_width, DisplayWidth(name));
  }
  const std::size_t indent = name_width + 2;
  const std::size_t width = console.width > indent + 20 ? console.width - indent : 20;
  for (const auto& [name, value] : record.members) {
    console.out << Toned(console, Tone::kBold, PadRight(name, indent));
    const std::string text = Lines(ScalarText(value));
    bool is_first = true;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      std::vector<std::string> lines =
          Wrap(std::string_view(text).substr(begin, end - begin), width, kMemberLineCountMax);
      if (lines.empty()) lines.emplace_back();
      for (const std::string& line : lines) {
        console.out << (is_first ? "" : std::string(indent, ' ')) << line << "\n";
        is_first = false;
      }
      begin = end + 1;
    }
  }
}

void PrintHits(const Console& console, const Json& answer) {
  const Json* found = answer.Find("hits");
  const std::vector<Json> hits = found == nullptr ? std::vector<Json>() : found->elements;
  const bool has_similarity = std::ranges::any_of(hits, [](const Json& hit) {
    const Json* similarity = hit.Find("similarity");
    return similarity != nullptr && similarity->type == JsonType::kNumber;
  });
  const std::vector<Column> columns = {{has_similarity ? "SIMILARITY" : "SCORE"},
                                       {"KIND"},
                                       {"STATUS"},
                                       {"ACTION", true},
                                       {"TARGET", true},
                                       {"NAMESPACE", true}};
  std::vector<Row> rows;
  for (const Json& hit : hits) {
    const Json* record = hit.Find("record");
    if (record != nullptr) rows.push_back(HitRow(hit, *record, has_similarity));
  }
  const std::size_t indent = IndentOf(columns, rows);
  std::size_t index = 0;
  for (const Json& hit : hits) {
    const Json* record = hit.Find("record");
    if (record != nullptr) AddSummary(console, *record, indent, rows[index++]);
  }
  if (!rows.empty()) PrintTable(console, columns, rows);
  PrintCompleteness(console, answer, hits.size());
}

}  // namespace datastorage::cli
