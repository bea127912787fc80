#include "redis/socket_stream.h"

#include <gtest/gtest.h>

#include <array>

#include "redis/raw_listener.h"

namespace datastorage::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::unique_ptr<SocketStream> ConnectedTo(const RawListener& listener) {
  return *SocketStream::Connect(listener.address(), Deadline::In(seconds(20)));
}

TEST(SocketStream, CarriesBytesBothWays) {
  const RawListener listener;
  const auto stream = ConnectedTo(listener);
  const int peer = listener.Accept();
  ASSERT_TRUE(stream->Send("hello\n", Deadline::Never()).has_value());
  EXPECT_EQ(Hear(peer, "\n"), "hello\n");
  Say(peer, "world");
  std::array<char, 64> buffer{};
  EXPECT_EQ(stream->Receive(buffer, Deadline::Never()).value_or(0), 5U);
  EXPECT_EQ(std::string_view(buffer.data(), 5), "world");
  close(peer);
}

TEST(SocketStream, WaitsForBytesAndForRoomUntilTheDeadlineOnly) {
  const RawListener listener;
  const auto stream = ConnectedTo(listener);
  std::array<char, 64> buffer{};
  const SteadyTime begin = SystemClock().Now();
  const auto received = stream->Receive(buffer, Deadline::In(milliseconds(30)));
  ASSERT_FALSE(received.has_value());
  EXPECT_EQ(received.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_GE(SystemClock().Now() - begin, milliseconds(30));
  const std::string more_than_the_kernel_keeps(32u << 20, 'x');
  const auto sent = stream->Send(more_than_the_kernel_keeps, Deadline::In(milliseconds(30)));
  ASSERT_FALSE(sent.has_value());
  EXPECT_EQ(sent.error().code, ErrorCode::kDeadlineExceeded);
  EXPECT_LT(SystemClock().Now() - begin, seconds(5));
}

TEST(SocketStream, SaysWhenThePeerIsGone) {
  const RawListener listener;
  const auto stream = ConnectedTo(listener);
  close(listener.Accept());
  std::array<char, 64> buffer{};
  const auto received = stream->Receive(buffer, Deadline::Never());
  ASSERT_FALSE(received.has_value());
  EXPECT_EQ(received.error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(stream->Send("to nobody", Deadline::Never()).has_value());
}

TEST(SocketStream, SaysWhyItCannotConnect) {
  const auto code_for = [](const Address& address) {
    const auto stream = SocketStream::Connect(address, Deadline::In(seconds(20)));
    return stream.has_value() ? ErrorCode::kInternal : stream.error().code;
  };
  Address address;
  address.socket_path = "/nowhere/socket";
  EXPECT_EQ(code_for(address), ErrorCode::kUnavailable);
  address.socket_path = "/" + std::string(200, 'x');
  EXPECT_EQ(code_for(address), ErrorCode::kInvalidArgument);
  address = {};
  address.host = "127.0.0.1";
  address.port = 1;  // Nobody listens on tcpmux.
  EXPECT_EQ(code_for(address), ErrorCode::kUnavailable);
  address.host = "no-such-host.invalid";
  EXPECT_EQ(code_for(address), ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace datastorage::redis
