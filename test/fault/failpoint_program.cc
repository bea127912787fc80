// What makes the service's program one with failpoints: it is linked with a second build of the
// engine and obeys the test at the socket that DS_FAILPOINTS names. Lines to it: "arm AIM
// POINT:FAULT…" (the last point is what the test is about, those before it fail to get there; AIM
// is a record's id or natural key), "disarm", "go". Lines from it: "point NAME<tab>STEP<tab>AFTER"
// for each, then "ready"; "armed"; "pass NAME"; "hit NAME", which waits for "go"; "went" when it
// has done its work.
// "hold" stops the searches to come once they have asked the index, each with a line "searched",
// until "release".
// DS_ENGINE_MUTANT=N takes a guard of the engine away, DS_STORE_MUTANT=N one of the store over
// PostgreSQL; DS_REQUEST_PATIENCE_MS=N is how long a write may take, DS_SETTLE_HURRY=N how many
// times less than in the released program the settling of its rows may (an index that is refreshed
// once a second needs all of it).
#include <pthread.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "engine/failpoint.h"
#include "engine/mutant.h"
#include "postgres/mutant.h"

namespace datastorage {
namespace {

constexpr std::chrono::seconds kGoPatience(10);
// Longer than every deadline of a write and of a round of the relay in this build.
constexpr std::chrono::milliseconds kHang(3'000);

struct Description {
  const char* name;
  const char* step;
  const char* after;
};
#define DS_FAILPOINT_DESCRIPTION(name, step, after) Description{#name, step, after},
constexpr Description kDescriptions[] = {DS_FAILPOINT_LIST(DS_FAILPOINT_DESCRIPTION)};
#undef DS_FAILPOINT_DESCRIPTION

struct Armed {
  std::string point;
  std::string fault;  // killed, error, hang; pause: until "go", and then goes on.
};

class Control final : public FailpointHook {
 public:
  explicit Control(const std::string& path) : socket_(socket(AF_UNIX, SOCK_STREAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    DS_CHECK(path.size() < sizeof(address.sun_path));
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    DS_CHECK(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
    for (const Description& each : kDescriptions) {
      Say(std::string("point ") + each.name + "\t" + each.step + "\t" + each.after);
    }
    Say("ready");
    // Signals are the service's own thread's.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([this] { Listen(); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void Named(RecordId id, std::string_view natural_key) override {
    const std::lock_guard lock(mutex_);
    if (is_aimed_ && natural_key == aim_) aimed_id_ = id.ToString();
  }

  bool Fails(Failpoint failpoint, std::span<const RecordId> ids) override {
    if (!is_aimed_ || ids.empty()) return false;
    const std::string name = kDescriptions[static_cast<std::size_t>(failpoint)].name;
    std::unique_lock lock(mutex_);
    bool is_ours = false;
    for (const RecordId& id : ids) is_ours = is_ours || id.ToString() == aimed_id_;
    if (!is_ours) return false;
    Say("pass " + name);
    for (std::size_t i = 0; i < armed_.size(); ++i) {
      if (armed_[i].point != name) continue;
      if (i + 1 < armed_.size()) return true;  // To get to the last one.
      if (!is_reached_) return Meet(name, lock);
    }
    return false;
  }

  void Searched() override {
    std::unique_lock lock(mutex_);
    if (!holds_searches_) return;
    Say("searched");
    released_.wait_for(lock, kGoPatience, [this] { return !holds_searches_; });
  }

 private:
  // During a hang the others go on failing: what another write does then is left undone too.
  bool Meet(const std::string& name, std::unique_lock<std::mutex>& lock) {
    const std::string fault = armed_.back().fault;
    is_reached_ = true;
    may_go_ = false;
    Say("hit " + name);
    went_.wait_for(lock, kGoPatience, [this] { return may_go_; });
    if (fault == "killed") kill(getpid(), SIGKILL);
    if (fault == "hang") ended_.wait_for(lock, kHang, [] { return false; });
    armed_.clear();
    Say("went");
    return fault == "error";
  }

  void Listen() {
    std::string text;
    char buffer[4096];
    for (;;) {
      const ssize_t size = read(socket_, buffer, sizeof(buffer));
      if (size <= 0) return;  // The test has ended, and ends this process too.
      text.append(buffer, static_cast<std::size_t>(size));
      for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        Obey(text.substr(0, end));
        text.erase(0, end + 1);
      }
    }
  }

  void Obey(const std::string& line) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    const std::lock_guard lock(mutex_);
    if (word == "go") {
      may_go_ = true;
      went_.notify_all();
      return;
    }
    if (word == "hold" || word == "release") {
      holds_searches_ = word == "hold";
      released_.notify_all();
      Say("armed");
      return;
    }
    armed_.clear();
    is_reached_ = false;
    is_aimed_ = word == "arm";
    words >> aim_;
    aimed_id_ = aim_;
    while (words >> word) {
      const std::size_t colon = word.find(':');
      armed_.push_back({word.substr(0, colon), word.substr(colon + 1)});
    }
    Say("armed");
  }

  void Say(const std::string& line) const {
    const std::string text = line + "\n";
    DS_CHECK(send(socket_, text.data(), text.size(), MSG_NOSIGNAL) ==
             static_cast<ssize_t>(text.size()));
  }

  const int socket_;
  std::atomic<bool> is_aimed_ = false;
  std::mutex mutex_;
  std::condition_variable went_;
  std::condition_variable ended_;  // Nobody ends a hang.
  std::condition_variable released_;
  bool holds_searches_ = false;
  std::string aim_;
  std::string aimed_id_;
  std::vector<Armed> armed_;
  bool is_reached_ = false;
  bool may_go_ = false;
};

int NumberIn(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : otherwise;
}

// Before main, which is the service's own.
const bool is_installed = [] {
  engine_mutant = static_cast<EngineMutant>(NumberIn("DS_ENGINE_MUTANT", 0));
  postgres::store_mutant = static_cast<postgres::StoreMutant>(NumberIn("DS_STORE_MUTANT", 0));
  const auto patience =
      std::chrono::duration_cast<std::chrono::milliseconds>(failpoint::request_patience);
  failpoint::settle_hurry = NumberIn("DS_SETTLE_HURRY", failpoint::settle_hurry);
  failpoint::request_patience = std::chrono::milliseconds(
      NumberIn("DS_REQUEST_PATIENCE_MS", static_cast<int>(patience.count())));
  const char* const path = std::getenv("DS_FAILPOINTS");
  if (path != nullptr) failpoint_hook = new Control(path);
  return true;
}();

}  // namespace
}  // namespace datastorage
