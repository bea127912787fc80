// http_load: requests to a running service over kept-alive connections, as many at a time as there
// are connections (closed loop) or at a rate, answered or not (open loop: a request's time counts
// from when it was due, also while it waits for a free connection). One thread; requests are made
// before the clock starts. See load/stage.h for how it is started and what it prints.
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/arrivals.h"
#include "bench/load/drawn_records.h"
#include "bench/load/http_connection.h"
#include "bench/load/stage.h"
#include "schema/json.h"
#include "schema/record_json.h"

namespace datastorage::load {
namespace {

constexpr const char* kWhats = "create, search (by given embeddings), ask (by texts)";

struct Options {
  std::string url;
  std::string what = "create";
  std::string prefer;
  std::size_t connection_count = 32;
  std::size_t count = 1'000;
  double rate = 0;
  std::uint64_t seed = 1;
  std::uint64_t first = 0;
};

std::string RequestOf(const Options& options, const std::string& path, const std::string& body) {
  std::string request = "POST " + path + " HTTP/1.1\r\nHost: load\r\n";
  request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size());
  if (!options.prefer.empty()) request += "\r\nPrefer: " + options.prefer;
  return request + "\r\n\r\n" + body;
}

std::string SearchBody(const Remediation& record) {
  std::string body = R"({"mode":"semantic","limit":10,"embedding":[)";
  char number[32];
  for (const float component : EmbedRecord(record).vector) {
    body.append(number,
                static_cast<std::size_t>(
                    std::snprintf(number, sizeof number, "%.9g,", static_cast<double>(component))));
  }
  body.back() = ']';
  return body + '}';
}

// So that the write of that record finds its embedding in the cache.
std::string AskingBody(const Remediation& record) {
  schema::Json body = schema::Json::Object();
  body.Add("q", schema::Json::String(*record.summary));
  body.Add("mode", schema::Json::String("semantic"));
  return schema::ToText(body);
}

std::vector<std::string> MakeRequests(const Options& options) {
  std::vector<std::string> requests;
  requests.reserve(options.count);
  for (std::size_t i = 0; i < options.count; ++i) {
    const Remediation record = DrawRecord(options.seed, options.first + i);
    if (options.what == "create") {
      const std::string body = schema::BodyToStoredText(record);
      requests.push_back(RequestOf(options, "/api/v1/audit/remediation", body));
    } else {
      const bool asks = options.what == "ask";
      const std::string body = asks ? AskingBody(record) : SearchBody(record);
      requests.push_back(RequestOf(options, "/api/v1/audit/search", body));
    }
  }
  return requests;
}

class HttpLoad {
 public:
  explicit HttpLoad(const Options& options)
      : options_(options),
        address_(AddressOf(options.url)),
        requests_(MakeRequests(options)),
        arrivals_(PlanArrivals(options.count, options.rate, options.seed)),
        slots_(options.connection_count),
        events_(epoll_create1(EPOLL_CLOEXEC)),
        timer_(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = slots_.size()}};
    epoll_ctl(events_, EPOLL_CTL_ADD, timer_, &event);
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      Connect(i);
      idle_.push_back(i);
    }
  }

  ~HttpLoad() {
    close(timer_);
    close(events_);
  }
  HttpLoad(const HttpLoad&) = delete;
  HttpLoad& operator=(const HttpLoad&) = delete;

  void Run() {
    AwaitGo();
    begun_ = Clock::now();
    while (finished_count_ < requests_.size()) {
      StartDue();
      Await();
    }
    Figures figures = FiguresOf(latencies_, Clock::now() - begun_);
    AwaitNod();
    for (const auto& [name, count] : counts_) figures.emplace_back(name, count);
    Print(figures);
  }

 private:
  struct Slot {
    std::unique_ptr<HttpConnection> connection;
    Clock::time_point asked_at;
    bool is_asked = false;
  };

  void Connect(std::size_t index) {
    slots_[index].connection = std::make_unique<HttpConnection>(address_);
    epoll_event event{.events = EPOLLIN, .data = {.u64 = index}};
    epoll_ctl(events_, EPOLL_CTL_ADD, slots_[index].connection->descriptor(), &event);
  }

  // Sends what is due as long as there is a connection for it.
  void StartDue() {
    while (!idle_.empty() && next_ < requests_.size()) {
      Clock::time_point due = Clock::now();
      if (!arrivals_.empty()) {
        const Clock::time_point planned = begun_ + arrivals_[next_];
        if (planned > due) return Arm(planned);
        due = planned;
      }
      const std::size_t index = idle_.back();
      idle_.pop_back();
      slots_[index].asked_at = due;
      slots_[index].is_asked = true;
      if (!slots_[index].connection->Send(requests_[next_++])) Finish(index, {});
    }
  }

  void Arm(Clock::time_point at) const {
    const auto nanos =
        std::chrono::duration_cast<std::chrono::nanoseconds>(at.time_since_epoch()).count();
    constexpr std::int64_t kPerSecond = 1'000'000'000;
    const itimerspec spec{
        .it_interval = {},
        .it_value = {.tv_sec = nanos / kPerSecond, .tv_nsec = nanos % kPerSecond}};
    timerfd_settime(timer_, TFD_TIMER_ABSTIME, &spec, nullptr);
  }

  void Await() {
    std::array<epoll_event, 64> ready;
    const int count = epoll_wait(events_, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < count; ++i) {
      const std::size_t index = ready[static_cast<std::size_t>(i)].data.u64;
      if (index == slots_.size()) {
        std::uint64_t expirations = 0;
        (void)!read(timer_, &expirations, sizeof expirations);
        continue;
      }
      const std::optional<HttpAnswer> answer = slots_[index].connection->Read();
      if (!answer.has_value()) continue;
      if (slots_[index].is_asked) {
        Finish(index, *answer);
      } else {
        Connect(index);  // The service lets go of who asks nothing for long.
      }
    }
  }

  void Finish(std::size_t index, const HttpAnswer& answer) {
    latencies_.Add(Clock::now() - slots_[index].asked_at);
    ++finished_count_;
    const bool is_good = answer.status >= 200 && answer.status < 300;
    counts_[is_good ? "good" : "failed"] += 1;
    if (!is_good) counts_["status_" + std::to_string(answer.status)] += 1;
    if (answer.body.find(R"("vector":"synced")") != std::string_view::npos) counts_["synced"] += 1;
    if (answer.status == 0) Connect(index);
    slots_[index].is_asked = false;
    idle_.push_back(index);
  }

  const Options options_;
  const sockaddr_in address_;
  const std::vector<std::string> requests_;
  const std::vector<Clock::duration> arrivals_;
  std::vector<Slot> slots_;
  int events_;
  int timer_;
  std::vector<std::size_t> idle_;
  std::size_t next_ = 0;
  std::size_t finished_count_ = 0;
  Clock::time_point begun_;
  Latencies latencies_;
  std::map<std::string, double> counts_{{"good", 0}, {"failed", 0}, {"synced", 0}};
};

}  // namespace
}  // namespace datastorage::load

int main(int argc, char** argv) {
  using namespace datastorage::load;  // NOLINT(google-build-using-namespace): the program itself.
  Options options;
  CLI::App app("Sends requests to a running service and tells how long they took");
  app.add_option("--url", options.url, "http://ADDRESS:PORT")->required();
  app.add_option("--what", options.what, kWhats)->check(CLI::IsMember({"create", "search", "ask"}));
  app.add_option("--prefer", options.prefer, "The header of that name, such as return=minimal");
  app.add_option("--connections", options.connection_count)->check(CLI::Range(1, 1'000));
  app.add_option("--count", options.count, "Requests");
  app.add_option("--rate", options.rate, "Requests a second; 0 for a closed loop");
  app.add_option("--seed", options.seed);
  app.add_option("--first", options.first, "Number of the first record");
  CLI11_PARSE(app, argc, argv);
  HttpLoad(options).Run();
}
