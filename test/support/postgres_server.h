// PostgresServer: a real PostgreSQL of a test's own, in a temporary folder, on a free loopback port
// and a unix socket. It ends with its owner, also when the test program is killed. It offers the
// extension `vector` where tools/fetch_pgvector.sh put it, without installing it.
//
// Threads: none, apart from conninfo(). A server ends with the thread that started it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "support/temporary_folder.h"

namespace datastorage::test {

class PostgresServer;

struct PostgresServerOptions {
  bool is_durable = true;               // fsync=on.
  std::vector<std::string> settings{};  // Such as "max_connections=20".
  // It begins as a copy of this one, follows it, and refuses writes until it is promoted.
  const PostgresServer* primary = nullptr;
  std::string data_path{};  // Where its data are to be; "": in its own folder.
};

class PostgresServer {
 public:
  // Starts it. A machine without a server ends the test program and says what to install.
  explicit PostgresServer(PostgresServerOptions options = {});
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // One for all tests of a program that leave it as it is.
  static PostgresServer& Shared();

  // For libpq, over TCP with the password; `user` is the superuser unless told otherwise.
  std::string Conninfo(const std::string& database, const std::string& user = kSuperuser) const;
  // Over the unix socket, without a password.
  std::string SocketConninfo(const std::string& database,
                             const std::string& user = kSuperuser) const;
  int port() const { return port_; }
  std::string socket_path() const { return folder_.path() + "/.s.PGSQL." + std::to_string(port_); }

  // A new database, a copy of another: the copy of a small one takes some tens of milliseconds.
  std::string MakeDatabase(const std::string& original = "template1");
  // Runs statements as the superuser and returns the first value of the last one, "" if none.
  // A failing statement ends the test program.
  std::string Run(const std::string& database, const std::string& sql) const;

  void Start();    // Waits until it answers. Settings given since apply.
  void Stop();     // As an administrator does: sessions are cut, what they had not
                   // committed is undone.
  void Kill();     // SIGKILL for every process at once, as a power cut of the machine.
  void Restart();  // Stop, then Start.
  void Pause();    // SIGSTOP for every process: connections stay, nothing is answered.
  void Resume();
  void Promote();  // Of a standby; returns when it takes writes.
  bool is_running() const { return postmaster_ > 0; }
  bool HasEnded();  // By itself, as after a failure that it cannot recover from; then Start it.

  static constexpr const char* kSuperuser = "postgres";
  // Of every role, for TCP.
  static constexpr const char* kPassword = "s3cret-of-the-tests";

 private:
  void MakeInstallation();
  void MakeCluster();
  void CopyPrimary();
  std::vector<pid_t> Processes() const;
  bool Answers() const;
  std::string DataPath() const;

  PostgresServerOptions options_;
  TemporaryFolder folder_;
  std::string bin_;
  int port_ = 0;
  pid_t postmaster_ = 0;
  int database_count_ = 0;
};

}  // namespace datastorage::test
