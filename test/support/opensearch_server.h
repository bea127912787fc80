// OpensearchServer: a real OpenSearch node of a test's own, in a temporary folder, on free loopback
// ports, put together by tools/fetch_opensearch.sh. It ends with its owner, also when the test
// program is killed. It starts within seconds, on a busy machine within a minute.
//
// Threads: none, apart from url() and address(). A node ends with the thread that started it.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "support/temporary_folder.h"

namespace datastorage::test {

struct OpensearchServerOptions {
  // Of one cluster, this one included: "host:port" of the transport; empty: a node alone.
  std::vector<std::string> cluster_nodes{};
  int transport_port = 0;  // 0: a free one.
  bool waits = true;       // Until it answers; nodes of a cluster wait for each other.
};

class OpensearchServer {
 public:
  // Starts it. A machine without one ends the test program and says what to run.
  explicit OpensearchServer(OpensearchServerOptions options = {});
  ~OpensearchServer();
  OpensearchServer(const OpensearchServer&) = delete;
  OpensearchServer& operator=(const OpensearchServer&) = delete;

  // One for all tests of a program that leave it as it is.
  static OpensearchServer& Shared();

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  // Of an index that no other test has: opensearch+http://127.0.0.1:PORT/test-N?replicas=0.
  std::string NewAddress();
  int port() const { return port_; }

  void Start();  // And waits, unless told otherwise.
  void Kill();   // SIGKILL: what was not on disk or with the kernel is lost.
  void Pause();  // SIGSTOP: connections stay, nothing is answered.
  void Resume();
  bool is_running() const { return process_ > 0; }
  // Returns once it belongs to a cluster of at least so many nodes.
  void AwaitNodes(int count);
  // Of a request to this node: the body, "" when it does not answer. For looking on, beside the
  // code that is tested.
  std::string Ask(const std::string& method, const std::string& path, const std::string& body = "");

 private:
  void MakeInstallation();
  std::vector<std::string> Command() const;

  OpensearchServerOptions options_;
  TemporaryFolder folder_;
  int port_ = 0;
  pid_t process_ = 0;
  int index_count_ = 0;
};

}  // namespace datastorage::test
