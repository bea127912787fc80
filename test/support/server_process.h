// What it takes to start a real server for the tests and to watch it: shared by those of
// PostgreSQL, OpenSearch and Redis.
//
// Threads: no state.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace datastorage::test {

// So many free loopback ports, different ones.
std::vector<int> FreeLoopbackPorts(int count);

// Empty where it cannot be read, as the file of a process that ends meanwhile.
std::string TextOf(const std::filesystem::path& path);

// False when it did not become true within `limit`; looks again after each `pause`.
bool Await(const std::function<bool()>& is_true,
           std::chrono::milliseconds limit,
           std::chrono::milliseconds pause);

// Who a server runs as that refuses to be root.
struct ServerUser {
  uid_t user = 0;
  gid_t group = 0;
};

// Gives a folder and all in it to that user. False when the system refuses.
bool HandOver(const std::filesystem::path& folder, const ServerUser& user);

struct ServerCommand {
  std::vector<std::string> words;  // The first is the program's path.
  std::string folder;              // It runs here, and its output is appended to `log` here.
  std::optional<ServerUser> user;  // None: as the tests do.
  int death_signal = 0;            // It gets when the thread ends that started it.
};

// Starts it and does not wait.
pid_t Launch(const ServerCommand& command);

}  // namespace datastorage::test
