#include "app/serve.h"

#include <csignal>
#include <cstdio>
#include <string>

#include "app/service.h"
#include "app/version.h"
#include "base/log.h"
#include "cli/exit_code.h"
#include "http/api.h"
#include "http/server.h"
#include "postgres/address.h"

namespace datastorage::app {
namespace {

constexpr Duration kFinishTimeout = std::chrono::seconds(30);

// The signals that end the service, blocked in every thread and awaited by one.
class EndSignals {
 public:
  EndSignals() {
    sigemptyset(&set_);
    sigaddset(&set_, SIGTERM);
    sigaddset(&set_, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
    // A client that goes away is an error of that write, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
  }
  int Await() const {
    int signal = 0;
    while (sigwait(&set_, &signal) != 0) {
    }
    return signal;
  }
  // A second signal during the drain ends the wait.
  bool AwaitFor(std::chrono::milliseconds duration) const {
    timespec wait{};
    wait.tv_sec = duration.count() / 1'000;
    wait.tv_nsec = (duration.count() % 1'000) * 1'000'000;
    return sigtimedwait(&set_, nullptr, &wait) > 0;
  }

 private:
  sigset_t set_{};
};

int Fail(const Error& error, cli::ExitCode code) {
  std::fprintf(stderr, "datastorage: %s\n", error.message.c_str());
  return static_cast<int>(code);
}

cli::ExitCode ExitCodeFor(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kNotFound:
    case ErrorCode::kConflict: return cli::ExitCode::kConfiguration;
    case ErrorCode::kResourceExhausted:
    case ErrorCode::kUnavailable:
    case ErrorCode::kDeadlineExceeded:
    case ErrorCode::kOutcomeUnknown: return cli::ExitCode::kUnavailable;
    case ErrorCode::kInternal: return cli::ExitCode::kProblem;
  }
  return cli::ExitCode::kProblem;
}

std::string UrlOf(const Endpoint& endpoint, std::uint16_t port) {
  const bool is_v6 = endpoint.host.find(':') != std::string::npos;
  const std::string host = is_v6 ? "[" + endpoint.host + "]" : endpoint.host;
  return "http://" + host + ":" + std::to_string(port);
}

http::ServerOptions ServerOptionsFor(const Endpoint& endpoint, std::size_t worker_count) {
  http::ServerOptions options;
  options.host = endpoint.host;
  options.port = endpoint.port;
  options.worker_count = worker_count;
  return options;
}

void SayWhatRuns(const Config& config, const Service& service) {
  std::printf("datastorage %s\n", std::string(kVersion).c_str());
  const VectorsPlace& vectors = config.vectors;
  const bool is_beside =
      !config.store_conninfo.empty() &&
      (vectors.choice == VectorsChoice::kMemory || vectors.choice == VectorsChoice::kSameDatabase);
  if (config.store_conninfo.empty()) {
    std::printf("records in %s (SQLite, synchronous=FULL)\n", config.data_directory.c_str());
  } else {
    std::printf("records in PostgreSQL at %s%s%s\n",
                postgres::DescriptionOf(config.store_conninfo).c_str(),
                is_beside ? ", vectors in " : "",
                is_beside ? DescriptionOf(vectors).c_str() : "");
  }
  if (!is_beside && vectors.choice != VectorsChoice::kMemory) {
    std::printf("vectors in %s\n", DescriptionOf(vectors).c_str());
  }
  if (config.vectors_from.has_value()) {
    std::printf("vectors until now in %s\n", DescriptionOf(*config.vectors_from).c_str());
  }
  if (config.shared_cache.has_value()) {
    std::printf("embeddings shared by %s\n", redis::DescriptionOf(*config.shared_cache).c_str());
  }
  std::printf("embedder %s\n", service.embedder_description().c_str());
}

}  // namespace

int Serve(const Config& config) {
  const EndSignals signals;
  SetLogLevel(config.log_level);
  Result<std::unique_ptr<Service>> opened = Service::Open(config, ThreadRuntime());
  if (!opened.has_value()) return Fail(opened.error(), ExitCodeFor(opened.error().code));
  Service& service = **opened;
  service.metrics().Set(Metric::kBuild, 1, {kVersion, kCompiler});

  http::Api api({service.writes(),
                 service.queries(),
                 service.searches(),
                 service.health(),
                 service.erasures(),
                 service.reconciles(),
                 service.backups(),
                 service.moves(),
                 service.metrics()},
                {std::string(kVersion), config.is_strict_by_default});
  constexpr std::size_t kOperationsWorkerCount = 4;  // A reconcile and a backup take long.
  http::Server operations(api.operations_handler(),
                          ServerOptionsFor(config.metrics, kOperationsWorkerCount));
  http::Server server(api.public_handler(), ServerOptionsFor(config.listen, config.worker_count));
  service.Start();
  for (http::Server* each : {&operations, &server}) {
    const Result<void> started = each->Start();
    if (!started.has_value()) return Fail(started.error(), ExitCodeFor(started.error().code));
  }
  SayWhatRuns(config, service);
  std::printf("metrics on %s\n", UrlOf(config.metrics, operations.port()).c_str());
  std::printf("listening on %s\n", UrlOf(config.listen, server.port()).c_str());
  std::fflush(stdout);

  const int signal = signals.Await();
  Log(LogLevel::kInfo, "stopping", {{"signal", static_cast<std::int64_t>(signal)}});
  api.BeginDrain();
  service.reconciles().Stop();
  service.moves().Stop();
  signals.AwaitFor(config.drain_delay);
  server.Stop(kFinishTimeout);
  operations.Stop(kFinishTimeout);
  service.Stop();
  Log(LogLevel::kInfo, "stopped");
  if (!service.has_lost_its_place()) return static_cast<int>(cli::ExitCode::kOk);
  return Fail(Unavailable("another service has taken the database: this one has ended"),
              cli::ExitCode::kUnavailable);
}

}  // namespace datastorage::app
