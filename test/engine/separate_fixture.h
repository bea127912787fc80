// SeparateFixture: the engine over real SQLite and a vector index on "another server", which the
// test stops, delays and looks into.
#pragma once

#include <atomic>
#include <map>

#include "engine/engine_fixture.h"
#include "engine/reconciler.h"
#include "fake/forwarding_vector_index.h"
#include "fake/lossy_record_store.h"

namespace datastorage {

// Fails what the test says, and passes the rest on.
class SwitchedVectorIndex final : public ForwardingVectorIndex {
 public:
  explicit SwitchedVectorIndex(Placement placement = Placement::kSeparate)
      : ForwardingVectorIndex(placement) {}

  Result<std::vector<ApplyResult>> Apply(std::span<const VectorWrite> writes,
                                         Deadline deadline) override {
    ++apply_count;
    if (is_down) return Error{down_code, "the vector store is down"};
    const bool is_cut = failing_calls > 0 && failing_calls-- > 0;
    if (const auto hook = before_apply) hook();  // A copy: it may take itself away.
    if (is_cut) return Unavailable("the connection was lost");
    for (const VectorWrite& write : writes) {
      if (poison.has_value() && write.id == *poison) return Internal("this write breaks it");
    }
    return inner.Apply(writes, deadline);
  }
  Result<Neighbors> Nearest(const Embedding& query,
                            const Filter& filter,
                            int count_max,
                            Deadline deadline) override {
    if (is_down) return Unavailable("the vector store is down");
    return inner.Nearest(query, filter, count_max, deadline);
  }
  Result<std::vector<HeldPoint>> Scan(RecordId after,
                                      int count_max,
                                      bool has_content,
                                      Deadline deadline) override {
    if (const auto hook = before_scan) hook();
    return inner.Scan(after, count_max, has_content, deadline);
  }
  Result<std::int64_t> PurgeTombstones(Stamp floor, Deadline deadline) override {
    if (is_down) return Unavailable("the vector store is down");
    return inner.PurgeTombstones(floor, deadline);
  }
  Result<VectorSetId> Claim(VectorSetId set, Deadline deadline) override {
    if (is_down && is_down_from_the_start) return Unavailable("the vector store is down");
    return inner.Claim(set, deadline);
  }

  std::atomic<bool> is_down = false;
  std::atomic<ErrorCode> down_code = ErrorCode::kUnavailable;  // What a write meets then.
  std::atomic<bool> is_down_from_the_start = false;            // While it is down.
  std::atomic<int> apply_count = 0;
  std::atomic<int> failing_calls = 0;  // Of the calls of Apply to come.
  std::optional<RecordId> poison;
  std::function<void()> before_apply;
  std::function<void()> before_scan;
};

class SeparateFixture : public EngineFixture {
 protected:
  SeparateFixture() { Reopen(); }

  // The engine anew, over the same stores.
  void Reopen() {
    searches_.reset();
    writes_.reset();
    writer_.reset();
    relay_.reset();
    settler_.reset();
    sets_ = std::make_unique<VectorSets>(ThreadRuntime(), *store_, engines_, Space());
    sets_->OnBind(on_bind_);
    // The base began with an index in memory.
    const auto may_leave = [](const VectorSet&) { return true; };
    ASSERT_TRUE(sets_->Open(Soon(), may_leave).has_value());
    sets_->StartFilling();
    settler_ = std::make_unique<Settler>(ThreadRuntime(), *store_);
    relay_ = std::make_unique<Relay>(
        ThreadRuntime(), *store_, *sets_, embedding_.get(), *settler_, metrics_);
    writer_ = std::make_unique<DualWriter>(ThreadRuntime(),
                                           gated_,
                                           *sets_,
                                           embedding_.get(),
                                           *settler_,
                                           metrics_,
                                           DualWriter::Options{});
    writes_ = std::make_unique<WriteService>(
        ThreadRuntime(), *store_, *writer_, SystemUuidSource(), metrics_);
    searches_ = std::make_unique<SearchService>(
        ThreadRuntime(), *store_, *sets_, embedding_.get(), metrics_);
  }

  std::string Space() const { return embedding_->Space(); }

  Result<WriteReply> CreateStrictly(const std::string& key, Deadline deadline = Soon()) {
    CreateRequest request = RequestFor(ARemediation(key, "disk full on " + key));
    request.mode = WriteMode::kStrict;
    return writes_->Create(request, deadline);
  }

  std::vector<PendingId> Pending() {
    return store_->PendingIds(sets_->Live()->set.id, Soon())->ids;
  }
  bool IsStored(const std::string& key) {
    const RecordRef ref = NaturalKey{RecordKind::kRemediation, key};
    return store_->Read({&ref, 1}, "", Soon())->front().status == ReadStatus::kFound;
  }
  // What the remote index holds for the id; nullptr: nothing.
  std::optional<VectorWrite> PointOf(RecordId id) {
    const std::map<RecordId, VectorWrite> points = remote_.inner.Points();
    const auto found = points.find(id);
    return found == points.end() ? std::nullopt : std::optional<VectorWrite>(found->second);
  }

  VectorSets::BindHook on_bind_;
  SwitchedVectorIndex remote_;
  std::vector<VectorEngine> engines_{{"remote", &remote_}};  // Of the next Reopen.
  LossyRecordStore gated_{*store_};
};

}  // namespace datastorage
