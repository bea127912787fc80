// TlsStream: TLS 1.2 or newer around another stream. The server's certificate must be valid and
// name the host that was asked for.
#pragma once

#include <openssl/types.h>

#include <memory>

#include "redis/address.h"
#include "redis/stream.h"

namespace datastorage::redis {

class TlsStream final : public Stream {
 public:
  // Shakes hands. Errors: those of the stream; kUnavailable when the certificate is refused by
  // either side; kInvalidArgument for certificate files that cannot be used.
  static Result<std::unique_ptr<TlsStream>> Open(std::unique_ptr<Stream> stream,
                                                 const Address& address,
                                                 Deadline deadline);
  ~TlsStream() override;
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  Result<void> Send(std::string_view bytes, Deadline deadline) override;
  Result<std::size_t> Receive(std::span<char> buffer, Deadline deadline) override;

 private:
  TlsStream(std::unique_ptr<Stream> stream, SSL* ssl);
  Result<void> Shake(Deadline deadline);
  // Moves what the library has to send.
  Result<void> Flush(Deadline deadline);
  // Gives the library what has come; waits for it.
  Result<void> Feed(Deadline deadline);

  std::unique_ptr<Stream> stream_;
  SSL* ssl_;
  BIO* incoming_;  // Both belong to ssl_.
  BIO* outgoing_;
};

}  // namespace datastorage::redis
