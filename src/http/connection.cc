// The only coroutines of the service. Every argument of an awaited call is a named local: g++ 12
// destroys temporaries of a co_await expression twice, or too early.
#include "http/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <tuple>

namespace datastorage::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using SystemError = boost::system::error_code;

// Memory that is read into is cleared first, so a read asks for more only while reads come full.
constexpr std::size_t kReadByteCountMin = 4u << 10;
constexpr std::size_t kReadByteCountMax = 64u << 10;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

Refusal Busy(std::string_view reason, std::string detail) {
  return {503, reason, std::move(detail)};
}

Refusal TooSlow(std::string_view what) {
  return {408, "timeout", "the request " + std::string(what) + " did not arrive in time"};
}

}  // namespace

class Connection::BodyShare {
 public:
  explicit BodyShare(ConnectionContext& context) : context_(context) {}
  ~BodyShare() { context_.body_byte_count -= held_; }
  BodyShare(const BodyShare&) = delete;
  BodyShare& operator=(const BodyShare&) = delete;

  // False when the bodies of all requests together are too large.
  bool GrowTo(std::size_t byte_count) {
    context_.body_byte_count += byte_count - held_;
    held_ = byte_count;
    return context_.body_byte_count <= context_.options.body_byte_count_max;
  }

 private:
  ConnectionContext& context_;
  std::size_t held_ = 0;
};

Connection::Connection(ConnectionContext& context, asio::ip::tcp::socket socket)
    : context_(context), socket_(std::move(socket)), timer_(context.network) {}

void Connection::CloseIfIdle() {
  if (is_idle_) Abort();
}

void Connection::Abort() {
  SystemError ignored;
  std::ignore = socket_.close(ignored);
}

void Connection::SetTimeout(Duration after) {
  timed_out_ = false;
  timeout_at_ = SystemClock().Now() + after;
  if (timeout_at_ < timer_at_) ArmTimer(timeout_at_);
}

void Connection::ClearTimeout() {
  timed_out_ = false;
  timeout_at_ = SteadyTime::max();
}

void Connection::ArmTimer(SteadyTime at) {
  timer_at_ = at;
  timer_.expires_at(at);
  timer_.async_wait([self = shared_from_this(), turn = ++timer_turn_](const SystemError& error) {
    if (error || turn != self->timer_turn_) return;
    self->timer_at_ = SteadyTime::max();
    if (self->timeout_at_ == SteadyTime::max()) return;
    if (self->timeout_at_ > SystemClock().Now()) return self->ArmTimer(self->timeout_at_);
    self->timed_out_ = true;
    SystemError ignored;
    std::ignore = self->socket_.cancel(ignored);
  });
}

bool Connection::HasMoreAtHand() {
  SystemError error;
  return socket_.available(error) > 0 && !error;
}

awaitable<void> Connection::Run() {
  const ReaderLimits limits{context_.options.header_byte_count_max,
                            context_.options.uri_byte_count_max};
  while (keeps_open_ && !context_.is_stopping) {
    RequestReader reader(limits);
    const ReadProgress head = co_await ReadHead(reader);
    if (head == ReadProgress::kNeedsMore) break;
    if (head == ReadProgress::kRefused) {
      co_await RefuseAndClose(refusal_, nullptr);
      break;
    }
    co_await Serve(reader);
    is_first_request_ = false;
  }
  ++timer_turn_;
  timer_.cancel();  // It holds this connection.
  Abort();
}

awaitable<bool> Connection::ReadSome() {
  if (timed_out_ || !socket_.is_open()) co_return false;
  const std::size_t old_size = buffer_.size();
  buffer_.resize(old_size + read_byte_count_);
  SystemError error;
  const auto target = asio::buffer(buffer_.data() + old_size, read_byte_count_);
  auto token = asio::redirect_error(asio::use_awaitable, error);
  const std::size_t count = co_await socket_.async_read_some(target, token);
  buffer_.resize(old_size + (error ? 0 : count));
  if (count == read_byte_count_) {
    read_byte_count_ = std::min(2 * read_byte_count_, kReadByteCountMax);
  }
  co_return !error;
}

// kNeedsMore: the connection ended before a request began.
awaitable<ReadProgress> Connection::ReadHead(RequestReader& reader) {
  is_idle_ = buffer_.empty();
  read_byte_count_ = kReadByteCountMin;
  const ServerOptions& options = context_.options;
  SetTimeout(is_idle_ && !is_first_request_ ? options.idle_timeout : options.header_timeout);
  ReadProgress progress = reader.TakeHead(buffer_);
  while (progress == ReadProgress::kNeedsMore) {
    const bool has_read = co_await ReadSome();
    if (!has_read) break;
    if (is_idle_ && !is_first_request_) SetTimeout(options.header_timeout);
    is_idle_ = false;
    progress = reader.TakeHead(buffer_);
  }
  refusal_ = reader.refusal();
  if (progress == ReadProgress::kNeedsMore && timed_out_ && !is_idle_) {
    refusal_ = TooSlow("head");
    progress = ReadProgress::kRefused;
  }
  is_idle_ = false;
  ClearTimeout();
  co_return progress;
}

