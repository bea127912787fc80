#include "support/random_records.h"

#include <array>
#include <string_view>

namespace datastorage {
namespace {

constexpr std::array<std::string_view, 16> kTexts{"",
                                                  "a",
                                                  "A",
                                                  "ab",
                                                  "ab%",
                                                  "a_b",
                                                  "web-1",
                                                  "web-12",
                                                  "web",
                                                  "it's \"quoted\"; --",
                                                  "\xC3\xA9t\xC3\xA9",
                                                  "\xC3\xA9",
                                                  "\xF4\x8F\xBF\xBF",
                                                  "\xF4\x8F\xBF\xBFz",
                                                  "line\nfeed",
                                                  "null"};

constexpr std::array<std::string_view, 10> kScalars{
    "1", "1.0", "1.50", "1e3", "-0", "true", "false", "null", R"("web")", R"("1")"};

}  // namespace

std::size_t RandomRecords::Below(std::size_t count) {
  return static_cast<std::size_t>(random_() % count);
}

std::string RandomRecords::Text() {
  return std::string(kTexts[Below(kTexts.size())]);
}

std::int64_t RandomRecords::Integer() {
  constexpr std::array<std::int64_t, 6> kIntegers{0, 1, 2, 10, 1'000, 9'007'199'254'740'991};
  return kIntegers[Below(kIntegers.size())];
}

double RandomRecords::Number() {
  constexpr std::array<double, 6> kNumbers{0, 0.1, 0.5, 0.1 + 0.2, 0.3, 1};
  return kNumbers[Below(kNumbers.size())];
}

WallTime RandomRecords::Time() {
  return WallTime(Duration(1'700'000'000'000'000 + static_cast<std::int64_t>(Below(4))));
}

std::optional<std::string> RandomRecords::MaybeText() {
  return Chance(50) ? std::optional(Text()) : std::nullopt;
}

std::optional<std::int64_t> RandomRecords::MaybeInteger() {
  return Chance(50) ? std::optional(Integer()) : std::nullopt;
}

std::optional<WallTime> RandomRecords::MaybeTime() {
  return Chance(50) ? std::optional(Time()) : std::nullopt;
}

Uuid RandomRecords::Id() {
  Uuid id;
  for (std::uint8_t& byte : id.bytes) byte = static_cast<std::uint8_t>(random_());
  return id;
}

std::string RandomRecords::MetadataValue(int depth) {
  const std::size_t form = depth < 3 ? Below(4) : 0;
  if (form == 1) {
    return R"({"team":)" + MetadataValue(depth + 1) + R"(,"x y":)" + MetadataValue(depth + 1) + "}";
  }
  if (form == 2) return "[" + MetadataValue(depth + 1) + "," + MetadataValue(depth + 1) + "]";
  return std::string(kScalars[Below(kScalars.size())]);
}

std::string RandomRecords::Metadata() {
  return R"({"team":)" + MetadataValue(0) + R"(,"owner":)" + MetadataValue(0) + "}";
}

template <class OneKind>
void RandomRecords::FillCommon(OneKind& body) {
  if (Chance(50)) body.metadata = JsonObjectText{Metadata()};
  body.summary = MaybeText();
  body.actor = MaybeText();
  if (Chance(30)) body.trace_id = "4bf92f3577b34da6a3ce929d0e0e4736";
}

RecordBody RandomRecords::Body(RecordKind kind, const std::string& natural_key) {
  if (kind == RecordKind::kRemediation) {
    Remediation body{.name = Text(),
                     .namespace_ = Text(),
                     .phase = Text(),
                     .action_type = Text(),
                     .status = Text(),
                     .start_time = Time(),
                     .end_time = MaybeTime(),
                     .duration = MaybeInteger(),
                     .remediation_request_id = natural_key,
                     .alert_fingerprint = MaybeText(),
                     .severity = MaybeText(),
                     .environment = MaybeText(),
                     .cluster_name = MaybeText(),
                     .target_resource = MaybeText(),
                     .error_message = MaybeText(),
                     .metadata = {},
                     .summary = {},
                     .trace_id = {},
                     .actor = {}};
    FillCommon(body);
    return body;
  }
  if (kind == RecordKind::kAiAnalysis) {
    AiAnalysis body;
    body.remediation_request_id = Text();
    body.analysis_id = natural_key;
    body.provider = Text();
    body.model = Text();
    if (Chance(50)) body.confidence_score = Number();
    body.tokens_used = MaybeInteger();
    body.analysis_duration = MaybeInteger();
    body.root_cause = MaybeText();
    body.recommendation = MaybeText();
    FillCommon(body);
    return body;
  }
  if (kind == RecordKind::kWorkflow) {
    Workflow body;
    body.remediation_request_id = Text();
    body.workflow_id = natural_key;
    body.phase = Text();
    body.total_steps = Integer();
    body.completed_steps = Integer();
    body.start_time = Time();
    body.end_time = MaybeTime();
    FillCommon(body);
    return body;
  }
  Execution body;
  body.workflow_id = Text();
  body.execution_id = natural_key;
  body.action_type = Text();
  body.target_resource = Text();
  body.cluster_name = Text();
  body.success = Chance(50);
  body.start_time = Time();
  body.end_time = MaybeTime();
  body.execution_time = MaybeInteger();
  body.error_message = MaybeText();
  FillCommon(body);
  return body;
}

}  // namespace datastorage
