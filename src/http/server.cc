#include "http/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>
#include <tuple>

#include "base/check.h"
#include "base/log.h"
#include "http/connection.h"

namespace datastorage::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using SystemError = boost::system::error_code;

// How long to wait when the process is out of descriptors.
constexpr std::chrono::milliseconds kAcceptPause{100};

Result<asio::ip::address> LoopbackAddress(const std::string& host) {
  SystemError error;
  asio::ip::address address =
      asio::ip::make_address(host == "localhost" ? "127.0.0.1" : host, error);
  if (error) return InvalidArgument("listen address " + host + " is not an IP address");
  if (!address.is_loopback()) {
    return InvalidArgument("listen address " + host +
                           " is not a loopback address: without authentication the service "
                           "listens on 127.0.0.1 or ::1 only");
  }
  return address;
}

}  // namespace

struct Server::State {
  State(RequestHandler& handler, const ServerOptions& options)
      : context(handler, options), acceptor(context.network), pause(context.network) {}

  Result<void> Listen();
  asio::awaitable<void> Accept();
  void Launch(tcp::socket socket);
  void TurnAway(tcp::socket socket);
  void OnConnectionEnd(Connection* connection, const std::exception_ptr& failure);
  void CloseAcceptor();
  bool WaitUntilIdle(Deadline deadline);

  ConnectionContext context;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  std::thread network_thread;
  std::uint16_t port = 0;
  std::mutex mutex;
  std::condition_variable connection_ended;
  std::size_t connection_count = 0;  // Guarded by mutex.
};

Server::Server(RequestHandler& handler, const ServerOptions& options)
    : state_(std::make_unique<State>(handler, options)) {}

Server::~Server() {
  Stop(Duration(0));
}

std::uint16_t Server::port() const {
  return state_->port;
}

Result<void> Server::State::Listen() {
  DS_ASSIGN_OR_RETURN(const asio::ip::address address, LoopbackAddress(context.options.host));
  const tcp::endpoint endpoint(address, context.options.port);
  SystemError error;
  std::ignore = acceptor.open(endpoint.protocol(), error);
  if (!error) std::ignore = acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) std::ignore = acceptor.bind(endpoint, error);
  if (!error) std::ignore = acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (!error) port = acceptor.local_endpoint(error).port();
  if (!error) return {};
  const std::string where = context.options.host + ":" + std::to_string(context.options.port);
  if (error == asio::error::address_in_use) return Unavailable("port of " + where + " is in use");
  return Unavailable("cannot listen on " + where + ": " + error.message());
}

Result<void> Server::Start() {
  DS_CHECK(!state_->network_thread.joinable());
  DS_RETURN_IF_ERROR(state_->Listen());
  asio::co_spawn(state_->context.network, state_->Accept(), asio::detached);
  state_->network_thread = std::thread([this] { state_->context.network.run(); });
  return {};
}

asio::awaitable<void> Server::State::Accept() {
  while (acceptor.is_open()) {
    tcp::socket socket(context.network);
    SystemError error;
    auto token = asio::redirect_error(asio::use_awaitable, error);
    co_await acceptor.async_accept(socket, token);
    if (!acceptor.is_open()) break;
    if (error) {
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(token);
    } else if (context.connections.size() >= context.options.connection_count_max) {
      TurnAway(std::move(socket));
    } else {
      Launch(std::move(socket));
    }
  }
}

void Server::State::Launch(tcp::socket socket) {
  SystemError ignored;
  std::ignore = socket.set_option(tcp::no_delay(true), ignored);
  const auto connection = std::make_shared<Connection>(context, std::move(socket));
  context.connections.insert(connection.get());
  {
    const std::lock_guard<std::mutex> lock(mutex);
    ++connection_count;
  }
  asio::co_spawn(
      context.network, connection->Run(), [this, connection](const std::exception_ptr& failure) {
        OnConnectionEnd(connection.get(), failure);
      });
}

// Says why in one piece, without waiting for the client.
void Server::State::TurnAway(tcp::socket socket) {
  const Refusal refusal{503, "connections_full", "too many connections are open"};
  const Response response = context.handler.Refuse(refusal, nullptr);
  const std::string text =
      HeadText(response, response.body.size(), false, SystemClock().WallNow()) + response.body;
  SystemError ignored;
  std::ignore = socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(text), ignored);
  std::ignore = socket.shutdown(tcp::socket::shutdown_send, ignored);
}

void Server::State::OnConnectionEnd(Connection* connection, const std::exception_ptr& failure) {
  context.connections.erase(connection);
  if (failure) {
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& exception) {
      Log(LogLevel::kError, "connection failed", {{"what", exception.what()}});
    }
  }
  const std::lock_guard<std::mutex> lock(mutex);
  --connection_count;
  connection_ended.notify_all();
}

void Server::State::CloseAcceptor() {
  context.is_stopping = true;
  SystemError ignored;
  std::ignore = acceptor.close(ignored);
  pause.cancel();
  for (Connection* connection : context.connections) connection->CloseIfIdle();
}

bool Server::State::WaitUntilIdle(Deadline deadline) {
  std::unique_lock<std::mutex> lock(mutex);
  const SteadyTime until = SystemClock().Now() + deadline.Remaining();
  return connection_ended.wait_until(lock, until, [this] { return connection_count == 0; });
}

void Server::Stop(Duration finish_within) {
  State& state = *state_;
  if (!state.network_thread.joinable()) return;
  std::promise<void> closed;
  asio::post(state.context.network, [&state, &closed] {
    state.CloseAcceptor();
    closed.set_value();
  });
  closed.get_future().wait();
  if (!state.WaitUntilIdle(Deadline::In(finish_within))) {
    asio::post(state.context.network, [&state] {
      for (Connection* connection : state.context.connections) connection->Abort();
    });
    state.WaitUntilIdle(Deadline::Never());  // A handler ends by its own deadline.
  }
  state.context.network.stop();
  state.network_thread.join();
  state.context.workers.join();
}

}  // namespace datastorage::http
