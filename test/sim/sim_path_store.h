// SimPathStore: a record store that tells SimPaths what it did, at the moment at which it is seen.
// SimPathIds: a source of ids that tells it who will commit under them.
#pragma once

#include "fake/forwarding_record_store.h"
#include "sim/sim_paths.h"

namespace datastorage {

class SimPathStore final : public ForwardingRecordStore {
 public:
  SimPathStore(RecordStore& inner, SimPaths& paths) : ForwardingRecordStore(inner), paths_(paths) {}

  Result<std::vector<WriteOutcome>> Commit(std::span<const WriteOp> operations,
                                           CommitMode mode,
                                           Deadline deadline) override {
    auto outcomes = ForwardingRecordStore::Commit(operations, mode, deadline);
    if (outcomes.has_value()) paths_.Committed(operations, *outcomes);
    return outcomes;
  }
  Result<std::vector<ReadOutcome>> Read(std::span<const RecordRef> refs,
                                        std::string_view space,
                                        Deadline deadline) override {
    auto outcomes = ForwardingRecordStore::Read(refs, space, deadline);
    if (outcomes.has_value()) paths_.Read(*outcomes);
    return outcomes;
  }
  Result<void> Settle(std::span<const PendingVector> rows, Deadline deadline) override {
    Result<void> settled = ForwardingRecordStore::Settle(rows, deadline);
    if (settled.has_value()) paths_.Settled(rows);
    return settled;
  }
  Result<VectorSet> RegisterSet(const VectorSet& set, Deadline deadline) override {
    auto registered = ForwardingRecordStore::RegisterSet(set, deadline);
    if (registered.has_value()) paths_.SetsChanged();
    return registered;
  }
  Result<void> ChangeSetState(VectorSetId set,
                              VectorSetState from,
                              VectorSetState to,
                              Deadline deadline) override {
    Result<void> changed = ForwardingRecordStore::ChangeSetState(set, from, to, deadline);
    if (changed.has_value()) paths_.SetsChanged();
    return changed;
  }

 private:
  SimPaths& paths_;
};

class SimPathIds final : public UuidSource {
 public:
  SimPathIds(std::unique_ptr<UuidSource> inner, SimPaths& paths)
      : inner_(std::move(inner)), paths_(paths) {}

  Uuid MakeVersion4() override { return Told(inner_->MakeVersion4()); }
  Uuid MakeVersion7() override { return Told(inner_->MakeVersion7()); }

 private:
  Uuid Told(const Uuid& id) {
    paths_.Made(id);
    return id;
  }

  const std::unique_ptr<UuidSource> inner_;
  SimPaths& paths_;
};

}  // namespace datastorage
