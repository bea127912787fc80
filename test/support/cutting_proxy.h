// CuttingProxy: stands between a client and a server, passes bytes on, and cuts a connection after
// exactly so many of them, or stalls. It knows nothing of what it passes.
//
// Threads:     one of its own; every method may be called from any thread.
// Limitations: passes on with blocking writes: both sides must read what they asked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace datastorage::test {

class CuttingProxy {
 public:
  enum class Direction : std::uint8_t { kToServer, kToClient };
  enum class Cut : std::uint8_t {
    kReset,  // RST: what is under way may be lost.
    kClose,  // FIN: what was passed on arrives.
  };
  // What went one way without a byte the other way in between.
  struct Turn {
    Direction direction = Direction::kToServer;
    std::size_t byte_count = 0;
  };

  // Connects to the server's unix socket for each client of its own loopback port.
  explicit CuttingProxy(std::string server_path);
  ~CuttingProxy();
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;

  int port() const { return port_; }

  // Begins to count, and forgets a cut that was not reached.
  void Mark();
  // Since the mark.
  std::vector<Turn> Turns() const;
  // Counts from now on: the connection that passes byte number `byte_count` in that direction ends
  // behind it, both ways; with 0 the one that would pass the first. Once: later ones are left
  // alone.
  void CutAfter(Direction direction, std::size_t byte_count, Cut how);
  // Whether that point was reached.
  bool has_cut() const;

  // Clients find their connections ended, the server finds nothing: as when a network is cut and
  // one side notices first.
  void DropClients();

  // Connections stay, and pass nothing.
  void Stall();
  void Resume();

 private:
  struct Link {
    int client = -1;
    int server = -1;
  };
  struct Plan {
    Direction direction = Direction::kToServer;
    std::size_t left = 0;
    Cut how = Cut::kReset;
  };

  void Run();
  void Accept();
  void LeaveServersAlone();
  // False: the link is over.
  bool Pass(const Link& link, Direction direction);
  bool End(const Link& link, Cut how);
  void Wake() const;

  const std::string server_path_;
  int listener_ = -1;
  int port_ = 0;
  int wake_pipe_[2] = {-1, -1};
  std::vector<Link> links_;      // The thread's own.
  std::vector<int> left_alone_;  // The same: of servers whose clients were dropped.
  mutable std::mutex mutex_;
  std::vector<Turn> turns_;
  std::optional<Plan> plan_;
  bool has_cut_ = false;
  bool drops_clients_ = false;
  bool is_stalled_ = false;
  bool is_stopping_ = false;
  std::thread thread_;  // Last: it uses the rest.
};

}  // namespace datastorage::test
