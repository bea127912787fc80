// RawListener: a socket in a temporary folder that takes connections and leaves what is said on
// them to the test.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

#include "base/check.h"
#include "redis/address.h"
#include "support/temporary_folder.h"

namespace datastorage::redis {

class RawListener {
 public:
  RawListener() : fd_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    std::memcpy(local.sun_path, path().c_str(), path().size() + 1);
    DS_CHECK(bind(fd_, reinterpret_cast<sockaddr*>(&local), sizeof local) == 0);
    DS_CHECK(listen(fd_, 16) == 0);
  }
  ~RawListener() { close(fd_); }
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  std::string path() const { return folder_.path() + "/socket"; }
  Address address() const {
    Address address;
    address.socket_path = path();
    return address;
  }

  // The next connection's descriptor, which the caller closes; -1 after Stop.
  int Accept() const { return accept(fd_, nullptr, nullptr); }
  void Stop() const { shutdown(fd_, SHUT_RDWR); }

 private:
  TemporaryFolder folder_;
  int fd_;
};

inline void Say(int fd, std::string_view bytes) {
  const ssize_t count = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  static_cast<void>(count);
}

// What was sent, up to and with `end`; less where the connection ends.
inline std::string Hear(int fd, std::string_view end) {
  std::string heard;
  char byte = 0;
  while (!heard.ends_with(end) && recv(fd, &byte, 1, 0) == 1) heard.push_back(byte);
  return heard;
}

}  // namespace datastorage::redis
