#include "support/opensearch_server.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "net/http_client.h"
#include "support/server_process.h"

namespace datastorage::test {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void GiveUp(const std::string& what) {
  std::fprintf(stderr, "\nno OpenSearch for the tests: %s\n", what.c_str());
  std::abort();
}

// It refuses to run as root: then the user nobody runs it.
std::optional<ServerUser> RunsAs() {
  constexpr uid_t kNobody = 65'534;
  return geteuid() == 0 ? std::optional<ServerUser>({kNobody, kNobody}) : std::nullopt;
}

// False when it did not become true in four minutes: a busy machine takes one.
bool AwaitLong(const std::function<bool()>& is_true) {
  return Await(is_true, std::chrono::minutes(4), std::chrono::milliseconds(20));
}

std::string Java() {
  for (const char* const path : {"/usr/bin/java", "/usr/lib/jvm/default-java/bin/java"}) {
    if (fs::exists(path)) return path;
  }
  GiveUp("there is no java: run tools/install_packages.sh test");
}

}  // namespace

OpensearchServer::OpensearchServer(OpensearchServerOptions options) : options_(std::move(options)) {
  const std::vector<int> ports = FreeLoopbackPorts(2);
  port_ = ports[0];
  if (options_.transport_port == 0) options_.transport_port = ports[1];
  MakeInstallation();
  Start();
}

OpensearchServer::~OpensearchServer() {
  if (is_running()) Kill();
}

OpensearchServer& OpensearchServer::Shared() {
  static OpensearchServer server;
  return server;
}

// A copy: the server reads its configuration, writes its data and logs below its own folder.
void OpensearchServer::MakeInstallation() {
  const fs::path fetched = DS_OPENSEARCH_DIR;
  if (!fs::exists(fetched / "lib")) GiveUp("run tools/fetch_opensearch.sh");
  const fs::path home = folder_.path();
  fs::copy(fetched, home, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  fs::create_directories(home / "tmp");
  const std::string transport = std::to_string(options_.transport_port);
  std::ofstream settings(home / "config/opensearch.yml");
  settings << "cluster.name: " << fs::path(folder_.path()).parent_path().filename().string()
           << "-tests\nnode.name: node-" << transport
           << "\nnetwork.host: 127.0.0.1\nhttp.port: " << port_ << "\ntransport.port: " << transport
           << "\ncluster.routing.allocation.disk.threshold_enabled: false\n";
  if (options_.cluster_nodes.empty()) {
    settings << "discovery.type: single-node\n";
  } else {
    settings << "discovery.seed_hosts: [";
    for (const std::string& node : options_.cluster_nodes) {
      settings << (&node == &options_.cluster_nodes.front() ? "\"" : ",\"") << node << '"';
    }
    settings << "]\ncluster.initial_cluster_manager_nodes: [";
    for (const std::string& node : options_.cluster_nodes) {
      settings << (&node == &options_.cluster_nodes.front() ? "\"node-" : ",\"node-")
               << node.substr(node.find(':') + 1) << '"';
    }
    // A node that hangs is put out sooner than by default, which is after half a minute.
    settings << "]\ncluster.fault_detection.follower_check.timeout: 3s\n"
             << "cluster.fault_detection.follower_check.retry_count: 2\n"
             << "cluster.fault_detection.leader_check.timeout: 3s\n"
             << "cluster.fault_detection.leader_check.retry_count: 2\n"
             << "cluster.publish.timeout: 5s\ncluster.follower_lag.timeout: 5s\n";
  }
  settings.close();
  const std::optional<ServerUser> user = RunsAs();
  if (user.has_value() && !HandOver(home, *user)) GiveUp("chown " + home.string());
}

// As bin/opensearch does it, without the three Java programs that it asks before; for a short life:
// quick to start rather than quick in the end.
std::vector<std::string> OpensearchServer::Command() const {
  const std::string& home = folder_.path();
  return {Java(),
          "-Xms512m",
          "-Xmx512m",
          "-XX:+UseSerialGC",
          "-XX:TieredStopAtLevel=1",
          "-XX:+UnlockDiagnosticVMOptions",
          "-XX:-BytecodeVerificationRemote",
          "-Djava.io.tmpdir=" + home + "/tmp",
          std::string("-Djava.util.concurrent.ForkJoinPool.common.threadFactory=") +
              "org.opensearch.secure_sm.SecuredForkJoinWorkerThreadFactory",
          "-Djava.awt.headless=true",
          "-Dfile.encoding=UTF-8",
          "-Dio.netty.noUnsafe=true",
          "-Dio.netty.noKeySetOptimization=true",
          "-Dio.netty.recycler.maxCapacityPerThread=0",
          "-Dio.netty.allocator.numDirectArenas=0",
          "-Dlog4j.shutdownHookEnabled=false",
          "-Dlog4j2.disable.jmx=true",
          "-Djava.locale.providers=SPI,COMPAT",
          "-Dopensearch.path.home=" + home,
          "-Dopensearch.path.conf=" + home + "/config",
          "-Dopensearch.distribution.type=tar",
          "-Dopensearch.bundled_jdk=false",
          "-cp",
          home + "/lib/*",
          "org.opensearch.bootstrap.OpenSearch"};
}

void OpensearchServer::Start() {
  process_ = Launch({Command(), folder_.path(), RunsAs(), SIGKILL});
  if (options_.waits) AwaitNodes(1);
}

std::string OpensearchServer::Ask(const std::string& method,
                                  const std::string& path,
                                  const std::string& body) {
  net::HttpClient client({.connection_count_max = 1});
  net::HttpRequest request;
  request.method = method;
  request.url = url() + path;
  request.body = body;
  if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
  const auto answer = client.Send(request, Deadline::In(std::chrono::seconds(20)));
  return answer.has_value() ? answer->body : "";
}

void OpensearchServer::AwaitNodes(int count) {
  const bool has_come = AwaitLong([&] {
    int status = 0;
    if (waitpid(process_, &status, WNOHANG) == process_) {
      GiveUp("it ended at its start: " + TextOf(folder_.path() + "/log"));
    }
    const std::string health = Ask("GET", "/_cluster/health");
    const std::string mark = "\"number_of_nodes\":";
    const std::size_t at = health.find(mark);
    return at != std::string::npos && std::atoi(health.c_str() + at + mark.size()) >= count;
  });
  if (!has_come) GiveUp("it does not answer: " + TextOf(folder_.path() + "/log"));
}

void OpensearchServer::Kill() {
  kill(process_, SIGKILL);
  int status = 0;
  waitpid(process_, &status, 0);
  process_ = 0;
}

void OpensearchServer::Pause() {
  kill(process_, SIGSTOP);
}

void OpensearchServer::Resume() {
  kill(process_, SIGCONT);
}

std::string OpensearchServer::NewAddress() {
  return "opensearch+" + url() + "/test-" + std::to_string(++index_count_) + "?replicas=0";
}

}  // namespace datastorage::test
