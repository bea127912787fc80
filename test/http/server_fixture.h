// ServerFixture: a server over real sockets, with a handler that echoes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "http/server.h"
#include "support/raw_client.h"

namespace datastorage::http {

// Answers with method, path and body; "/block" waits until Release.
class EchoHandler final : public RequestHandler {
 public:
  Admission Admit(Request& head) override {
    Admission admission;
    admission.body_byte_count_max = head.path == "/large" ? 1'000'000 : 1'000;
    admission.is_streamed = head.path == "/stream";
    admission.is_instant = head.path == "/instant";
    if (head.path == "/refuse") admission.answer = Response{404, {}, "refused"};
    return admission;
  }

  Response Handle(const Request& request) override {
    thread_of_handler = std::this_thread::get_id();
    if (request.path == "/block") {
      std::unique_lock<std::mutex> lock(mutex_);
      ++blocked_;
      changed_.notify_all();
      changed_.wait(lock, [this] { return is_released_; });
    }
    return {
        200, {{"X-Seen", request.query}}, request.method + " " + request.path + " " + request.body};
  }

  std::unique_ptr<BodyStream> OpenStream(const Request& /*head*/) override;

  Response Refuse(const Refusal& refusal, const Request* head) override {
    const std::string path = head != nullptr ? head->path : "";
    return {refusal.status, {{"X-Path", path}}, std::string(refusal.reason)};
  }

  void WaitUntilBlocked(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return blocked_ >= count; });
  }
  void Release() {
    const std::lock_guard<std::mutex> lock(mutex_);
    is_released_ = true;
    changed_.notify_all();
  }

  std::atomic<std::thread::id> thread_of_handler{};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int blocked_ = 0;
  bool is_released_ = false;
};

// Answers each whole line with its length.
class LineLengths final : public BodyStream {
 public:
  Response Head() override { return {200, {{"Content-Type", "text/plain"}}, {}}; }
  std::string Take(std::string_view bytes, bool is_last) override {
    std::string output;
    for (const char c : bytes) {
      if (c != '\n') {
        ++length_;
        continue;
      }
      output += std::to_string(std::exchange(length_, 0)) + "\n";
    }
    if (is_last) output += "end\n";
    return output;
  }

 private:
  std::size_t length_ = 0;
};

inline std::unique_ptr<BodyStream> EchoHandler::OpenStream(const Request& /*head*/) {
  return std::make_unique<LineLengths>();
}

class ServerFixture : public testing::Test {
 protected:
  ServerFixture() {
    options_.worker_count = 2;
    options_.header_timeout = std::chrono::seconds(10);
    options_.body_timeout = std::chrono::seconds(10);
  }
  ~ServerFixture() override { handler_.Release(); }

  std::uint16_t Start() {
    server_ = std::make_unique<Server>(handler_, options_);
    EXPECT_TRUE(server_->Start().has_value());
    return server_->port();
  }

  EchoHandler handler_;
  ServerOptions options_;
  std::unique_ptr<Server> server_;
};

}  // namespace datastorage::http
