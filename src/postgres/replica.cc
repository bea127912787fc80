#include "postgres/replica.h"

#include "base/log.h"
#include "postgres/migrate.h"
#include "postgres/word_sample.h"

namespace datastorage::postgres {
namespace {

constexpr Duration kRoundPause = std::chrono::seconds(1);
constexpr Duration kRoundTimeout = std::chrono::seconds(10);
constexpr Duration kUpkeepPause = std::chrono::hours(1);
constexpr Duration kUpkeepRetryPause = std::chrono::minutes(1);
constexpr Duration kSamplePause = std::chrono::seconds(5);
constexpr Duration kPlacePause = std::chrono::milliseconds(100);

// Each: whether it has the lock, and what tells this session from all others there ever were.
constexpr std::string_view kTryShared =
    "SELECT pg_try_advisory_lock_shared(hashtextextended('datastorage replica', 0)),"
    " (SELECT pid || ' ' || extract(epoch FROM backend_start) FROM pg_stat_activity"
    " WHERE pid = pg_backend_pid())";
constexpr std::string_view kTryAlone =
    "SELECT pg_try_advisory_lock(hashtextextended('datastorage replica', 0)),"
    " (SELECT pid || ' ' || extract(epoch FROM backend_start) FROM pg_stat_activity"
    " WHERE pid = pg_backend_pid())";
constexpr std::string_view kEndSession =
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    " WHERE pid || ' ' || extract(epoch FROM backend_start) = $1::text";

}  // namespace

Replica::Replica(Runtime& runtime, Options options)
    : runtime_(runtime), options_(std::move(options)), mutex_(runtime), changed_(runtime) {}

Replica::~Replica() {
  Stop();
}

Result<void> Replica::Open(Deadline deadline) {
  const Deadline place_deadline = deadline.Within(options_.patience);
  for (bool is_first = true;; is_first = false) {
    DS_ASSIGN_OR_RETURN(const bool is_taken, TryPlace(deadline));
    if (is_taken) break;
    // It may be one that is ending; whoever started this one should know what it waits for.
    if (is_first) {
      const auto patience = std::chrono::duration_cast<std::chrono::seconds>(options_.patience);
      Log(LogLevel::kWarning,
          "another service uses the database: waiting for it to end",
          {{"seconds", std::int64_t{patience.count()}}});
    }
    if (place_deadline.HasPassed()) {
      return Unavailable(
          options_.use == Use::kAlone
              ? "another service uses the database: an index in memory (--vectors memory) would "
                "not see what it writes; serve with --vectors pgvector on each"
              : "another service holds the database alone, since its index is in its memory "
                "(--vectors memory): stop it, or serve with --vectors pgvector on each");
    }
    runtime_.Sleep(kPlacePause);
  }
  DS_RETURN_IF_ERROR(MakePartitions(*session_, deadline));
  upkeep_due_ = runtime_.Now() + kUpkeepPause;
  task_ = runtime_.Spawn("replica", [this] { Run(); });
  return {};
}

void Replica::Stop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.NotifyAll();
  task_.reset();
}

void Replica::Run() {
  for (;;) {
    {
      const MutexLock lock(mutex_);
      const Deadline pause = Deadline::In(kRoundPause, runtime_);
      while (!is_stopping_ && !pause.HasPassed()) changed_.Wait(mutex_, pause);
      if (is_stopping_) return;
    }
    if (!Round()) return;
  }
}

bool Replica::Round() {
  const Deadline deadline = Deadline::In(kRoundTimeout, runtime_);
  if (session_ == nullptr || !session_->is_usable() || !session_->IsAlive()) {
    const Result<bool> is_taken = TryPlace(deadline);
    // The database is away: whoever else wants the place cannot have it either.
    if (!is_taken.has_value()) return true;
    if (!*is_taken) {
      if (options_.on_lost) options_.on_lost("another service has taken the database");
      return false;
    }
  }
  if (runtime_.Now() >= upkeep_due_) MakeNextPartitions(deadline);
  CountWords(Deadline::In(kRoundTimeout, runtime_));
  return true;
}

void Replica::MakeNextPartitions(Deadline deadline) {
  const Result<void> made = MakePartitions(*session_, deadline);
  if (!made.has_value()) {
    // Rows without a partition of their own land in the default one, so nothing is refused.
    Log(LogLevel::kWarning,
        "partitions were not made",
        {{"error", std::string_view(made.error().message)}});
  }
  upkeep_due_ = runtime_.Now() + (made.has_value() ? kUpkeepPause : kUpkeepRetryPause);
}

// Searches go by the counts of before, or make do without.
void Replica::CountWords(Deadline deadline) {
  if (runtime_.Now() < sample_due_) return;
  const Result<bool> made = RefreshWordSample(*session_, {}, deadline);
  if (!made.has_value()) {
    Log(LogLevel::kWarning,
        "the words of the records were not counted",
        {{"error", std::string_view(made.error().message)}});
  }
  sample_due_ = runtime_.Now() + (made.has_value() ? kSamplePause : kUpkeepRetryPause);
}

Result<bool> Replica::TryPlace(Deadline deadline) {
  if (session_ == nullptr || !session_->is_usable() || !session_->IsAlive()) {
    session_.reset();
    DS_ASSIGN_OR_RETURN(session_, Connection::Open(options_.connection, deadline));
  }
  DS_ASSIGN_OR_RETURN(const bool is_taken, TryLock(deadline));
  if (is_taken || place_session_.empty()) return is_taken;
  // After a silent cut the server may hold our former session for a while, and the place by it.
  DS_RETURN_IF_ERROR(EndFormerSession(deadline));
  return TryLock(deadline);
}

Result<bool> Replica::TryLock(Deadline deadline) {
  Call call{.sql = std::string(options_.use == Use::kAlone ? kTryAlone : kTryShared)};
  DS_ASSIGN_OR_RETURN(const Rows rows,
                      session_->RunOne("take its place", std::move(call), deadline));
  if (rows.Bool(0, 0)) place_session_ = rows.Text(0, 1);
  return rows.Bool(0, 0);
}

Result<void> Replica::EndFormerSession(Deadline deadline) {
  Call call{.sql = std::string(kEndSession)};
  call.parameters.Add(std::string_view(place_session_));
  DS_RETURN_IF_ERROR(session_->RunOne("end its former session", std::move(call), deadline));
  return {};
}

}  // namespace datastorage::postgres
