#include "redis/socket_stream.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace datastorage::redis {
namespace {

Error Lost() {
  return Unavailable("the connection to the cache was lost");
}

Error NotReached() {
  return Unavailable("the cache cannot be reached");
}

// Until the socket can do what `events` name, or has failed: the next call tells.
Result<void> Await(int fd, short events, Deadline deadline) {
  while (true) {
    pollfd waited{fd, events, 0};
    const std::int64_t left = deadline.Remaining().count();
    timespec timeout{};
    timeout.tv_sec = left / 1'000'000;
    timeout.tv_nsec = left % 1'000'000 * 1'000;
    const int count = ppoll(&waited, 1, &timeout, nullptr);
    if (count > 0) return {};
    if (count == 0) return DeadlineExceeded("the cache did not answer in time");
    if (errno != EINTR) return Lost();
  }
}

bool MustWait() {
  return errno == EAGAIN || errno == EWOULDBLOCK;
}

struct Target {
  sockaddr_storage address{};
  socklen_t size = 0;
};

// A connected socket, or why not.
Result<int> ConnectTo(const Target& target, Deadline deadline) {
  const int family = target.address.ss_family;
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return NotReached();
  if (family != AF_UNIX) {
    // Commands go out whole: waiting for more to send would only cost time.
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  }
  Result<void> done;
  if (connect(fd, reinterpret_cast<const sockaddr*>(&target.address), target.size) != 0) {
    done = errno == EINPROGRESS ? Await(fd, POLLOUT, deadline) : NotReached();
    int failure = 0;
    socklen_t size = sizeof failure;
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size);
    if (done.has_value() && failure != 0) done = NotReached();
  }
  if (done.has_value()) return fd;
  close(fd);
  return done.error();
}

Result<int> ConnectToPath(const std::string& path, Deadline deadline) {
  Target target;
  sockaddr_un local{};
  if (path.size() >= sizeof local.sun_path) return InvalidArgument("the socket's path is too long");
  local.sun_family = AF_UNIX;
  std::memcpy(local.sun_path, path.c_str(), path.size() + 1);
  std::memcpy(&target.address, &local, sizeof local);
  target.size = sizeof local;
  return ConnectTo(target, deadline);
}

// The host's addresses in the system's order, until one takes the connection.
Result<int> ConnectToHost(const Address& address, Deadline deadline) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  if (getaddrinfo(address.host.c_str(), port.c_str(), &hints, &found) != 0) {
    return Unavailable("the name of the cache's host cannot be resolved");
  }
  Result<int> connected = NotReached();
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    Target target;
    std::memcpy(&target.address, each->ai_addr, each->ai_addrlen);
    target.size = each->ai_addrlen;
    connected = ConnectTo(target, deadline);
    if (connected.has_value()) break;
  }
  freeaddrinfo(found);
  return connected;
}

}  // namespace

Result<std::unique_ptr<SocketStream>> SocketStream::Connect(const Address& address,
                                                            Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const int fd,
                      address.socket_path.empty() ? ConnectToHost(address, deadline)
                                                  : ConnectToPath(address.socket_path, deadline));
  return std::unique_ptr<SocketStream>(new SocketStream(fd));
}

SocketStream::~SocketStream() {
  close(fd_);
}

Result<void> SocketStream::Send(std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (MustWait()) {
      DS_RETURN_IF_ERROR(Await(fd_, POLLOUT, deadline));
    } else if (errno != EINTR) {
      return Lost();
    }
  }
  return {};
}

Result<std::size_t> SocketStream::Receive(std::span<char> buffer, Deadline deadline) {
  while (true) {
    const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) return Lost();
    if (MustWait()) {
      DS_RETURN_IF_ERROR(Await(fd_, POLLIN, deadline));
    } else if (errno != EINTR) {
      return Lost();
    }
  }
}

}  // namespace datastorage::redis
