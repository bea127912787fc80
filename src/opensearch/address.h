// Where an OpenSearch cluster is, who asks it, and how the index there is to be made: one URL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace datastorage::opensearch {

struct Host {
  std::string name;  // An IPv6 address without its brackets.
  std::uint16_t port = 9200;

  bool operator==(const Host&) const = default;
};

struct Address {
  bool is_tls = false;
  std::vector<Host> hosts;  // Of one cluster, at least one.
  std::string index;        // The alias that all requests name.
  std::string user;         // Empty: no basic authentication.
  std::string password;
  std::string password_file;   // In place of `password`.
  std::string api_key_file;    // In place of a user.
  std::string authority_file;  // Certificates to trust; empty: the system's.
  // Of an index that is made; one that exists keeps its own.
  int shard_count = 1;
  int replica_count = 1;
  // How many copies of a shard must be up before a write is tried: a number or "all"; empty: what
  // the index says, which is 1 by default.
  std::string active_shard_count;
};

// opensearch+http://[USER[:PASSWORD]@]HOST[:PORT][,HOST[:PORT]…]/INDEX[?NAME=VALUE[&…]], or
// opensearch+https://… for TLS. Parameters: password_file, api_key_file, cacert (TLS only), shards,
// replicas, wait_for_active_shards. Reserved characters are percent-encoded.
// Errors: kInvalidArgument with what is wrong, such as "has no host"; never any part of the URL.
Result<Address> ParseAddress(std::string_view url);

// For people and logs: without user, password and files.
std::string DescriptionOf(const Address& address);

// "http://host:port", without a slash at the end.
std::string BaseUrlOf(const Address& address, const Host& host);

}  // namespace datastorage::opensearch
