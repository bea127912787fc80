#include "sqlite/commit_run.h"

#include "base/limits.h"
#include "sqlite/record_rows.h"

namespace datastorage::sqlite {

Result<void> CommitRun::Begin() {
  {
    StatementRun stamp(writer_.At(Query::kNextStamp));
    DS_RETURN_IF_ERROR(stamp.Next());
    first_stamp_ = next_stamp_ = stamp.Integer(0);
  }
  StatementRun sets(writer_.At(Query::kVectorSets));
  while (true) {
    DS_ASSIGN_OR_RETURN(const bool has_row, sets.Next());
    if (!has_row) return {};
    if (sets.Text(5) == NameOf(VectorSetState::kRetired)) continue;
    DS_ASSIGN_OR_RETURN(const PendingRule rule, ReadPendingRule(sets.Text(4)));
    sets_.push_back({sets.Integer(0), std::string(sets.Text(2)), rule});
  }
}

Result<WriteOutcome> CommitRun::Apply(const WriteOp& operation) {
  return std::visit([this](const auto& of_type) { return Do(of_type); }, operation);
}

Result<void> CommitRun::Finish() {
  if (last_claim_.has_value()) DS_RETURN_IF_ERROR(PurgeClaims());
  if (has_erased_) {
    DS_RETURN_IF_ERROR(StatementRun(writer_.At(Query::kOptimizeText)).Run());
  }
  if (next_stamp_ == first_stamp_) return {};
  DS_RETURN_IF_ERROR(
      StatementRun(writer_.At(Query::kStoreNextStamp)).BindInteger(next_stamp_).Run());
  return {};
}

Result<std::optional<CommitRun::RecordHead>> CommitRun::FindHead(RecordId id) {
  StatementRun reading(writer_.At(Query::kRecordHead));
  DS_ASSIGN_OR_RETURN(const bool has_row, reading.BindId(id).Next());
  if (!has_row) return std::optional<RecordHead>();
  RecordHead head;
  head.no = reading.Integer(0);
  DS_ASSIGN_OR_RETURN(head.kind, ReadKind(reading.Text(1)));
  head.version = reading.Integer(2);
  head.stamp = reading.Integer(3);
  head.content_hash = reading.Hash(4).value_or(Sha256{});
  head.text_hash = reading.Hash(5);
  return std::optional<RecordHead>(head);
}

}  // namespace datastorage::sqlite
