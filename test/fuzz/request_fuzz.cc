// Fuzz: a request is read the same whether its bytes come at once or one by one. Servers that
// disagree about where a request ends are how requests get smuggled.
// Links: ds_http
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "http/request_reader.h"

namespace datastorage::http {
namespace {

struct Reading {
  ReadProgress head = ReadProgress::kNeedsMore;
  ReadProgress body = ReadProgress::kNeedsMore;
  std::string method;
  std::string path;
  std::string content;
  int status = 0;

  bool operator==(const Reading&) const = default;
};

constexpr std::size_t kHeadMax = 4096;

Reading Read(std::string_view bytes, std::size_t step) {
  RequestReader reader({.header_byte_count_max = kHeadMax, .uri_byte_count_max = 512});
  Reading reading;
  std::string buffer;
  for (std::size_t taken = 0; taken < bytes.size(); taken += step) {
    buffer.append(bytes.substr(taken, step));
    if (reading.head == ReadProgress::kNeedsMore) {
      reading.head = reader.TakeHead(buffer);
      if (reading.head == ReadProgress::kComplete && !reader.has_body()) {
        reading.body = ReadProgress::kComplete;
      }
    }
    const bool wants_body = reading.head == ReadProgress::kComplete;
    if (wants_body && reading.body == ReadProgress::kNeedsMore) {
      reading.body = reader.TakeBody(buffer);
    }
    const bool is_refused =
        reading.head == ReadProgress::kRefused || reading.body == ReadProgress::kRefused;
    if (is_refused || reading.body == ReadProgress::kComplete) break;
  }
  if (reading.head == ReadProgress::kComplete) {
    reading.method = reader.request().method;
    reading.path = reader.request().path;
  }
  if (reading.body == ReadProgress::kComplete) reading.content = reader.request().body;
  const bool is_refused =
      reading.head == ReadProgress::kRefused || reading.body == ReadProgress::kRefused;
  if (is_refused) reading.status = reader.refusal().status;
  DS_CHECK(!is_refused || (reading.status >= 400 && reading.status < 600));
  return reading;
}

}  // namespace
}  // namespace datastorage::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace datastorage::http;
  // Of a head that is both too long and malformed either may be told.
  if (size == 0 || size > kHeadMax) return 0;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  DS_CHECK(Read(text, text.size()) == Read(text, 1));
  return 0;
}
