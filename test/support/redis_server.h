// RedisServer: a real Redis server of the test's own, in a temporary folder, reached by a socket in
// it and, where asked for, by a free port on loopback. Without the program the test run ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "support/temporary_folder.h"

namespace datastorage::test {

class RedisServer {
 public:
  struct Options {
    std::vector<std::string> arguments;  // After the program's own, such as {"--maxmemory", "8mb"}.
    bool has_tls = false;  // Also a TLS port; a client must show the certificate beside it.
  };

  RedisServer() : RedisServer(Options{}) {}
  // Returns once it answers.
  explicit RedisServer(Options options);
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  std::string socket_path() const { return folder_.path() + "/redis.sock"; }
  std::string url() const { return "unix://" + socket_path(); }
  std::uint16_t port() const { return port_; }
  std::uint16_t tls_port() const { return tls_port_; }
  // Where it has TLS: its certificate, made for 127.0.0.1, authority and client's as well.
  std::string certificate_path() const { return folder_.path() + "/certificate.pem"; }
  std::string key_path() const { return folder_.path() + "/key.pem"; }

  // One command as redis-cli takes it, such as {"SET", "k", "v"}; its answer as text. Ends the test
  // run where the server does not answer.
  std::string Run(const std::vector<std::string>& command) const;

  void Kill();      // kill -9. REQUIRES: it runs.
  void Start();     // Again, on the same socket and ports. REQUIRES: it does not run.
  void Suspend();   // SIGSTOP: connections are taken by the kernel, and nobody answers.
  void Continue();  // SIGCONT.

 private:
  void MakeCertificate() const;
  bool Answers() const;

  TemporaryFolder folder_;
  const Options options_;
  std::uint16_t port_ = 0;
  std::uint16_t tls_port_ = 0;
  pid_t process_ = 0;  // 0: does not run.
};

}  // namespace datastorage::test