// kNeedsMore: the peer is gone.
awaitable<ReadProgress> Connection::ReadBody(RequestReader& reader, BodyShare& share) {
  SetTimeout(context_.options.body_timeout);
  ReadProgress progress = reader.TakeBody(buffer_);
  while (progress == ReadProgress::kNeedsMore) {
    if (!share.GrowTo(reader.request().body.size())) {
      refusal_ = Busy("bodies_full", "too many bytes of requests are being read");
      co_return ReadProgress::kRefused;
    }
    const bool has_read = co_await ReadSome();
    if (!has_read) break;
    progress = reader.TakeBody(buffer_);
  }
  refusal_ = reader.refusal();
  if (progress == ReadProgress::kNeedsMore && timed_out_) {
    refusal_ = TooSlow("body");
    progress = ReadProgress::kRefused;
  }
  ClearTimeout();
  co_return progress;
}

awaitable<void> Connection::Serve(RequestReader& reader) {
  Request& request = reader.request();
  request.received = SystemClock().Now();
  keeps_open_ = reader.keeps_connection();
  const Admission admission = context_.handler.Admit(request);
  if (admission.answer.has_value()) {
    // A body that nobody reads would be taken for the next request.
    keeps_open_ = keeps_open_ && !reader.has_body();
    co_await Answer(request, *admission.answer);
    if (reader.has_body()) co_await Linger();
    co_return;
  }
  std::optional<std::uint64_t> limit;
  if (!admission.is_streamed) limit = admission.body_byte_count_max;
  if (reader.LimitBody(limit) == ReadProgress::kRefused) {
    co_await RefuseAndClose(reader.refusal(), &request);
    co_return;
  }
  if (reader.expects_continue() && reader.has_body()) {
    const bool is_written = co_await WritePart(kContinue);
    if (!is_written) co_return;
  }
  if (admission.is_streamed) {
    co_await ServeStream(reader);
  } else {
    co_await ServeWhole(reader, admission);
  }
}

awaitable<void> Connection::ServeWhole(RequestReader& reader, const Admission& admission) {
  BodyShare share(context_);
  const ReadProgress progress = co_await ReadBody(reader, share);
  if (progress != ReadProgress::kComplete) {
    keeps_open_ = false;
    reader.request().body = {};
    share.GrowTo(0);  // Before the answer: the connection may linger.
    if (progress == ReadProgress::kRefused) co_await RefuseAndClose(refusal_, &reader.request());
    co_return;
  }
  reader.request().received = SystemClock().Now();
  const Request& request = reader.request();
  if (admission.is_instant) {
    const Response response = context_.handler.Handle(request);
    co_await Answer(request, response);
    co_return;
  }
  if (context_.queue_count.load() >= context_.options.queue_count_max) {
    const Refusal full = Busy("queue_full", "too many requests are waiting");
    const Response response = context_.handler.Refuse(full, &request);
    co_await Answer(request, response);
    co_return;
  }
  const Response response = co_await HandleOnWorker(request);
  co_await Answer(request, response);
}

awaitable<Response> Connection::HandleOnWorker(const Request& request) {
  context_.queue_count.fetch_add(1);
  // bind_executor is what moves us: a plain post to the pool resumes on this thread.
  auto on_worker = asio::bind_executor(context_.workers.get_executor(), asio::use_awaitable);
  co_await asio::post(std::move(on_worker));
  context_.queue_count.fetch_sub(1);
  Response response = context_.handler.Handle(request);
  co_await asio::post(asio::use_awaitable);
  co_return response;
}

awaitable<std::string> Connection::TakeOnWorker(BodyStream& stream,
                                                const std::string& bytes,
                                                bool is_last) {
  context_.queue_count.fetch_add(1);
  auto on_worker = asio::bind_executor(context_.workers.get_executor(), asio::use_awaitable);
  co_await asio::post(std::move(on_worker));
  context_.queue_count.fetch_sub(1);
  std::string output = stream.Take(bytes, is_last);
  co_await asio::post(asio::use_awaitable);
  co_return output;
}

