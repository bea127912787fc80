// hiredis parses the answers; it has no part in sockets, since its time limit is one of each read
// and system call, and ours is one of the whole exchange.
#include "redis/connection.h"

#include <hiredis/read.h>

#include <array>

#include "base/check.h"
#include "base/limits.h"
#include "redis/socket_stream.h"
#include "redis/tls_stream.h"

namespace datastorage::redis {
namespace {

constexpr std::size_t kReadByteCount = 64u << 10;

Reply::Kind KindOf(int type) {
  if (type == REDIS_REPLY_STRING || type == REDIS_REPLY_STATUS) return Reply::Kind::kText;
  return type == REDIS_REPLY_ERROR ? Reply::Kind::kError : Reply::Kind::kOther;
}

// Replies are made as ours at once. An array is never asked for: refusing one leaves no way to make
// the parser reserve memory by a number that the server names.
redisReplyObjectFunctions* Functions() {
  static redisReplyObjectFunctions functions = [] {
    redisReplyObjectFunctions made{};
    made.createString = [](const redisReadTask* task, char* text, size_t size) -> void* {
      return new Reply{KindOf(task->type), std::string(text, size)};
    };
    made.createArray = [](const redisReadTask*, auto) -> void* { return nullptr; };
    made.createInteger = [](const redisReadTask*, long long) -> void* { return new Reply(); };
    made.createNil = [](const redisReadTask*) -> void* { return new Reply{Reply::Kind::kNil, {}}; };
    made.freeObject = [](void* reply) { delete static_cast<Reply*>(reply); };
    return made;
  }();
  return &functions;
}

Result<std::unique_ptr<Stream>> OpenStream(const Address& address, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<Stream> socket, SocketStream::Connect(address, deadline));
  if (!address.is_tls) return socket;
  return TlsStream::Open(std::move(socket), address, deadline);
}

void Append(const Command& command, std::string& bytes) {
  bytes.append("*").append(std::to_string(command.size())).append("\r\n");
  for (const std::string_view word : command) {
    bytes.append("$").append(std::to_string(word.size())).append("\r\n");
    bytes.append(word).append("\r\n");
  }
}

}  // namespace

Error ErrorOf(const Reply& reply) {
  struct Meaning {
    std::string_view code;
    std::string_view message;
  };
  static constexpr Meaning kMeanings[] = {
      {"NOAUTH", "the cache asks for a password"},
      {"WRONGPASS", "the cache refuses the user or the password"},
      {"NOPERM", "the cache's user lacks a permission"},
      {"OOM", "the cache is full and may evict nothing"},
      {"LOADING", "the cache is loading its data"},
      {"READONLY", "the cache is a read-only replica"},
      {"MISCONF", "the cache cannot save and refuses writes"},
      {"DENIED", "the cache takes connections from its own machine only"},
      {"MOVED", "the cache is a cluster, which is not supported"},
  };
  const std::string_view text = reply.text;
  for (const Meaning& meaning : kMeanings) {
    if (text.substr(0, text.find(' ')) == meaning.code) {
      return Unavailable(std::string(meaning.message));
    }
  }
  return Unavailable("the cache refuses a command");
}

Connection::Connection(std::unique_ptr<Stream> stream)
    : stream_(std::move(stream)), reader_(redisReaderCreateWithFunctions(Functions())) {
  DS_CHECK(reader_ != nullptr);
}

Connection::~Connection() {
  redisReaderFree(reader_);
}

Result<std::unique_ptr<Connection>> Connection::Open(const Address& address, Deadline deadline) {
  DS_ASSIGN_OR_RETURN(std::unique_ptr<Stream> stream, OpenStream(address, deadline));
  std::unique_ptr<Connection> connection(new Connection(std::move(stream)));
  DS_RETURN_IF_ERROR(connection->LogIn(address, deadline));
  // By itself and within a call's budget: a server that is up but too slow is of no use.
  const Command ping{"PING"};
  DS_ASSIGN_OR_RETURN(
      const std::vector<Reply> replies,
      connection->Exchange({&ping, 1}, deadline.Within(limits::kEmbeddingCacheTimeout)));
  if (replies.front().kind == Reply::Kind::kError) return ErrorOf(replies.front());
  return connection;
}

Result<void> Connection::LogIn(const Address& address, Deadline deadline) {
  const std::string database = std::to_string(address.database);
  std::vector<Command> commands;
  if (!address.password.empty()) {
    Command& auth = commands.emplace_back(Command{"AUTH"});
    if (!address.user.empty()) auth.emplace_back(address.user);
    auth.emplace_back(address.password);
  }
  if (address.database != 0) commands.push_back({"SELECT", database});
  DS_ASSIGN_OR_RETURN(const std::vector<Reply> replies, Exchange(commands, deadline));
  for (std::size_t i = 0; i < replies.size(); ++i) {
    if (replies[i].kind != Reply::Kind::kError) continue;
    const Error error = ErrorOf(replies[i]);
    if (commands[i].front() != "SELECT" || !replies[i].text.starts_with("ERR")) return error;
    return Unavailable("the cache has no database " + database);
  }
  return {};
}

Result<std::vector<Reply>> Connection::Exchange(std::span<const Command> commands,
                                                Deadline deadline) {
  DS_CHECK(commands.size() <= limits::kRedisPipelineCountMax);
  std::string bytes;
  for (const Command& command : commands) Append(command, bytes);
  DS_RETURN_IF_ERROR(stream_->Send(bytes, deadline));
  std::vector<Reply> replies;
  replies.reserve(commands.size());
  std::size_t room = commands.size() * limits::kRedisReplyByteCountMax;
  while (replies.size() < commands.size()) {
    DS_ASSIGN_OR_RETURN(Reply reply, ReadReply(room, deadline));
    replies.push_back(std::move(reply));
  }
  return replies;
}

Result<Reply> Connection::ReadReply(std::size_t& room, Deadline deadline) {
  std::array<char, kReadByteCount> part;
  while (true) {
    void* object = nullptr;
    if (redisReaderGetReply(reader_, &object) != REDIS_OK) {
      return Unavailable("the cache does not speak the protocol of Redis");
    }
    if (object != nullptr) {
      const std::unique_ptr<Reply> reply(static_cast<Reply*>(object));
      return std::move(*reply);
    }
    DS_ASSIGN_OR_RETURN(const std::size_t count, stream_->Receive(part, deadline));
    if (count > room) return Unavailable("the cache answers more than was asked for");
    room -= count;
    if (redisReaderFeed(reader_, part.data(), count) != REDIS_OK) {
      return Unavailable("the cache does not speak the protocol of Redis");
    }
  }
}

}  // namespace datastorage::redis
