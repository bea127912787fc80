#include "support/cutting_proxy.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace datastorage::test {
namespace {

// -1 when nobody listens there.
int ConnectToPath(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) std::abort();
  std::memcpy(address.sun_path, path.data(), path.size());
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

bool SendAll(int fd, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t sent = send(fd, bytes, count, MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes += sent;
    count -= static_cast<std::size_t>(sent);
  }
  return true;
}

void CloseAtOnce(int fd) {
  const linger nothing_lingers{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &nothing_lingers, sizeof nothing_lingers);
  close(fd);
}

}  // namespace

CuttingProxy::CuttingProxy(std::string server_path) : server_path_(std::move(server_path)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (bind(listener_, generic, size) != 0 || listen(listener_, 16) != 0) std::abort();
  getsockname(listener_, generic, &size);
  port_ = ntohs(address.sin_port);
  if (pipe2(wake_pipe_, O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
  thread_ = std::thread([this] { Run(); });
}

CuttingProxy::~CuttingProxy() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  Wake();
  thread_.join();
  for (const Link& link : links_) End(link, Cut::kClose);
  for (const int fd : left_alone_) close(fd);
  for (const int fd : {listener_, wake_pipe_[0], wake_pipe_[1]}) close(fd);
}

void CuttingProxy::Mark() {
  const std::lock_guard lock(mutex_);
  turns_.clear();
  plan_.reset();
  has_cut_ = false;
}

std::vector<CuttingProxy::Turn> CuttingProxy::Turns() const {
  const std::lock_guard lock(mutex_);
  return turns_;
}

void CuttingProxy::CutAfter(Direction direction, std::size_t byte_count, Cut how) {
  const std::lock_guard lock(mutex_);
  plan_ = Plan{direction, byte_count, how};
  has_cut_ = false;
}

bool CuttingProxy::has_cut() const {
  const std::lock_guard lock(mutex_);
  return has_cut_;
}

void CuttingProxy::DropClients() {
  {
    const std::lock_guard lock(mutex_);
    drops_clients_ = true;
  }
  Wake();
}

void CuttingProxy::LeaveServersAlone() {
  for (const Link& link : links_) {
    CloseAtOnce(link.client);
    left_alone_.push_back(link.server);
  }
  links_.clear();
}

void CuttingProxy::Stall() {
  const std::lock_guard lock(mutex_);
  is_stalled_ = true;
}

void CuttingProxy::Resume() {
  {
    const std::lock_guard lock(mutex_);
    is_stalled_ = false;
  }
  Wake();
}

void CuttingProxy::Wake() const {
  // A full pipe wakes as well.
  (void)!write(wake_pipe_[1], "w", 1);
}

void CuttingProxy::Run() {
  while (true) {
    std::vector<pollfd> fds{{.fd = wake_pipe_[0], .events = POLLIN, .revents = 0}};
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) return;
      if (std::exchange(drops_clients_, false)) LeaveServersAlone();
      if (!is_stalled_) {
        fds.push_back({.fd = listener_, .events = POLLIN, .revents = 0});
        for (const Link& link : links_) {
          fds.push_back({.fd = link.client, .events = POLLIN, .revents = 0});
          fds.push_back({.fd = link.server, .events = POLLIN, .revents = 0});
        }
      }
    }
    poll(fds.data(), fds.size(), -1);
    char ignored[64];
    if (fds[0].revents != 0) (void)!read(wake_pipe_[0], ignored, sizeof ignored);
    std::vector<Link> living;
    for (std::size_t at = 2; at + 1 < fds.size(); at += 2) {
      const Link link{fds[at].fd, fds[at + 1].fd};
      bool lives = fds[at].revents == 0 || Pass(link, Direction::kToServer);
      lives = lives && (fds[at + 1].revents == 0 || Pass(link, Direction::kToClient));
      if (lives) living.push_back(link);
    }
    if (fds.size() == 1) continue;
    links_ = std::move(living);
    if (fds[1].revents != 0) Accept();
  }
}

void CuttingProxy::Accept() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int at_once = 1;
  setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
  const int server = ConnectToPath(server_path_);
  if (server < 0) {
    CloseAtOnce(client);
  } else {
    links_.push_back({client, server});
  }
}

bool CuttingProxy::Pass(const Link& link, Direction direction) {
  const bool to_server = direction == Direction::kToServer;
  char bytes[16'384];
  const std::lock_guard lock(mutex_);
  // Stalled since the wait began: what has come stays where it is.
  if (is_stalled_) return true;
  const bool is_planned = plan_.has_value() && plan_->direction == direction;
  const std::size_t most = is_planned ? std::min(plan_->left, sizeof bytes) : sizeof bytes;
  if (most > 0) {
    const ssize_t got = recv(to_server ? link.client : link.server, bytes, most, 0);
    if (got <= 0) return End(link, Cut::kClose);
    const auto count = static_cast<std::size_t>(got);
    if (!SendAll(to_server ? link.server : link.client, bytes, count)) {
      return End(link, Cut::kClose);
    }
    if (turns_.empty() || turns_.back().direction != direction) turns_.push_back({direction, 0});
    turns_.back().byte_count += count;
    if (is_planned) plan_->left -= count;
  }
  if (!is_planned || plan_->left > 0) return true;
  const Cut how = plan_->how;
  plan_.reset();
  has_cut_ = true;
  return End(link, how);
}

bool CuttingProxy::End(const Link& link, Cut how) {
  for (const int fd : {link.client, link.server}) {
    if (how == Cut::kReset) {
      CloseAtOnce(fd);
    } else {
      close(fd);
    }
  }
  return false;
}

}  // namespace datastorage::test
