// HTTPS with a server that has a certificate of its own making: what is trusted, and what is not.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "net/http_client.h"
#include "support/server_process.h"
#include "support/temporary_folder.h"

namespace datastorage::net {
namespace {

pid_t Launch(std::vector<std::string> words) {
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int output : {STDOUT_FILENO, STDERR_FILENO}) {
    posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0);
  }
  pid_t child = 0;
  EXPECT_EQ(posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  return child;
}

class HttpClientTls : public testing::Test {
 protected:
  HttpClientTls() {
    std::vector<std::string> words{"openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days"};
    words.insert(words.end(), {"2", "-pkeyopt", "ec_paramgen_curve:P-256", "-subj", "/CN=server"});
    words.insert(words.end(), {"-addext", "subjectAltName=IP:127.0.0.1"});
    words.insert(words.end(), {"-keyout", Path("key"), "-out", Path("certificate")});
    int status = 0;
    waitpid(Launch(words), &status, 0);
    EXPECT_EQ(status, 0);
    port_ = std::to_string(test::FreeLoopbackPorts(1)[0]);
    server_ = Launch({"openssl",
                      "s_server",
                      "-www",
                      "-quiet",
                      "-accept",
                      "127.0.0.1:" + port_,
                      "-key",
                      Path("key"),
                      "-cert",
                      Path("certificate")});
  }
  ~HttpClientTls() override {
    kill(server_, SIGKILL);
    int status = 0;
    waitpid(server_, &status, 0);
  }

  std::string Path(const std::string& name) const { return folder_.path() + "/" + name; }
  // 0 when no answer came.
  int StatusOf(const std::string& authority_file, const std::string& host = "127.0.0.1") {
    HttpClientOptions options;
    options.authority_file = authority_file;
    HttpClient client(options);
    HttpRequest request;
    request.url = "https://" + host + ":" + port_ + "/";
    const auto answer = client.Send(request, Deadline::In(std::chrono::seconds(10)));
    if (answer.has_value()) return answer->status;
    EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
    return 0;
  }

  TemporaryFolder folder_;
  std::string port_;
  pid_t server_ = 0;
};

TEST_F(HttpClientTls, TrustsTheGivenAuthorityForTheHostsItNames) {
  int status = 0;
  for (int tries = 0; tries < 500 && status == 0; ++tries) {  // Until the server has come up.
    status = StatusOf(Path("certificate"));
    if (status == 0) poll(nullptr, 0, 20);
  }
  EXPECT_EQ(status, 200);
  EXPECT_EQ(StatusOf(Path("certificate"), "localhost"), 0);
  EXPECT_EQ(StatusOf(""), 0) << "the system trusts what it does not know";
  EXPECT_EQ(StatusOf(Path("none")), 0);
}

}  // namespace
}  // namespace datastorage::net
