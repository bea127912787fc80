// Connection: the life of one client connection. Only http/ sees this header.
//
// Threads: everything but a running handler happens on the network thread, without locks.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <memory>
#include <string>
#include <unordered_set>

#include "http/request_reader.h"
#include "http/server.h"

namespace datastorage::http {

class Connection;

// What the connections of a server share.
struct ConnectionContext {
  ConnectionContext(RequestHandler& served, const ServerOptions& chosen)
      : handler(served), options(chosen), workers(chosen.worker_count) {}

  RequestHandler& handler;
  const ServerOptions options;
  std::atomic<std::size_t> queue_count{0};  // Requests that wait for a worker.
  // Of the network thread alone.
  std::size_t body_byte_count = 0;
  bool is_stopping = false;
  std::unordered_set<Connection*> connections;
  // Last, so that what they run may use all above.
  boost::asio::thread_pool workers;
  boost::asio::io_context network{1};
};

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(ConnectionContext& context, boost::asio::ip::tcp::socket socket);

  // Serves requests until the connection ends. The object must live until it has.
  boost::asio::awaitable<void> Run();
  // Closes it if it waits for a request.
  void CloseIfIdle();
  // Closes it whatever it does.
  void Abort();

 private:
  // Bytes of a body counted against those of all requests, until it goes out of scope.
  class BodyShare;

  boost::asio::awaitable<ReadProgress> ReadHead(RequestReader& reader);
  boost::asio::awaitable<ReadProgress> ReadBody(RequestReader& reader, BodyShare& share);
  boost::asio::awaitable<void> Serve(RequestReader& reader);
  boost::asio::awaitable<void> ServeWhole(RequestReader& reader, const Admission& admission);
  boost::asio::awaitable<void> ServeStream(RequestReader& reader);
  boost::asio::awaitable<ReadProgress> ReadPart(RequestReader& reader, SteadyTime until);
  boost::asio::awaitable<Response> HandleOnWorker(const Request& request);
  boost::asio::awaitable<std::string> TakeOnWorker(BodyStream& stream,
                                                   const std::string& bytes,
                                                   bool is_last);
  boost::asio::awaitable<void> Answer(const Request& request, const Response& response);
  boost::asio::awaitable<void> RefuseAndClose(const Refusal& refusal, const Request* head);
  boost::asio::awaitable<void> Linger();

  // False when the peer is gone, or the timeout has passed (then timed_out_ is set).
  boost::asio::awaitable<bool> ReadSome();
  boost::asio::awaitable<bool> Write(const std::string& text);
  boost::asio::awaitable<bool> WritePart(std::string_view part);

  bool HasMoreAtHand();
  void SetTimeout(Duration after);
  void ClearTimeout();
  void ArmTimer(SteadyTime at);

  ConnectionContext& context_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  SteadyTime timeout_at_ = SteadyTime::max();  // max(): none.
  // When the timer fires, never after timeout_at_; what it finds to be later it waits for anew. So
  // a busy connection, which sets several timeouts a request, sets the timer once in a while.
  SteadyTime timer_at_ = SteadyTime::max();
  std::uint64_t timer_turn_ = 0;     // Tells a timer that was replaced from the current one.
  Refusal refusal_;                  // Set where ReadHead, ReadBody or ReadPart say kRefused.
  std::string buffer_;               // Read, and not yet taken.
  std::size_t read_byte_count_ = 0;  // How much to ask for next.
  bool timed_out_ = false;
  bool is_idle_ = false;
  bool is_first_request_ = true;
  bool keeps_open_ = true;
};

}  // namespace datastorage::http
