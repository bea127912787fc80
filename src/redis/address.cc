#include "redis/address.h"

#include "base/url_text.h"

namespace datastorage::redis {
namespace {

constexpr int kDatabaseMax = 65'535;

Result<void> ReadUser(std::string_view text, Address& address) {
  const bool has_password = text.find(':') != std::string_view::npos;
  const auto user = DecodePercent(TakeUntil(text, ':'));
  const auto password = DecodePercent(text);
  if (!user || !password)
    return InvalidArgument("has a % that begins no percent-encoded character");
  if (!has_password || password->empty()) {
    return InvalidArgument("names a user without a password");
  }
  address.user = *user;
  address.password = *password;
  return {};
}

Result<void> ReadDatabase(std::string_view text, Address& address) {
  if (ReadNumber(text, 0, kDatabaseMax, address.database)) return {};
  return InvalidArgument("names no database by a number, such as redis://host:6379/0");
}

Result<void> ReadHost(std::string_view text, Address& address) {
  if (text.starts_with('[')) {  // [::1]:6379
    text.remove_prefix(1);
    address.host = TakeUntil(text, ']');
    if (!text.empty() && text.front() != ':') return InvalidArgument("has no port after the host");
    if (!text.empty()) text.remove_prefix(1);
  } else {
    const bool has_port = text.find(':') != std::string_view::npos;
    address.host = TakeUntil(text, ':');
    if (has_port && text.empty()) return InvalidArgument("has no port after the colon");
  }
  if (address.host.empty()) return InvalidArgument("has no host");
  if (text.empty() || ReadNumber(text, 1, 65'535, address.port)) return {};
  return InvalidArgument("has no port between 1 and 65535 after the host");
}

Result<void> ReadParameter(std::string_view text, Address& address) {
  const std::string_view name = TakeUntil(text, '=');
  const auto value = DecodePercent(text);
  if (!value || value->empty()) return InvalidArgument("has a parameter without a value");
  if (name == "db" && !address.socket_path.empty()) return ReadDatabase(*value, address);
  std::string* file = nullptr;
  if (address.is_tls && name == "cacert") file = &address.authority_file;
  if (address.is_tls && name == "cert") file = &address.certificate_file;
  if (address.is_tls && name == "key") file = &address.key_file;
  if (file == nullptr) {
    return InvalidArgument(
        "has an unknown parameter; known: cacert, cert and key of rediss://, db of unix://");
  }
  *file = *value;
  return {};
}

}  // namespace

Result<Address> ParseAddress(std::string_view url) {
  Address address;
  const std::size_t scheme_end = url.find("://");
  const std::string_view scheme = url.substr(0, scheme_end);
  const bool is_unix = scheme == "unix";
  address.is_tls = scheme == "rediss";
  const bool is_known = is_unix || address.is_tls || scheme == "redis";
  if (scheme_end == std::string_view::npos || !is_known) {
    return InvalidArgument("must begin with redis://, rediss:// or unix://");
  }
  std::string_view rest = url.substr(scheme_end + 3);
  // A password with an unencoded slash or question mark must not be taken for host and path.
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    DS_RETURN_IF_ERROR(ReadUser(rest.substr(0, at), address));
    rest.remove_prefix(at + 1);
  }
  std::string_view place = TakeUntil(rest, '?');
  if (is_unix) {
    const auto path = DecodePercent(place);
    if (!path || !path->starts_with('/')) {
      return InvalidArgument("names no absolute path, such as unix:///run/redis/redis.sock");
    }
    address.socket_path = *path;
  } else {
    DS_RETURN_IF_ERROR(ReadHost(TakeUntil(place, '/'), address));
    if (!place.empty()) DS_RETURN_IF_ERROR(ReadDatabase(place, address));
  }
  while (!rest.empty()) DS_RETURN_IF_ERROR(ReadParameter(TakeUntil(rest, '&'), address));
  if (address.certificate_file.empty() != address.key_file.empty()) {
    return InvalidArgument("needs cert and key together");
  }
  return address;
}

std::string DescriptionOf(const Address& address) {
  if (!address.socket_path.empty()) {
    return "unix://" + address.socket_path + "?db=" + std::to_string(address.database);
  }
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return (address.is_tls ? "rediss://" : "redis://") +
         (is_v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port) +
         "/" + std::to_string(address.database);
}

}  // namespace datastorage::redis
