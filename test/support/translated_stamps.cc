#include "support/translated_stamps.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>

namespace datastorage {
namespace {

constexpr Stamp kNobodys = 1'000'000'000;

Stamp Find(const std::map<Stamp, Stamp>& stamps, Stamp stamp) {
  const auto found = stamps.find(stamp);
  return found == stamps.end() ? kNobodys : found->second;
}

}  // namespace

Stamp TranslatedStamps::BesideOf(Stamp real) const {
  return Find(beside_of_, real);
}

Stamp TranslatedStamps::RealOf(Stamp beside) const {
  return Find(real_of_, beside);
}

void TranslatedStamps::Turn(Stamp& stamp) const {
  if (stamp != 0) stamp = BesideOf(stamp);
}

template <class Item>
Result<std::vector<Item>> TranslatedStamps::Turned(Result<std::vector<Item>> items) const {
  if (items.has_value()) {
    for (Item& item : *items) Turn(item.stamp);
  }
  return items;
}

std::vector<PendingVector> TranslatedStamps::Own(std::span<const PendingVector> rows) const {
  std::vector<PendingVector> own(rows.begin(), rows.end());
  for (PendingVector& row : own) row.stamp = RealOf(row.stamp);
  return own;
}

void TranslatedStamps::LearnOne(Stamp real, Stamp beside) {
  const auto [found, is_new] = beside_of_.emplace(real, beside);
  EXPECT_EQ(found->second, beside);
  if (!is_new) return;
  real_of_[beside] = real;
  EXPECT_TRUE(found == beside_of_.begin() || std::prev(found)->second < beside);
  EXPECT_TRUE(std::next(found) == beside_of_.end() || std::next(found)->second > beside);
}

void TranslatedStamps::Learn(CommitMode mode,
                             const std::vector<WriteOutcome>& beside,
                             std::vector<WriteOutcome>& outcomes) {
  ASSERT_EQ(outcomes.size(), beside.size());
  const bool is_stored = mode == CommitMode::kEachForItself ||
                         std::all_of(beside.begin(), beside.end(), [](const WriteOutcome& outcome) {
                           return Succeeded(outcome.status);
                         });
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    EXPECT_EQ(outcomes[i].stamp == 0, beside[i].stamp == 0) << "operation " << i;
    if (outcomes[i].stamp == 0 || beside[i].stamp == 0) continue;
    // What was undone may name stamps that the other store draws again.
    if (is_stored) LearnOne(outcomes[i].stamp, beside[i].stamp);
    outcomes[i].stamp = beside[i].stamp;
  }
}

Result<std::vector<WriteOutcome>> TranslatedStamps::Commit(std::span<const WriteOp> operations,
                                                           CommitMode mode,
                                                           Deadline deadline) {
  std::vector<WriteOp> translated(operations.begin(), operations.end());
  for (WriteOp& operation : translated) {
    if (auto* const create = std::get_if<CreateOp>(&operation)) {
      if (create->consumes_intent) create->consumes_intent = RealOf(*create->consumes_intent);
    } else if (auto* const abort = std::get_if<AbortIntentOp>(&operation)) {
      abort->intent_stamp = RealOf(abort->intent_stamp);
    }
  }
  return ForwardingRecordStore::Commit(translated, mode, deadline);
}

Result<std::vector<ReadOutcome>> TranslatedStamps::Read(std::span<const RecordRef> refs,
                                                        std::string_view space,
                                                        Deadline deadline) {
  auto outcomes = ForwardingRecordStore::Read(refs, space, deadline);
  if (outcomes.has_value()) {
    for (ReadOutcome& outcome : *outcomes) Turn(outcome.record.stamp);
  }
  return outcomes;
}

Result<std::vector<Record>> TranslatedStamps::History(RecordId id, Deadline deadline) {
  return Turned(ForwardingRecordStore::History(id, deadline));
}

Result<ListPage> TranslatedStamps::List(const ListQuery& query, Deadline deadline) {
  auto page = ForwardingRecordStore::List(query, deadline);
  if (page.has_value()) {
    for (Record& record : page->records) Turn(record.stamp);
  }
  return page;
}

Result<std::vector<SimilarHit>> TranslatedStamps::ExactNearest(const Embedding& query,
                                                               std::string_view space,
                                                               const Filter& filter,
                                                               int limit,
                                                               Deadline deadline) {
  return Turned(ForwardingRecordStore::ExactNearest(query, space, filter, limit, deadline));
}

Result<std::vector<StoredEmbedding>> TranslatedStamps::ScanEmbeddings(std::string_view space,
                                                                      RecordId after,
                                                                      int limit,
                                                                      Deadline deadline) {
  return Turned(ForwardingRecordStore::ScanEmbeddings(space, after, limit, deadline));
}

Result<std::vector<AttemptOutcome>> TranslatedStamps::SettleAttempts(
    std::span<const AttemptRef> attempts, Deadline deadline) {
  return Turned(ForwardingRecordStore::SettleAttempts(attempts, deadline));
}

Result<std::vector<PendingVector>> TranslatedStamps::LeaseDue(VectorSetId set,
                                                              int limit,
                                                              Lease lease,
                                                              Deadline deadline) {
  return Turned(ForwardingRecordStore::LeaseDue(set, limit, lease, deadline));
}

Result<void> TranslatedStamps::Settle(std::span<const PendingVector> rows, Deadline deadline) {
  return ForwardingRecordStore::Settle(Own(rows), deadline);
}

Result<void> TranslatedStamps::Fail(std::span<const PendingVector> rows,
                                    PendingReason reason,
                                    WallTime due_at,
                                    Deadline deadline) {
  return ForwardingRecordStore::Fail(Own(rows), reason, due_at, deadline);
}

Result<void> TranslatedStamps::Park(std::span<const PendingVector> rows, Deadline deadline) {
  return ForwardingRecordStore::Park(Own(rows), deadline);
}

Result<PendingIdPage> TranslatedStamps::PendingIds(VectorSetId set, Deadline deadline) {
  auto page = ForwardingRecordStore::PendingIds(set, deadline);
  if (page.has_value()) {
    for (PendingId& row : page->ids) Turn(row.stamp);
  }
  return page;
}

Result<std::vector<StoredId>> TranslatedStamps::ScanIds(VectorSetId set,
                                                        RecordId after,
                                                        int limit,
                                                        Deadline deadline) {
  auto page = ForwardingRecordStore::ScanIds(set, after, limit, deadline);
  if (!page.has_value()) return page;
  for (StoredId& stored : *page) {
    if (stored.record_stamp) Turn(*stored.record_stamp);
    if (stored.pending_stamp) Turn(*stored.pending_stamp);
  }
  return page;
}

Result<Stamp> TranslatedStamps::RaiseStamps(Stamp floor, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const Stamp there, beside_.RaiseStamps(0, deadline));
  DS_ASSIGN_OR_RETURN(const Stamp here, ForwardingRecordStore::RaiseStamps(0, deadline));
  EXPECT_GE(here, beside_of_.empty() ? 0 : beside_of_.rbegin()->first);
  const Stamp own_floor = floor > there ? here + (floor - there) : 1;
  DS_ASSIGN_OR_RETURN(const Stamp highest, ForwardingRecordStore::RaiseStamps(own_floor, deadline));
  EXPECT_EQ(highest, here);
  DS_ASSIGN_OR_RETURN(const Stamp raised, ForwardingRecordStore::RaiseStamps(0, deadline));
  EXPECT_EQ(raised, std::max(here, own_floor));
  return there;
}

}  // namespace datastorage
