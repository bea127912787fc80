#include "support/store_journal.h"

namespace datastorage {

void StoreJournal::Begin(const std::shared_ptr<const FakeState>& state) {
  model_.Restore(state);
  past_.clear();
  allowed_ = {model_.State()};
  in_flight_.reset();
  newest_dump_ = model_.Dump();
}

void StoreJournal::Acknowledge(CallKind kind) {
  const std::shared_ptr<const FakeState> now = model_.State();
  std::string dump = now->Dump();
  // A call that wrote nothing made nothing durable either.
  if (dump == newest_dump_) return;
  newest_dump_ = std::move(dump);
  if (kind == CallKind::kLight) {
    allowed_.push_back(now);
    return;
  }
  for (const auto& state : allowed_) past_.push_back({state, acknowledged_count_});
  ++acknowledged_count_;
  allowed_ = {now};
}

int StoreJournal::Compare(const std::string& dump) {
  has_kept_in_flight_ = in_flight_ != nullptr && in_flight_->Dump() == dump;
  if (has_kept_in_flight_) {
    Begin(std::shared_ptr(in_flight_));
    return 0;
  }
  for (auto state = allowed_.rbegin(); state != allowed_.rend(); ++state) {
    if ((*state)->Dump() != dump) continue;
    Begin(std::shared_ptr(*state));
    return 0;
  }
  for (auto past = past_.rbegin(); past != past_.rend(); ++past) {
    if (past->state->Dump() != dump) continue;
    return static_cast<int>(acknowledged_count_ - past->acknowledged_count);
  }
  return -1;
}

}  // namespace datastorage
