// Where a Redis server is and who asks it, read from one URL.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace datastorage::redis {

struct Address {
  std::string socket_path;  // A socket in the file system; empty: host and port.
  std::string host;
  std::uint16_t port = 6379;
  std::string user;  // Empty: the server's default user.
  std::string password;
  int database = 0;
  bool is_tls = false;
  std::string authority_file;    // Certificates to trust; empty: the system's.
  std::string certificate_file;  // The client's own, with its key; empty: none.
  std::string key_file;
};

// redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE], rediss://… for TLS with ?cacert=FILE and
// &cert=FILE&key=FILE, or unix://[USER:PASSWORD@]/PATH[?db=DATABASE]. Reserved characters of names
// and passwords are percent-encoded.
// Errors: kInvalidArgument with what is wrong, such as "has no host"; never any part of the URL.
Result<Address> ParseAddress(std::string_view url);

// For people and logs: without user and password.
std::string DescriptionOf(const Address& address);

}  // namespace datastorage::redis
