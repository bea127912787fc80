#include "domain/member.h"

#include <algorithm>
#include <array>

namespace datastorage {
namespace {

using enum MemberType;

constexpr std::array<MemberDescription, kMemberCount> kMembers{{
    {"id", kText},
    {"kind", kText},
    {"version", kInteger},
    {"created_at", kTime},
    {"updated_at", kTime},
    {"vector", kText},
    {"name", kText},
    {"namespace", kText},
    {"phase", kText},
    {"action_type", kText},
    {"status", kText},
    {"start_time", kTime},
    {"end_time", kTime},
    {"duration", kInteger},
    {"remediation_request_id", kText},
    {"alert_fingerprint", kText},
    {"severity", kText},
    {"environment", kText},
    {"cluster_name", kText},
    {"target_resource", kText},
    {"error_message", kText, true},
    {"summary", kText, true},
    {"trace_id", kText},
    {"actor", kText},
    {"analysis_id", kText},
    {"provider", kText},
    {"model", kText},
    {"confidence_score", kNumber},
    {"tokens_used", kInteger},
    {"analysis_duration", kInteger},
    {"root_cause", kText, true},
    {"recommendation", kText, true},
    {"workflow_id", kText},
    {"total_steps", kInteger},
    {"completed_steps", kInteger},
    {"execution_id", kText},
    {"success", kBoolean},
    {"execution_time", kInteger},
}};
static_assert(static_cast<int>(Member::kExecutionTime) + 1 == kMemberCount);
static_assert(!kMembers.back().name.empty(), "a member has no description");

}  // namespace

const MemberDescription& Describe(Member member) {
  return kMembers[static_cast<std::size_t>(member)];
}

std::optional<Member> ParseMember(std::string_view name) {
  for (std::size_t i = 0; i < kMembers.size(); ++i) {
    if (kMembers[i].name == name) return static_cast<Member>(i);
  }
  return std::nullopt;
}

const MemberValue* FilterMembers::Find(Member member) const {
  const auto found =
      std::lower_bound(values.begin(), values.end(), member, [](const auto& entry, Member wanted) {
        return entry.first < wanted;
      });
  return found != values.end() && found->first == member ? &found->second : nullptr;
}

}  // namespace datastorage
