// The library reads and writes memory only: waiting and its deadline stay with the inner stream.
#include "redis/tls_stream.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

#include "base/check.h"

namespace datastorage::redis {
namespace {

using ContextPointer = std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)>;

constexpr std::size_t kPartByteCount = 16u << 10;  // The most that TLS puts into one record.

Result<ContextPointer> MakeContext(const Address& address) {
  ContextPointer context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
  DS_CHECK(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  const bool trusts =
      address.authority_file.empty()
          ? SSL_CTX_set_default_verify_paths(context.get()) == 1
          : SSL_CTX_load_verify_file(context.get(), address.authority_file.c_str()) == 1;
  if (!trusts) return InvalidArgument("the cache's cacert file cannot be used");
  if (address.certificate_file.empty()) return context;
  const bool is_known =
      SSL_CTX_use_certificate_chain_file(context.get(), address.certificate_file.c_str()) == 1 &&
      SSL_CTX_use_PrivateKey_file(context.get(), address.key_file.c_str(), SSL_FILETYPE_PEM) == 1;
  if (!is_known) return InvalidArgument("the cache's cert and key files cannot be used");
  return context;
}

bool IsNumeric(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> ignored{};
  return inet_pton(AF_INET, host.c_str(), ignored.data()) == 1 ||
         inet_pton(AF_INET6, host.c_str(), ignored.data()) == 1;
}

void ExpectHost(SSL* ssl, const std::string& host) {
  if (IsNumeric(host)) {
    DS_CHECK(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1);
    return;
  }
  DS_CHECK(SSL_set1_host(ssl, host.c_str()) == 1);
  // As the macro SSL_set_tlsext_host_name, whose cast is an old one.
  SSL_ctrl(ssl,
           SSL_CTRL_SET_TLSEXT_HOSTNAME,
           TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(host.c_str()));
}

}  // namespace

TlsStream::TlsStream(std::unique_ptr<Stream> stream, SSL* ssl)
    : stream_(std::move(stream)),
      ssl_(ssl),
      incoming_(BIO_new(BIO_s_mem())),
      outgoing_(BIO_new(BIO_s_mem())) {
  DS_CHECK(ssl_ != nullptr && incoming_ != nullptr && outgoing_ != nullptr);
  SSL_set_bio(ssl_, incoming_, outgoing_);
  SSL_set_connect_state(ssl_);
}

TlsStream::~TlsStream() {
  SSL_free(ssl_);
}

Result<std::unique_ptr<TlsStream>> TlsStream::Open(std::unique_ptr<Stream> stream,
                                                   const Address& address,
                                                   Deadline deadline) {
  DS_ASSIGN_OR_RETURN(const ContextPointer context, MakeContext(address));
  std::unique_ptr<TlsStream> tls(new TlsStream(std::move(stream), SSL_new(context.get())));
  ExpectHost(tls->ssl_, address.host);
  DS_RETURN_IF_ERROR(tls->Shake(deadline));
  return tls;
}

Result<void> TlsStream::Shake(Deadline deadline) {
  while (true) {
    ERR_clear_error();
    const int outcome = SSL_do_handshake(ssl_);
    const int failure = SSL_get_error(ssl_, outcome);
    // Also after a failure: the other side is told why.
    Result<void> sent = Flush(deadline);
    if (outcome == 1) return sent;
    if (failure != SSL_ERROR_WANT_READ) {
      return Unavailable(SSL_get_verify_result(ssl_) == X509_V_OK
                             ? "the cache does not agree on TLS"
                             : "the cache's certificate is not to be trusted for its host");
    }
    DS_RETURN_IF_ERROR(sent);
    DS_RETURN_IF_ERROR(Feed(deadline));
  }
}

Result<void> TlsStream::Send(std::string_view bytes, Deadline deadline) {
  ERR_clear_error();
  std::size_t written_count = 0;
  // Memory takes all of it at once. A renegotiation, which could not, ends the stream.
  if (!bytes.empty() && SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written_count) != 1) {
    return Unavailable("the connection to the cache was lost");
  }
  return Flush(deadline);
}

Result<std::size_t> TlsStream::Receive(std::span<char> buffer, Deadline deadline) {
  while (true) {
    ERR_clear_error();
    std::size_t count = 0;
    const int outcome = SSL_read_ex(ssl_, buffer.data(), buffer.size(), &count);
    if (outcome == 1) return count;
    const int failure = SSL_get_error(ssl_, outcome);
    DS_RETURN_IF_ERROR(Flush(deadline));
    // Where the server wants a certificate of the client, TLS 1.3 says so only here.
    if (failure != SSL_ERROR_WANT_READ) return Unavailable("the cache ended the TLS connection");
    DS_RETURN_IF_ERROR(Feed(deadline));
  }
}

Result<void> TlsStream::Flush(Deadline deadline) {
  std::array<char, kPartByteCount> part;
  std::size_t count = 0;
  while (BIO_read_ex(outgoing_, part.data(), part.size(), &count) == 1) {
    DS_RETURN_IF_ERROR(stream_->Send({part.data(), count}, deadline));
  }
  return {};
}

Result<void> TlsStream::Feed(Deadline deadline) {
  std::array<char, kPartByteCount> part;
  DS_ASSIGN_OR_RETURN(const std::size_t count, stream_->Receive(part, deadline));
  std::size_t written_count = 0;
  DS_CHECK(BIO_write_ex(incoming_, part.data(), count, &written_count) == 1);
  DS_CHECK(written_count == count);
  return {};
}

}  // namespace datastorage::redis
