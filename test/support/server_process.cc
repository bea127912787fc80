#include "support/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "base/check.h"

namespace datastorage::test {

namespace fs = std::filesystem;

std::vector<int> FreeLoopbackPorts(int count) {
  std::vector<int> sockets, ports;
  for (int i = 0; i < count; ++i) {
    const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    DS_CHECK(bind(socket_fd, generic, size) == 0 && getsockname(socket_fd, generic, &size) == 0);
    sockets.push_back(socket_fd);
    ports.push_back(ntohs(address.sin_port));
  }
  for (const int socket_fd : sockets) close(socket_fd);
  return ports;
}

std::string TextOf(const fs::path& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();  // Unlike an iterator it throws nothing.
  return text.str();
}

bool Await(const std::function<bool()>& is_true,
           std::chrono::milliseconds limit,
           std::chrono::milliseconds pause) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > end) return false;
    poll(nullptr, 0, static_cast<int>(pause.count()));
  }
  return true;
}

bool HandOver(const fs::path& folder, const ServerUser& user) {
  const auto hand_over = [&](const fs::path& each) {
    return lchown(each.c_str(), user.user, user.group) == 0;
  };
  bool is_done = hand_over(folder);
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    is_done = is_done && hand_over(entry.path());
  }
  return is_done;
}

pid_t Launch(const ServerCommand& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command.words) {
    arguments.push_back(const_cast<char*>(word.c_str()));
  }
  arguments.push_back(nullptr);
  const std::string log = command.folder + "/log";
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child != 0) return child;
  // Between fork and exec only what is safe after a fork of a threaded program.
  if (command.user.has_value() && (setgroups(0, nullptr) != 0 || setgid(command.user->group) != 0 ||
                                   setuid(command.user->user) != 0)) {
    _exit(126);
  }
  prctl(PR_SET_PDEATHSIG, command.death_signal);  // After the change of user, which clears it.
  if (getppid() != parent || chdir(command.folder.c_str()) != 0) _exit(126);
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  execv(arguments[0], arguments.data());
  _exit(127);
}

}  // namespace datastorage::test
