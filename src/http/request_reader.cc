#include "http/request_reader.h"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <optional>

#include "base/check.h"

namespace datastorage::http {
namespace {

namespace beast = boost::beast;

constexpr std::string_view kHeadEnd = "\r\n\r\n";

std::string ToLower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

// What is wrong with the lines of a head; empty when nothing is.
std::string_view LineDefect(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const auto c = static_cast<unsigned char>(head[i]);
    if (c == '\n' && (i == 0 || head[i - 1] != '\r'))
      return "a line ends without a carriage return";
    if (c == '\r' && (i + 1 == head.size() || head[i + 1] != '\n')) {
      return "a carriage return is not followed by a line feed";
    }
    const bool starts_line = i > 0 && head[i - 1] == '\n';
    if (starts_line && (c == ' ' || c == '\t')) return "a header is folded over two lines";
    const bool is_line_end = c == '\r' || c == '\n';
    if ((c < 0x20 && c != '\t' && !is_line_end) || c == 0x7F) {
      return "the head holds a control character";
    }
  }
  return {};
}

// A client may send the whole URI, as to a proxy (RFC 9112, section 3.2.2): what follows its
// authority, if it is one.
std::optional<std::string_view> AfterAuthority(std::string_view target) {
  if (target.starts_with('/')) return std::nullopt;
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (ToLower(target.substr(0, scheme.size())) != scheme) continue;
    const std::size_t end = std::min(target.find_first_of("/?", scheme.size()), target.size());
    if (end > scheme.size()) return target.substr(end);
  }
  return std::nullopt;
}

bool IsDigits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

class RequestReader::Parser final : public beast::http::basic_parser<true> {
 public:
  explicit Parser(RequestReader& reader) : reader_(reader) {
    header_limit(static_cast<std::uint32_t>(reader.limits_.header_byte_count_max) + 1024);
    body_limit(boost::none);
  }

  bool is_over_limit = false;
  bool has_begun_chunk = false;

 private:
  using ErrorCode = beast::error_code;

  void on_request_impl(beast::http::verb /*method*/,
                       beast::string_view method,
                       beast::string_view target,
                       int version,
                       ErrorCode& /*ec*/) override {
    Request& request = reader_.request_;
    request.method = std::string(method);
    reader_.target_byte_count_ = target.size();
    const std::string_view whole(target.data(), target.size());
    const std::optional<std::string_view> rest = AfterAuthority(whole);
    const std::string_view origin = rest.value_or(whole);
    const std::size_t mark = origin.find('?');
    request.path = origin.substr(0, mark);
    if (rest.has_value() && request.path.empty()) request.path = "/";
    if (mark != std::string_view::npos) request.query = origin.substr(mark + 1);
    reader_.is_http_1_0_ = version == 10;
  }
  void on_response_impl(int /*code*/,
                        beast::string_view /*reason*/,
                        int /*version*/,
                        ErrorCode& ec) override {
    ec = beast::http::error::bad_version;
  }
  void on_field_impl(beast::http::field /*field*/,
                     beast::string_view name,
                     beast::string_view value,
                     ErrorCode& /*ec*/) override {
    if (is_header_complete_) return;  // A trailer; nothing here may depend on one.
    reader_.request_.headers.push_back({ToLower(name), std::string(value)});
  }
  void on_header_impl(ErrorCode& /*ec*/) override { is_header_complete_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>& /*length*/,
                         ErrorCode& /*ec*/) override {}
  std::size_t on_body_impl(beast::string_view body, ErrorCode& ec) override {
    return Append(body, ec);
  }
  void on_chunk_header_impl(std::uint64_t /*size*/,
                            beast::string_view extensions,
                            ErrorCode& ec) override {
    has_begun_chunk = true;
    // Beast lets a quoted value hold them; for another server the head ends there.
    if (extensions.find_first_of("\r\n") != beast::string_view::npos) {
      ec = beast::http::error::bad_chunk_extension;
    }
  }
  std::size_t on_chunk_body_impl(std::uint64_t /*remain*/,
                                 beast::string_view body,
                                 ErrorCode& ec) override {
    return Append(body, ec);
  }
  void on_finish_impl(ErrorCode& /*ec*/) override {}

  std::size_t Append(beast::string_view body, ErrorCode& ec) {
    reader_.body_byte_count_ += body.size();
    const std::uint64_t limit = reader_.body_byte_count_max_.value_or(reader_.body_byte_count_);
    if (reader_.body_byte_count_ > limit) {
      is_over_limit = true;
      ec = beast::http::error::body_limit;
      return 0;
    }
    reader_.request_.body.append(body.data(), body.size());
    return body.size();
  }

  RequestReader& reader_;
  bool is_header_complete_ = false;
};

RequestReader::RequestReader(const ReaderLimits& limits)
    : limits_(limits), parser_(std::make_unique<Parser>(*this)) {}

RequestReader::~RequestReader() = default;

ReadProgress RequestReader::Refuse(int status, std::string_view reason, std::string detail) {
  refusal_ = {status, reason, std::move(detail)};
  return ReadProgress::kRefused;
}

ReadProgress RequestReader::RefuseLongHead(const std::string& buffer) {
  const std::size_t line_end = buffer.find("\r\n");
  if (line_end == std::string::npos || line_end > limits_.uri_byte_count_max + 64) {
    return Refuse(414,
                  "uri_too_long",
                  "the request target is longer than " +
                      std::to_string(limits_.uri_byte_count_max) + " bytes");
  }
  return Refuse(431,
                "header_too_large",
                "the request head is larger than " + std::to_string(limits_.header_byte_count_max) +
                    " bytes");
}

