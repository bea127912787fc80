#include "base/sha256.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <memory>

#include "base/check.h"

namespace datastorage {

namespace {

// Looked up once: EVP_sha256() looks it up at every use.
const EVP_MD* Algorithm() {
  static EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  DS_CHECK(fetched != nullptr);
  return fetched;
}

}  // namespace

Sha256 Sha256Of(std::initializer_list<std::string_view> parts) {
  static thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(
      EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  DS_CHECK(context != nullptr);
  DS_CHECK(EVP_DigestInit_ex(context.get(), Algorithm(), nullptr) == 1);
  for (const std::string_view part : parts) {
    std::array<std::uint8_t, 8> length{};
    for (unsigned i = 0; i < 8; ++i) {
      length[i] = static_cast<std::uint8_t>(std::uint64_t{part.size()} >> (8U * i));
    }
    DS_CHECK(EVP_DigestUpdate(context.get(), length.data(), length.size()) == 1);
    DS_CHECK(EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1);
  }
  Sha256 hash{};
  unsigned size = 0;
  DS_CHECK(EVP_DigestFinal_ex(context.get(), hash.data(), &size) == 1 && size == hash.size());
  return hash;
}

Sha256 HmacSha256(std::string_view key, std::string_view message) {
  Sha256 hash{};
  unsigned size = 0;
  const auto* bytes = reinterpret_cast<const unsigned char*>(message.data());
  DS_CHECK(HMAC(EVP_sha256(),
                key.data(),
                static_cast<int>(key.size()),
                bytes,
                message.size(),
                hash.data(),
                &size) != nullptr);
  DS_CHECK(size == hash.size());
  return hash;
}

std::string ToHex(const Sha256& hash) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * hash.size());
  for (const std::uint8_t byte : hash) {
    text.push_back(kDigits[byte >> 4U]);
    text.push_back(kDigits[byte & 0x0FU]);
  }
  return text;
}

}  // namespace datastorage
