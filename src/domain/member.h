// Member: every scalar member of any kind of record that can be filtered or
// sorted by, server-set ones included. A name means the same type in every kind.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace datastorage {

enum class Member : std::uint8_t {
  kId,
  kKind,
  kVersion,
  kCreatedAt,
  kUpdatedAt,
  kVector,
  kName,
  kNamespace,
  kPhase,
  kActionType,
  kStatus,
  kStartTime,
  kEndTime,
  kDuration,
  kRemediationRequestId,
  kAlertFingerprint,
  kSeverity,
  kEnvironment,
  kClusterName,
  kTargetResource,
  kErrorMessage,
  kSummary,
  kTraceId,
  kActor,
  kAnalysisId,
  kProvider,
  kModel,
  kConfidenceScore,
  kTokensUsed,
  kAnalysisDuration,
  kRootCause,
  kRecommendation,
  kWorkflowId,
  kTotalSteps,
  kCompletedSteps,
  kExecutionId,
  kSuccess,
  kExecutionTime,
};
inline constexpr int kMemberCount = 38;

enum class MemberType : std::uint8_t { kText, kInteger, kNumber, kBoolean, kTime };

struct MemberDescription {
  std::string_view name;  // As JSON and query parameters spell it.
  MemberType type;
  // Text of up to kilobytes: not kept by an in-memory index, so a filter on it is
  // decided by the record store.
  bool is_long_text = false;
};

const MemberDescription& Describe(Member member);
std::optional<Member> ParseMember(std::string_view name);

// Text compares by bytes; false before true; times and numbers by value.
// A value's alternative always fits its member's type: kText string, kInteger
// int64, kNumber double, kBoolean bool, kTime WallTime. `id` is lower-case text.
using MemberValue = std::variant<std::string, std::int64_t, double, bool, WallTime>;

// A scalar of `metadata`: its path joined by dots, and its text form: a string's
// characters, true/false, a number as shortest decimal. Each element of an array
// stands under the array's path. Null is absent.
struct MetadataScalar {
  std::string path;
  std::string text;
};

// What filters may look at of one record. Absent members have no entry.
struct FilterMembers {
  std::vector<std::pair<Member, MemberValue>> values;  // Sorted by member.
  std::vector<MetadataScalar> metadata;

  // nullptr when absent.
  const MemberValue* Find(Member member) const;
};

}  // namespace datastorage
