// Failpoints of the engine: a test has the process killed, the call fail, or the caller hang right
// before or after each step that makes something durable. Only a second build of this folder for
// tests has them; elsewhere DS_FAILPOINT is false and costs nothing.
#pragma once

#ifdef DS_ENGINE_FAILPOINTS

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "domain/records.h"

namespace datastorage {

// X(name, step of docs/dual-write.md, failpoints whose calls must have failed to get here). A line
// here is all that the matrix of test/fault/failpoints.py needs: its cells appear.
#define DS_FAILPOINT_LIST(X)                                               \
  X(kBeforeEmbedding, "embed", "")                                         \
  X(kBeforeIntent, "T0", "")                                               \
  X(kAfterIntent, "T0", "")                                                \
  X(kBeforeRecord, "T1", "")                                               \
  X(kAfterRecord, "T1", "")                                                \
  X(kBeforeSend, "V", "")                                                  \
  X(kAfterSend, "V", "")                                                   \
  X(kBeforeStrictRecord, "T1'", "")                                        \
  X(kAfterStrictRecord, "T1'", "")                                         \
  X(kBeforeAbort, "abort", "kBeforeSend")                                  \
  X(kAfterAbort, "abort", "kBeforeSend")                                   \
  X(kBeforeEnqueue, "enqueue", "kBeforeSend")                              \
  X(kAfterEnqueue, "enqueue", "kBeforeSend")                               \
  X(kBeforeSettle, "T2", "")                                               \
  X(kAfterSettle, "T2", "")                                                \
  X(kAfterLease, "lease", "kBeforeEmbedding kBeforeSend")                  \
  X(kBeforeFence, "fence", "kBeforeSend kBeforeAbort")                     \
  X(kAfterFence, "fence", "kBeforeSend kBeforeAbort")                      \
  X(kBeforeRelayEmbedding, "relay embed", "kBeforeEmbedding")              \
  X(kBeforeStoreEmbedding, "store embedding", "kBeforeEmbedding")          \
  X(kAfterStoreEmbedding, "store embedding", "kBeforeEmbedding")           \
  X(kBeforeRelaySend, "relay V", "kBeforeSend")                            \
  X(kAfterRelaySend, "relay V", "kBeforeSend")                             \
  X(kBeforeRelaySettle, "relay T2", "kBeforeEmbedding kBeforeSend")        \
  X(kAfterRelaySettle, "relay T2", "kBeforeEmbedding kBeforeSend")         \
  X(kBeforeGiveBack,                                                       \
    "give back",                                                           \
    "kBeforeEmbedding kBeforeSend kBeforeRelayEmbedding kBeforeRelaySend") \
  X(kAfterGiveBack,                                                        \
    "give back",                                                           \
    "kBeforeEmbedding kBeforeSend kBeforeRelayEmbedding kBeforeRelaySend")

#define DS_FAILPOINT_ENUMERATOR(name, step, after) name,
enum class Failpoint : std::uint8_t { DS_FAILPOINT_LIST(DS_FAILPOINT_ENUMERATOR) };
#undef DS_FAILPOINT_ENUMERATOR

// What a test does at failpoints. Thread-safe.
class FailpointHook {
 public:
  virtual ~FailpointHook() = default;
  // A creation took this id for the record of this natural key.
  virtual void Named(RecordId id, std::string_view natural_key) = 0;
  // True: the call is to fail as with a lost connection. May not return, or late.
  virtual bool Fails(Failpoint failpoint, std::span<const RecordId> ids) = 0;
  // A search has asked the index, and confirms nothing yet. May return late.
  virtual void Searched() = 0;
};
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a test sets it.
inline FailpointHook* failpoint_hook = nullptr;

namespace failpoint {

// In place of the released program's patience, so that a hang past every deadline is short.
constexpr int kHurry = 8;
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a test sets it.
inline Duration request_patience = std::chrono::milliseconds(1'500);
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): a test sets it.
inline int settle_hurry = kHurry;

template <class T>
RecordId IdIn(const T& subject) {
  if constexpr (std::is_same_v<T, RecordId>) {
    return subject;
  } else if constexpr (requires { subject.row.id; }) {
    return subject.row.id;
  } else if constexpr (requires { subject.id; }) {
    return subject.id;
  } else {
    return std::visit([](const auto& operation) { return operation.id; }, subject);
  }
}

// `subjects`: an id, or a range of what bears one.
template <class T>
bool Fails(Failpoint failpoint, const T& subjects) {
  if (failpoint_hook == nullptr) return false;
  std::vector<RecordId> ids;
  if constexpr (requires { subjects.begin(); }) {
    for (const auto& subject : subjects) ids.push_back(IdIn(subject));
  } else {
    ids.push_back(IdIn(subjects));
  }
  return failpoint_hook->Fails(failpoint, ids);
}

}  // namespace failpoint
}  // namespace datastorage

#define DS_FAILPOINT(name, subjects) \
  ::datastorage::failpoint::Fails(::datastorage::Failpoint::name, subjects)
#define DS_FAILPOINT_NAMES(id, key)                                                         \
  (::datastorage::failpoint_hook != nullptr ? ::datastorage::failpoint_hook->Named(id, key) \
                                            : void())
#define DS_FAILPOINT_SEARCHED() \
  (::datastorage::failpoint_hook != nullptr ? ::datastorage::failpoint_hook->Searched() : void())
#define DS_PATIENCE(duration) ((duration) / ::datastorage::failpoint::kHurry)
#define DS_SETTLE_PATIENCE(duration) ((duration) / ::datastorage::failpoint::settle_hurry)
#define DS_INDEX_BUDGET(budget) (std::max)(budget, ::datastorage::failpoint::request_patience / 2)
#define DS_REQUEST_DEADLINE(deadline, runtime) \
  (deadline).Within(::datastorage::failpoint::request_patience, runtime)
#else
#define DS_FAILPOINT(name, subjects) false
#define DS_FAILPOINT_NAMES(id, key) void()
#define DS_FAILPOINT_SEARCHED() void()
#define DS_PATIENCE(duration) (duration)
#define DS_SETTLE_PATIENCE(duration) (duration)
#define DS_INDEX_BUDGET(budget) (budget)
#define DS_REQUEST_DEADLINE(deadline, runtime) (deadline)
#endif
