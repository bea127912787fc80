#include "sim/sim_record_store.h"

#include <algorithm>
#include <type_traits>
#include <variant>

namespace datastorage {
namespace {

const Deadline kNever = Deadline::Never();

template <class T>
std::vector<T> Copied(std::span<const T> items) {
  return {items.begin(), items.end()};
}

std::string StepOf(const WriteOp& operation) {
  struct Name {
    std::string operator()(const BeginIntentOp&) { return "begin_intent"; }
    std::string operator()(const CreateOp& create) {
      return create.consumes_intent.has_value() ? "create_strict" : "create";
    }
    std::string operator()(const UpdateOp&) { return "update"; }
    std::string operator()(const EraseOp&) { return "erase"; }
    std::string operator()(const AbortIntentOp&) { return "abort_intent"; }
    std::string operator()(const StoreEmbeddingOp&) { return "store_embedding"; }
    std::string operator()(const EnqueuePendingOp&) { return "enqueue"; }
  };
  return std::visit(Name(), operation);
}

template <class T>
concept HasAttempt = requires(const T& operation) {
  operation.attempt;
};

std::vector<Uuid> MarksOf(std::span<const WriteOp> operations) {
  std::vector<Uuid> marks;
  for (const WriteOp& operation : operations) {
    std::visit(
        [&](const auto& op) {
          if constexpr (HasAttempt<decltype(op)>) marks.push_back(op.attempt);
        },
        operation);
  }
  return marks;
}

}  // namespace

void SimRecordStore::Stop() {
  counts_.Add(FaultKind::kUnavailable, "record store");
  is_up_ = false;
}

template <class T>
std::function<Result<T>()> SimRecordStore::IfUp(std::function<Result<T>()> serve) {
  return [this, serve = std::move(serve)]() -> Result<T> {
    if (!is_up_) return Unavailable("the record store is down");
    return serve();
  };
}

template <class Ask>
auto SimRecordStore::Call(const char* step, Deadline deadline, Ask ask) {
  using T = typename std::invoke_result_t<Ask, RecordStore&>::value_type;
  const SimCall call{
      .begins = "record store call begins", .ends = "record store call ends", .steps = {step}};
  return network_.Call<T>(
      call, deadline, IfUp<T>([this, ask = std::move(ask)] { return ask(inner_); }));
}

Result<std::vector<WriteOutcome>> SimRecordStore::Commit(std::span<const WriteOp> operations,
                                                         CommitMode mode,
                                                         Deadline deadline) {
  SimCall call{.begins = "commit begins",
               .ends = "commit ends",
               .steps = {},
               .is_commit = true,
               .marks = MarksOf(operations)};
  for (const WriteOp& operation : operations) {
    std::string step = StepOf(operation);
    const bool is_known = std::find(call.steps.begin(), call.steps.end(), step) != call.steps.end();
    if (!is_known) call.steps.push_back(std::move(step));
  }
  using Outcomes = std::vector<WriteOutcome>;
  return network_.Call<Outcomes>(
      call, deadline, IfUp<Outcomes>([this, mode, copy = Copied(operations)] {
        return inner_.Commit(copy, mode, kNever);
      }));
}

Result<std::vector<ReadOutcome>> SimRecordStore::Read(std::span<const RecordRef> refs,
                                                      std::string_view space,
                                                      Deadline deadline) {
  return Call(
      "read", deadline, [copy = Copied(refs), of_space = std::string(space)](RecordStore& store) {
        return store.Read(copy, of_space, kNever);
      });
}

Result<std::vector<Record>> SimRecordStore::History(RecordId id, Deadline deadline) {
  return Call("history", deadline, [id](RecordStore& store) { return store.History(id, kNever); });
}

Result<ListPage> SimRecordStore::List(const ListQuery& query, Deadline deadline) {
  return Call("list", deadline, [query](RecordStore& store) { return store.List(query, kNever); });
}

Result<std::int64_t> SimRecordStore::Count(const Filter& filter,
                                           std::int64_t cap,
                                           Deadline deadline) {
  return Call("count", deadline, [filter, cap](RecordStore& store) {
    return store.Count(filter, cap, kNever);
  });
}

Result<std::vector<SimilarHit>> SimRecordStore::ExactNearest(const Embedding& query,
                                                             std::string_view space,
                                                             const Filter& filter,
                                                             int limit,
                                                             Deadline deadline) {
  return Call("exact_nearest",
              deadline,
              [query, of_space = std::string(space), filter, limit](RecordStore& store) {
                return store.ExactNearest(query, of_space, filter, limit, kNever);
              });
}

Result<std::vector<TextHit>> SimRecordStore::TextSearch(std::string_view text,
                                                        const Filter& filter,
                                                        int limit,
                                                        Deadline deadline) {
  return Call(
      "text_search", deadline, [words = std::string(text), filter, limit](RecordStore& store) {
        return store.TextSearch(words, filter, limit, kNever);
      });
}

Result<std::vector<StoredEmbedding>> SimRecordStore::ScanEmbeddings(std::string_view space,
                                                                    RecordId after,
                                                                    int limit,
                                                                    Deadline deadline) {
  return Call("scan_embeddings",
              deadline,
              [of_space = std::string(space), after, limit](RecordStore& store) {
                return store.ScanEmbeddings(of_space, after, limit, kNever);
              });
}

// Says nothing before every commit of these attempts that is still under way has ended.
Result<std::vector<AttemptOutcome>> SimRecordStore::SettleAttempts(
    std::span<const AttemptRef> attempts, Deadline deadline) {
  if (runtime_.IsInFiber() && !runtime_.IsCallerDead()) {
    for (const AttemptRef& attempt : attempts) {
      if (network_.Settle(attempt.attempt, deadline)) continue;
      if (deadline.HasPassed(runtime_)) return DeadlineExceeded("a commit is still running");
      return Unavailable("a commit is still running");
    }
  }
  return Call("settle_attempts", deadline, [copy = Copied(attempts)](RecordStore& store) {
    return store.SettleAttempts(copy, kNever);
  });
}

Result<std::vector<PendingVector>> SimRecordStore::LeaseDue(VectorSetId set,
                                                            int limit,
                                                            Lease lease,
                                                            Deadline deadline) {
  runtime_.BeginActor();  // A round of a relay.
  return Call("lease_due", deadline, [set, limit, lease](RecordStore& store) {
    return store.LeaseDue(set, limit, lease, kNever);
  });
}

Result<void> SimRecordStore::Settle(std::span<const PendingVector> rows, Deadline deadline) {
  return Call("settle", deadline, [copy = Copied(rows)](RecordStore& store) {
    return store.Settle(copy, kNever);
  });
}

Result<void> SimRecordStore::Fail(std::span<const PendingVector> rows,
                                  PendingReason reason,
                                  WallTime due_at,
                                  Deadline deadline) {
  return Call("fail", deadline, [copy = Copied(rows), reason, due_at](RecordStore& store) {
    return store.Fail(copy, reason, due_at, kNever);
  });
}

Result<void> SimRecordStore::Park(std::span<const PendingVector> rows, Deadline deadline) {
  return Call("park", deadline, [copy = Copied(rows)](RecordStore& store) {
    return store.Park(copy, kNever);
  });
}

Result<std::int64_t> SimRecordStore::Release(VectorSetId set, WallTime now, Deadline deadline) {
  return Call("release", deadline, [set, now](RecordStore& store) {
    return store.Release(set, now, kNever);
  });
}

Result<PendingIdPage> SimRecordStore::PendingIds(VectorSetId set, Deadline deadline) {
  return Call(
      "pending_ids", deadline, [set](RecordStore& store) { return store.PendingIds(set, kNever); });
}

Result<std::vector<PendingTally>> SimRecordStore::TallyPending(Deadline deadline) {
  return Call(
      "tally_pending", deadline, [](RecordStore& store) { return store.TallyPending(kNever); });
}

Result<std::vector<StoredId>> SimRecordStore::ScanIds(VectorSetId set,
                                                      RecordId after,
                                                      int limit,
                                                      Deadline deadline) {
  return Call("scan_ids", deadline, [set, after, limit](RecordStore& store) {
    return store.ScanIds(set, after, limit, kNever);
  });
}

Result<Stamp> SimRecordStore::RaiseStamps(Stamp floor, Deadline deadline) {
  return Call("raise_stamps", deadline, [floor](RecordStore& store) {
    return store.RaiseStamps(floor, kNever);
  });
}

Result<std::vector<VectorSet>> SimRecordStore::Sets(Deadline deadline) {
  return Call("sets", deadline, [](RecordStore& store) { return store.Sets(kNever); });
}

Result<VectorSet> SimRecordStore::RegisterSet(const VectorSet& set, Deadline deadline) {
  return Call("register_set", deadline, [set](RecordStore& store) {
    return store.RegisterSet(set, kNever);
  });
}

Result<void> SimRecordStore::ChangeSetState(VectorSetId set,
                                            VectorSetState from,
                                            VectorSetState to,
                                            Deadline deadline) {
  return Call("change_set_state", deadline, [set, from, to](RecordStore& store) {
    return store.ChangeSetState(set, from, to, kNever);
  });
}

Result<std::string> SimRecordStore::Secret(std::string_view name, Deadline deadline) {
  return Call("secret", deadline, [of_name = std::string(name)](RecordStore& store) {
    return store.Secret(of_name, kNever);
  });
}

Result<std::string> SimRecordStore::Note(std::string_view name, Deadline deadline) {
  return Call("note", deadline, [of_name = std::string(name)](RecordStore& store) {
    return store.Note(of_name, kNever);
  });
}

Result<void> SimRecordStore::KeepNote(std::string_view name,
                                      std::string_view text,
                                      Deadline deadline) {
  return Call("keep_note",
              deadline,
              [of_name = std::string(name), note = std::string(text)](RecordStore& store) {
                return store.KeepNote(of_name, note, kNever);
              });
}

}  // namespace datastorage
