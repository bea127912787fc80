// Replica: this process's place among those that use the database, and the upkeep that any of them
// does for all. The place is a lock of a session of its own: shared by replicas, or held alone by a
// process whose vector index is in its memory, since it would not see what others write.
//
// Threads:   Open and Stop from one thread; it has a task of its own.
// Ownership: keeps references to what it is given; all must outlive it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/runtime.h"
#include "postgres/connection.h"

namespace datastorage::postgres {

class Replica {
 public:
  enum class Use : std::uint8_t { kShared, kAlone };

  struct Options {
    ConnectionOptions connection{};
    Use use = Use::kShared;
    // What Open waits for a process that is ending, or whose machine is gone: longer than the
    // server keeps such a session (connection_open.cc).
    Duration patience = std::chrono::seconds(20);
    // The place was lost with its session, and another process has taken it.
    std::function<void(std::string_view)> on_lost{};
  };

  Replica(Runtime& runtime, Options options);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // Takes the place and starts the upkeep: partitions are made before they are needed, words are
  // counted when the store has grown. Errors:
  // those of Connection::Open; kUnavailable (says what holds it) when it is taken.
  Result<void> Open(Deadline deadline);
  void Stop();

 private:
  void Run();
  // False once the place is lost for good.
  bool Round();
  void MakeNextPartitions(Deadline deadline);
  void CountWords(Deadline deadline);
  Result<bool> TryPlace(Deadline deadline);
  Result<bool> TryLock(Deadline deadline);
  Result<void> EndFormerSession(Deadline deadline);

  Runtime& runtime_;
  const Options options_;
  std::unique_ptr<Connection> session_;  // Belongs to the task after Open.
  std::string place_session_;            // As the server knows the one that has, or had, the place.
  SteadyTime upkeep_due_{};
  SteadyTime sample_due_{};
  Mutex mutex_;
  WaitQueue changed_;
  bool is_stopping_ = false;
  std::unique_ptr<Task> task_;
};

}  // namespace datastorage::postgres
