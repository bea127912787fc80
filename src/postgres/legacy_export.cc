#include "postgres/legacy_export.h"

#include <algorithm>
#include <array>
#include <limits>

#include "embedded/ds_postgres.h"
#include "schema/validate.h"

namespace datastorage::postgres {
namespace {

using schema::Json;
using schema::JsonType;

constexpr int kPageCount = 500;
constexpr std::chrono::seconds kPageTimeout{60};

struct LegacyTable {
  RecordKind kind;
  std::string_view name;
  std::string_view sql;
};

// What others refer to comes first.
constexpr std::array kTables{
    LegacyTable{RecordKind::kRemediation, "remediation_audit", sql::postgres::k_remediation_audit},
    LegacyTable{RecordKind::kAiAnalysis, "ai_analysis_audit", sql::postgres::k_ai_analysis_audit},
    LegacyTable{RecordKind::kWorkflow, "workflow_audit", sql::postgres::k_workflow_audit},
    LegacyTable{RecordKind::kExecution, "execution_audit", sql::postgres::k_execution_audit},
};

// The original takes any text.
Json MetadataOf(std::string_view text, const Json& additions) {
  Json metadata = Json::Object();
  const auto parsed = schema::ParseJson(text);
  const bool is_sound = parsed.has_value() && parsed->defects.empty();
  const bool is_nothing = text.empty() || (is_sound && parsed->value.type == JsonType::kNull);
  const bool is_free =
      is_sound && parsed->value.type == JsonType::kObject &&
      std::none_of(additions.members.begin(), additions.members.end(), [&](const auto& member) {
        return parsed->value.Find(member.first) != nullptr;
      });
  if (is_free) {
    metadata = parsed->value;
  } else if (!is_nothing) {
    metadata.Add("legacy_metadata", Json::String(text));
  }
  for (const auto& [name, value] : additions.members) metadata.Add(name, value);
  return metadata;
}

std::string ReasonOf(const std::vector<schema::Violation>& violations) {
  std::string reason;
  for (const schema::Violation& violation : violations) {
    if (!reason.empty()) reason += "; ";
    reason += violation.pointer + " " + violation.message;
  }
  return reason;
}

Result<Rows> ReadPage(Connection& connection, const LegacyTable& table, std::int64_t after) {
  Call call{.sql = std::string(table.sql)};
  call.parameters.Add(after).Add(kPageCount);
  const std::string doing = "read " + std::string(table.name);
  Result<Rows> rows = connection.RunOne(doing, std::move(call), Deadline::In(kPageTimeout));
  if (rows.has_value()) return rows;
  const std::string_view sqlstate = connection.last_failure().sqlstate;
  // No such table, no such column.
  if (sqlstate == "42P01" || sqlstate == "42703") {
    return NotFound("the database has no " + std::string(table.name) +
                    " with the columns of the Go original");
  }
  return rows;
}

}  // namespace

LegacyLine LineOfLegacy(RecordKind kind,
                        std::string_view record,
                        std::string_view metadata,
                        std::string_view additions) {
  auto whole = schema::ParseJson(record);
  const auto added = schema::ParseJson(additions);
  // A database without an encoding may hold bytes that are no text.
  if (!whole.has_value()) return {{}, whole.error().message};
  if (!added.has_value()) return {{}, added.error().message};
  whole->value.Add("metadata", MetadataOf(metadata, added->value));
  const std::string text = schema::ToText(whole->value);
  const auto parsed = schema::ParseJson(text);
  if (!parsed.has_value()) return {{}, parsed.error().message};
  const schema::ParsedBody body = schema::ParseCreate(kind, *parsed);
  if (!body.violations.empty()) return {{}, ReasonOf(body.violations)};
  return {"{\"kind\":\"" + std::string(NameOf(kind)) + "\",\"record\":" + text + "}", {}};
}

Result<LegacyTally> ExportLegacy(Connection& connection, const LegacySink& sink) {
  LegacyTally tally;
  for (const LegacyTable& table : kTables) {
    std::int64_t after = std::numeric_limits<std::int64_t>::min();
    while (true) {
      DS_ASSIGN_OR_RETURN(const Rows rows, ReadPage(connection, table, after));
      if (rows.count() == 0) break;
      for (int row = 0; row < rows.count(); ++row) {
        after = rows.Integer(row, 0);
        const std::string_view metadata = rows.IsNull(row, 2) ? "" : rows.Text(row, 2);
        const LegacyLine line =
            LineOfLegacy(table.kind, rows.Text(row, 1), metadata, rows.Text(row, 3));
        if (!line.reason.empty()) {
          ++tally.refused_count;
          sink.on_refused(table.name, after, line.reason);
        } else if (sink.on_record(line.text)) {
          ++tally.record_count;
        } else {
          return Unavailable("the lines cannot be written");
        }
      }
    }
  }
  return tally;
}

}  // namespace datastorage::postgres
