#include "opensearch/address.h"

#include <algorithm>

#include "base/url_text.h"

namespace datastorage::opensearch {
namespace {

constexpr std::size_t kHostCountMax = 16;
// The server allows 255 bytes; the index behind the alias has a few more than the alias.
constexpr std::size_t kIndexByteCountMax = 200;
constexpr int kShardCountMax = 64;
constexpr int kReplicaCountMax = 16;

Result<void> ReadUser(std::string_view text, Address& address) {
  const auto user = DecodePercent(TakeUntil(text, ':'));
  const auto password = DecodePercent(text);
  if (!user || !password) {
    return InvalidArgument("has a % that begins no percent-encoded character");
  }
  if (user->empty()) return InvalidArgument("has a password without a user");
  if (user->find(':') != std::string::npos) return InvalidArgument("has a user with a colon");
  address.user = *user;
  address.password = *password;
  return {};
}

bool IsHostCharacter(char letter) {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9') || letter == '.' || letter == '-' || letter == '_';
}

Result<Host> ReadHost(std::string_view text) {
  Host host;
  bool has_port = false;
  if (text.starts_with('[')) {  // [::1]:9200
    text.remove_prefix(1);
    host.name = TakeUntil(text, ']');
    has_port = text.starts_with(':');
    if (!text.empty() && !has_port) return InvalidArgument("has no port after a host in brackets");
    if (has_port) text.remove_prefix(1);
    const bool is_v6 = host.name.find_first_not_of("0123456789abcdefABCDEF:.") == std::string::npos;
    if (!is_v6) return InvalidArgument("has no IPv6 address in its brackets");
  } else {
    has_port = text.find(':') != std::string_view::npos;
    host.name = TakeUntil(text, ':');
    if (!std::all_of(host.name.begin(), host.name.end(), IsHostCharacter)) {
      return InvalidArgument("has a host with a character that host names do not have");
    }
  }
  if (host.name.empty()) return InvalidArgument("has no host");
  if (has_port && !ReadNumber(text, 1, 65'535, host.port)) {
    return InvalidArgument("has no port between 1 and 65535 after a host");
  }
  return host;
}

Result<void> ReadHosts(std::string_view text, Address& address) {
  if (text.empty() || text.ends_with(',')) return InvalidArgument("has no host");
  while (!text.empty()) {
    DS_ASSIGN_OR_RETURN(Host host, ReadHost(TakeUntil(text, ',')));
    address.hosts.push_back(std::move(host));
  }
  if (address.hosts.size() > kHostCountMax) return InvalidArgument("names more than 16 hosts");
  return {};
}

Result<void> ReadIndex(std::string_view text, Address& address) {
  const auto is_plain = [](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') || letter == '-' ||
           letter == '_' || letter == '.';
  };
  if (text.empty()) return InvalidArgument("names no index, such as …:9200/audit-vectors");
  const char first = text.front();
  const bool begins_well = first != '-' && first != '_' && first != '.';
  if (!begins_well || !std::all_of(text.begin(), text.end(), is_plain) ||
      text.size() > kIndexByteCountMax) {
    return InvalidArgument(
        "names an index of other characters than a-z, 0-9, - _ and ., or one that does not begin "
        "with a letter or digit, or is longer than 200");
  }
  address.index = text;
  return {};
}

Result<void> ReadParameter(std::string_view text, Address& address) {
  const std::string_view name = TakeUntil(text, '=');
  const auto value = DecodePercent(text);
  if (!value || value->empty()) return InvalidArgument("has a parameter without a value");
  if (name == "shards") {
    if (ReadNumber(*value, 1, kShardCountMax, address.shard_count)) return {};
    return InvalidArgument("has a number of shards that is not between 1 and 64");
  }
  if (name == "replicas") {
    if (ReadNumber(*value, 0, kReplicaCountMax, address.replica_count)) return {};
    return InvalidArgument("has a number of replicas that is not between 0 and 16");
  }
  if (name == "wait_for_active_shards") {
    int count = 0;
    address.active_shard_count = *value;
    if (*value == "all" || ReadNumber(*value, 1, kReplicaCountMax + 1, count)) return {};
    return InvalidArgument("has wait_for_active_shards that is neither a number nor all");
  }
  std::string* file = nullptr;
  if (name == "password_file") file = &address.password_file;
  if (name == "api_key_file") file = &address.api_key_file;
  if (name == "cacert" && address.is_tls) file = &address.authority_file;
  if (file == nullptr) {
    return InvalidArgument(
        "has an unknown parameter; known: password_file, api_key_file, shards, replicas, "
        "wait_for_active_shards, and cacert of opensearch+https://");
  }
  *file = *value;
  return {};
}

Result<void> CheckCredentials(const Address& address) {
  const bool has_key = !address.api_key_file.empty();
  const bool has_password = !address.password.empty();
  const bool has_file = !address.password_file.empty();
  if (has_key && !address.user.empty()) {
    return InvalidArgument("has both a user and api_key_file: one of them");
  }
  if (has_password && has_file) {
    return InvalidArgument("has both a password and password_file: one of them");
  }
  if (address.user.empty() && has_file) return InvalidArgument("has a password without a user");
  if (!address.user.empty() && !has_password && !has_file) {
    return InvalidArgument("names a user without a password or password_file");
  }
  return {};
}

}  // namespace

Result<Address> ParseAddress(std::string_view url) {
  Address address;
  constexpr std::string_view kPlain = "opensearch+http://";
  constexpr std::string_view kTls = "opensearch+https://";
  address.is_tls = url.starts_with(kTls);
  if (!address.is_tls && !url.starts_with(kPlain)) {
    return InvalidArgument("must begin with opensearch+http:// or opensearch+https://");
  }
  std::string_view rest = url.substr(address.is_tls ? kTls.size() : kPlain.size());
  // A password with an unencoded slash or question mark must not be taken for host and index.
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    DS_RETURN_IF_ERROR(ReadUser(rest.substr(0, at), address));
    rest.remove_prefix(at + 1);
  }
  std::string_view place = TakeUntil(rest, '?');
  DS_RETURN_IF_ERROR(ReadHosts(TakeUntil(place, '/'), address));
  DS_RETURN_IF_ERROR(ReadIndex(place, address));
  while (!rest.empty()) DS_RETURN_IF_ERROR(ReadParameter(TakeUntil(rest, '&'), address));
  DS_RETURN_IF_ERROR(CheckCredentials(address));
  return address;
}

std::string BaseUrlOf(const Address& address, const Host& host) {
  const bool is_v6 = host.name.find(':') != std::string::npos;
  return (address.is_tls ? "https://" : "http://") + (is_v6 ? "[" + host.name + "]" : host.name) +
         ":" + std::to_string(host.port);
}

std::string DescriptionOf(const Address& address) {
  std::string text = "opensearch+";
  for (const Host& host : address.hosts) {
    const std::string url = BaseUrlOf(address, host);
    text += &host == &address.hosts.front() ? url : "," + url.substr(url.find("//") + 2);
  }
  return text + "/" + address.index;
}

}  // namespace datastorage::opensearch
