#include "opensearch/authorization.h"

#include <openssl/evp.h>

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
  // Three bytes are four letters, and after the last stands a NUL.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                     reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
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
