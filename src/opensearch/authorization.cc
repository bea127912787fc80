#include "opensearch/authorization.h"

#include <cstdint>
#include <fstream>

namespace datastorage::opensearch {
namespace {

constexpr std::size_t kSecretByteCountMax = 4'096;

Result<std::string> SecretIn(const std::string& path, std::string_view what) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kSecretByteCountMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  const bool is_too_long = text.size() > kSecretByteCountMax;
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  // A line within it would end the header.
  const bool is_one_line = text.find_first_of("\r\n") == std::string::npos;
  if (text.empty() || is_too_long || !is_one_line) {
    return InvalidArgument("names a " + std::string(what) +
                           " that cannot be read, is empty, or holds more than one line");
  }
  return text;
}

}  // namespace

std::string Base64Of(std::string_view bytes) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::string_view group = bytes.substr(i, 3);
    std::uint32_t bits = 0;
    for (std::size_t b = 0; b < 3; ++b) {
      bits = bits << 8U | (b < group.size() ? static_cast<std::uint8_t>(group[b]) : 0U);
    }
    for (std::size_t letter = 0; letter < 4; ++letter) {
      const bool is_padding = letter > group.size();
      text.push_back(is_padding ? '=' : kLetters[(bits >> (18U - 6U * letter)) & 63U]);
    }
  }
  return text;
}

Result<std::string> AuthorizationOf(const Address& address) {
  if (!address.api_key_file.empty()) {
    DS_ASSIGN_OR_RETURN(const std::string key, SecretIn(address.api_key_file, "api_key_file"));
    return "ApiKey " + key;
  }
  if (address.user.empty()) return std::string();
  std::string password = address.password;
  if (!address.password_file.empty()) {
    DS_ASSIGN_OR_RETURN(password, SecretIn(address.password_file, "password_file"));
  }
  return "Basic " + Base64Of(address.user + ":" + password);
}

}  // namespace datastorage::opensearch