// Reads until a part is full or nothing more is at hand, so that a client that waits for the
// answer to what it has sent gets it, and one that sends on gets large batches.
awaitable<ReadProgress> Connection::ReadPart(RequestReader& reader, SteadyTime until) {
  const std::string& body = reader.request().body;
  SetTimeout(std::max(until - SystemClock().Now(), Duration(1)));
  ReadProgress progress = reader.TakeBody(buffer_);
  while (progress == ReadProgress::kNeedsMore && body.size() < limits::kStreamPartByteCount &&
         (body.empty() || HasMoreAtHand())) {
    const bool has_read = co_await ReadSome();
    if (!has_read) {
      refusal_ = timed_out_ ? TooSlow("body") : Refusal{400, "framing", "the body was cut off"};
      co_return ReadProgress::kRefused;
    }
    progress = reader.TakeBody(buffer_);
  }
  refusal_ = reader.refusal();
  ClearTimeout();
  co_return progress;
}

awaitable<void> Connection::ServeStream(RequestReader& reader) {
  if (reader.is_http_1_0() || context_.queue_count.load() >= context_.options.queue_count_max) {
    const Refusal old_client{400, "framing", "a streamed answer needs HTTP/1.1"};
    const Refusal full = Busy("queue_full", "too many requests are waiting");
    co_await RefuseAndClose(reader.is_http_1_0() ? old_client : full, &reader.request());
    co_return;
  }
  Request& request = reader.request();
  const std::unique_ptr<BodyStream> stream = context_.handler.OpenStream(request);
  SteadyTime until = SystemClock().Now() + context_.options.body_timeout;
  std::string pending;
  bool has_begun = false;
  bool is_last = false;
  while (!is_last) {
    const ReadProgress progress = co_await ReadPart(reader, until);
    if (progress == ReadProgress::kRefused) {
      keeps_open_ = false;  // Once begun, an answer without its last chunk says that it is cut.
      if (!has_begun) co_await RefuseAndClose(refusal_, &request);
      co_return;
    }
    is_last = progress == ReadProgress::kComplete;
    const std::string output = co_await TakeOnWorker(*stream, request.body, is_last);
    request.body.clear();
    pending.clear();
    if (!has_begun && (is_last || !output.empty())) {
      has_begun = true;
      keeps_open_ = keeps_open_ && !context_.is_stopping;
      pending = HeadText(stream->Head(), std::nullopt, keeps_open_, SystemClock().WallNow());
    }
    if (!output.empty()) pending += ChunkText(output);
    if (is_last) pending += ChunkText("");
    if (!output.empty()) until = SystemClock().Now() + context_.options.body_timeout;
    const bool is_written = co_await Write(pending);
    if (!is_written) co_return;
  }
}

awaitable<void> Connection::Answer(const Request& request, const Response& response) {
  keeps_open_ = keeps_open_ && !context_.is_stopping;
  std::string text = HeadText(response, response.body.size(), keeps_open_, SystemClock().WallNow());
  const bool has_body =
      request.method != "HEAD" && response.status != 204 && response.status != 304;
  if (has_body) text += response.body;
  co_await Write(text);
}

awaitable<void> Connection::RefuseAndClose(const Refusal& refusal, const Request* head) {
  keeps_open_ = false;
  ClearTimeout();
  const Response response = context_.handler.Refuse(refusal, head);
  const std::string text =
      HeadText(response, response.body.size(), false, SystemClock().WallNow()) + response.body;
  const bool is_written = co_await Write(text);
  if (is_written) co_await Linger();
}

// Closing while bytes are unread resets the connection, and the client may never see the answer:
// says that no more is sent, then reads on for a while.
awaitable<void> Connection::Linger() {
  keeps_open_ = false;
  SystemError ignored;
  std::ignore = socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  SetTimeout(limits::kLingerTimeout);
  std::size_t discarded = 0;
  bool is_open = true;
  while (is_open && discarded < limits::kLingerByteCountMax) {
    buffer_.clear();
    is_open = co_await ReadSome();
    discarded += buffer_.size();
  }
  ClearTimeout();
}

awaitable<bool> Connection::Write(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, limits::kWritePartByteCount);
    const bool is_written = co_await WritePart(part);
    if (!is_written) co_return false;
    rest.remove_prefix(part.size());
  }
  co_return true;
}

awaitable<bool> Connection::WritePart(std::string_view part) {
  SetTimeout(context_.options.write_timeout);
  SystemError error;
  const auto source = asio::buffer(part.data(), part.size());
  auto token = asio::redirect_error(asio::use_awaitable, error);
  co_await asio::async_write(socket_, source, token);
  ClearTimeout();
  if (error) keeps_open_ = false;
  co_return !error;
}

}  // namespace datastorage::http
