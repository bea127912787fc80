#include "support/redis_server.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "base/check.h"
#include "support/server_process.h"

namespace datastorage::test {
namespace {

constexpr std::chrono::seconds kStartTimeout{20};

[[noreturn]] void GiveUp(const std::string& why) {
  std::fprintf(stderr, "RedisServer: %s\n", why.c_str());
  std::exit(1);
}

// Starts a program; its output goes to `output`, a path, or nowhere.
pid_t Spawn(const std::string& program, std::vector<std::string> words, const std::string& output) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  DS_CHECK(child >= 0);
  if (child > 0) return child;
  // A test that is killed leaves no server behind.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  const int fd = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
  execvp(program.c_str(), arguments.data());
  _exit(127);
}

int AwaitExit(pid_t child) {
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The server's program; Debian's redis-tools hold it under another name only, and it tells what to
// be by the name it is called.
std::string ProgramIn(const std::string& folder) {
  for (const char* path : {"/usr/bin/redis-server",
                           "/usr/local/bin/redis-server",
                           "/usr/bin/valkey-server",
                           "/usr/local/bin/valkey-server"}) {
    if (access(path, X_OK) == 0) return path;
  }
  constexpr const char* kOtherName = "/usr/bin/redis-check-rdb";
  if (access(kOtherName, X_OK) != 0) {
    GiveUp("there is no Redis server; run tools/install_packages.sh test");
  }
  std::string link = folder + "/redis-server";
  std::error_code ignored;
  std::filesystem::create_symlink(kOtherName, link, ignored);
  return link;
}

}  // namespace

RedisServer::RedisServer(Options options) : options_(std::move(options)) {
  const std::vector<int> ports = FreeLoopbackPorts(2);
  port_ = static_cast<std::uint16_t>(ports[0]);
  if (options_.has_tls) {
    tls_port_ = static_cast<std::uint16_t>(ports[1]);
    MakeCertificate();
  }
  Start();
}

RedisServer::~RedisServer() {
  if (process_ != 0) Kill();
}

void RedisServer::MakeCertificate() const {
  const pid_t child = Spawn("openssl",
                            {"openssl",
                             "req",
                             "-x509",
                             "-newkey",
                             "ec",
                             "-pkeyopt",
                             "ec_paramgen_curve:P-256",
                             "-nodes",
                             "-days",
                             "2",
                             "-subj",
                             "/CN=test",
                             "-addext",
                             "subjectAltName=IP:127.0.0.1",
                             "-keyout",
                             key_path(),
                             "-out",
                             certificate_path()},
                            folder_.path() + "/openssl.log");
  if (AwaitExit(child) != 0) GiveUp(TextOf(folder_.path() + "/openssl.log"));
}

void RedisServer::Start() {
  DS_CHECK(process_ == 0);
  const std::string program = ProgramIn(folder_.path());
  std::vector<std::string> words{program,
                                 "--port",
                                 std::to_string(port_),
                                 "--bind",
                                 "127.0.0.1",
                                 "--unixsocket",
                                 socket_path(),
                                 "--dir",
                                 folder_.path(),
                                 "--save",
                                 "",
                                 "--appendonly",
                                 "no",
                                 "--daemonize",
                                 "no"};
  if (options_.has_tls) {
    for (const std::string& word : {std::string("--tls-port"),
                                    std::to_string(tls_port_),
                                    std::string("--tls-cert-file"),
                                    certificate_path(),
                                    std::string("--tls-key-file"),
                                    key_path(),
                                    std::string("--tls-ca-cert-file"),
                                    certificate_path()}) {
      words.push_back(word);
    }
  }
  words.insert(words.end(), options_.arguments.begin(), options_.arguments.end());
  std::error_code ignored;
  std::filesystem::remove(socket_path(), ignored);
  const std::string log = folder_.path() + "/redis.log";
  process_ = Spawn(program, words, log);
  const auto end = std::chrono::steady_clock::now() + kStartTimeout;
  while (!Answers()) {
    const bool has_ended = waitpid(process_, nullptr, WNOHANG) == process_;
    if (has_ended || std::chrono::steady_clock::now() > end) {
      GiveUp("the server does not start:\n" + TextOf(log));
    }
    std::this_thread::yield();
  }
}

// Whatever it answers, NOAUTH too, it is up.
bool RedisServer::Answers() const {
  const std::string output = folder_.path() + "/answer.txt";
  return AwaitExit(Spawn("redis-cli", {"redis-cli", "-s", socket_path(), "PING"}, output)) == 0;
}

std::string RedisServer::Run(const std::vector<std::string>& command) const {
  std::vector<std::string> words{"redis-cli", "-s", socket_path()};
  words.insert(words.end(), command.begin(), command.end());
  const std::string output = folder_.path() + "/answer.txt";
  if (AwaitExit(Spawn("redis-cli", words, output)) != 0) GiveUp(TextOf(output));
  std::string answer = TextOf(output);
  if (answer.ends_with('\n')) answer.pop_back();
  return answer;
}

void RedisServer::Kill() {
  DS_CHECK(process_ != 0);
  kill(process_, SIGKILL);
  AwaitExit(process_);
  process_ = 0;
}

void RedisServer::Suspend() {
  kill(process_, SIGSTOP);
  int status = 0;
  // Returns once it stands still, so that what comes next meets a server that does not answer.
  DS_CHECK(waitpid(process_, &status, WUNTRACED) == process_ && WIFSTOPPED(status));
}

void RedisServer::Continue() {
  kill(process_, SIGCONT);
}

}  // namespace datastorage::test