ReadProgress RequestReader::TakeHead(std::string& buffer) {
  // RFC 9112, 2.2: an empty line before the request line is ignored.
  while (buffer.starts_with("\r\n")) {
    buffer.erase(0, 2);
    scanned_ = 0;  // It may have come in two pieces, the first of which was scanned.
  }
  const std::size_t from = scanned_ < kHeadEnd.size() ? 0 : scanned_ - kHeadEnd.size();
  const std::size_t end = buffer.find(kHeadEnd, from);
  scanned_ = buffer.size();
  const std::size_t head_size = end == std::string::npos ? buffer.size() : end + kHeadEnd.size();
  if (head_size > limits_.header_byte_count_max) return RefuseLongHead(buffer);
  if (end == std::string::npos) {
    // With bare line feeds the end might never be seen: say so instead of waiting for it.
    const bool is_broken = buffer.find("\n\n", from) != std::string::npos ||
                           buffer.find("\n\r\n", from) != std::string::npos;
    return is_broken ? Refuse(400, "framing", "a line ends without a carriage return")
                     : ReadProgress::kNeedsMore;
  }
  const std::string_view head = std::string_view(buffer).substr(0, head_size);
  if (const std::string_view defect = LineDefect(head); !defect.empty()) {
    return Refuse(400, "framing", std::string(defect));
  }
  beast::error_code error;
  parser_->put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error || !parser_->is_header_done()) {
    return Refuse(400, "framing", "the request head is not HTTP/1.1");
  }
  buffer.erase(0, head_size);
  parser_->eager(true);
  return CheckHead();
}

ReadProgress RequestReader::CheckHead() {
  if (target_byte_count_ > limits_.uri_byte_count_max) {
    return Refuse(414,
                  "uri_too_long",
                  "the request target is longer than " +
                      std::to_string(limits_.uri_byte_count_max) + " bytes");
  }
  const int host_count = request_.CountOf("host");
  if (host_count > 1 || (host_count == 0 && !is_http_1_0_)) {
    return Refuse(400, "framing", "a request has exactly one Host header");
  }
  if (!request_.path.starts_with('/') && request_.path != "*") {
    return Refuse(400, "framing", "the request target is neither a path nor a URI of http");
  }
  const std::string* expect = request_.Find("expect");
  expects_continue_ = expect != nullptr && ToLower(*expect) == "100-continue" && !is_http_1_0_;
  return CheckFraming();
}

ReadProgress RequestReader::CheckFraming() {
  const int length_count = request_.CountOf("content-length");
  const int coding_count = request_.CountOf("transfer-encoding");
  if (length_count > 1) return Refuse(400, "framing", "Content-Length is given twice");
  if (length_count > 0 && coding_count > 0) {
    return Refuse(400, "framing", "both Content-Length and Transfer-Encoding are given");
  }
  if (length_count == 1 && !IsDigits(*request_.Find("content-length"))) {
    return Refuse(400, "framing", "Content-Length is not a number");
  }
  if (coding_count > 0 && (coding_count > 1 || is_http_1_0_ ||
                           ToLower(*request_.Find("transfer-encoding")) != "chunked")) {
    return Refuse(400, "framing", "the only transfer coding understood is chunked");
  }
  return ReadProgress::kComplete;
}

ReadProgress RequestReader::LimitBody(std::optional<std::uint64_t> byte_count_max) {
  body_byte_count_max_ = byte_count_max;
  const auto length = parser_->content_length();
  if (byte_count_max.has_value() && length.has_value() && *length > *byte_count_max) {
    return Refuse(413,
                  "body_too_large",
                  "the request body is larger than " + std::to_string(*byte_count_max) + " bytes");
  }
  return ReadProgress::kComplete;
}

ReadProgress RequestReader::TakeBody(std::string& buffer) {
  // Beast 1.81 asserts that it has five bytes once it knows the first chunk to be the last: wait
  // for "0", CR LF, CR LF. A zero that follows the head of a chunk is of the body.
  const bool may_be_empty = parser_->chunked() && !parser_->has_begun_chunk && buffer.size() < 5 &&
                            buffer.starts_with('0');
  if (may_be_empty) return AwaitMore(buffer);
  std::size_t taken = 0;
  while (!parser_->is_done() && taken < buffer.size()) {
    beast::error_code error;
    const std::size_t used = parser_->put(
        boost::asio::const_buffer(buffer.data() + taken, buffer.size() - taken), error);
    taken += used;
    if (error == beast::http::error::need_more) break;
    if (parser_->is_over_limit) {
      return Refuse(413,
                    "body_too_large",
                    "the request body is larger than " +
                        std::to_string(body_byte_count_max_.value_or(0)) + " bytes");
    }
    if (error) return Refuse(400, "framing", "the chunked request body is malformed");
    if (used == 0) break;
  }
  buffer.erase(0, taken);
  return parser_->is_done() ? ReadProgress::kComplete : AwaitMore(buffer);
}

// What is left is the begin of a chunk's head or of the trailer: it may be one that never ends.
ReadProgress RequestReader::AwaitMore(std::string_view buffer) {
  const std::size_t line_feed = buffer.find('\n');
  const bool is_bare = line_feed != std::string_view::npos && line_feed > 0 &&
                       buffer[line_feed - 1] != '\r' && parser_->chunked();
  if (is_bare) return Refuse(400, "framing", "a line ends without a carriage return");
  if (buffer.size() > limits_.header_byte_count_max) {
    return Refuse(431, "header_too_large", "the trailer of the request is too large");
  }
  return ReadProgress::kNeedsMore;
}

bool RequestReader::keeps_connection() const {
  return parser_->keep_alive();
}

bool RequestReader::has_body() const {
  return !parser_->is_done();
}

}  // namespace datastorage::http
