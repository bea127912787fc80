// How a session begins: connecting within a deadline, what it refuses, what it sets.
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <array>

#include "base/log.h"
#include "postgres/address.h"
#include "postgres/connection.h"

namespace datastorage::postgres {
namespace {

constexpr int kOldestServer = 150'000;

// Long enough for a busy server; whoever waits longer has other statements behind it.
constexpr std::string_view kHurrySql = "SET LOCAL lock_timeout = '50ms'";

std::vector<std::string> SplitAtCommas(const std::string& list) {
  std::vector<std::string> parts;
  if (list.empty()) return parts;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    parts.push_back(list.substr(begin, end - begin));
    if (end == list.size()) return parts;
    begin = end + 1;
  }
}

// There is no SQLSTATE of what TLS refuses, only libpq's text. The first that fits.
struct TlsRefusal {
  std::string_view text;
  const char* why;
};
constexpr TlsRefusal kTlsRefusals[] = {
    {"does not match host name", "the server's certificate is for another host name"},
    {"certificate verify failed",
     "the server's certificate was not signed by whom sslrootcert trusts, or is out of date"},
    {"root certificate", "sslrootcert names no readable file of certificates"},
    {"does not support SSL", "the server offers no TLS, which sslmode asks for"},
    {"SSL error", "the server and this program do not agree on TLS"},
};

// libpq names hosts, roles and databases when it cannot connect, and never a password.
Error CannotConnect(const PGconn* session, const ConnectionOptions& options) {
  const std::string& conninfo = options.conninfo;
  const std::string_view text = PQerrorMessage(session);
  if (!options.is_away->exchange(true)) {
    const std::string server = DescriptionOf(conninfo);
    Log(LogLevel::kError,
        "postgresql cannot be reached",
        {{"server", std::string_view(server)}, {"postgres_text", text}});
  }
  for (const TlsRefusal& refusal : kTlsRefusals) {
    if (text.find(refusal.text) == std::string_view::npos) continue;
    return Unavailable("connect to the database: " + std::string(refusal.why));
  }
  const std::string wanted = OptionOf(conninfo, "target_session_attrs");
  return Unavailable(wanted == "read-write" || wanted == "primary"
                         ? "connect to the database: no server that takes writes can be reached"
                         : "connect to the database: the database cannot be reached");
}

// What every session of ours has set. The order is that of the parameters in SetUp.
constexpr std::string_view kSetUp =
    "SELECT current_setting('fsync')::boolean, current_setting('server_version'),"
    " set_config('statement_timeout', $1::text, false),"
    " set_config('lock_timeout', $2::text, false),"
    " set_config('idle_in_transaction_session_timeout', $3::text, false),"
    // A server whose client is gone stops its statement.
    " set_config('client_connection_check_interval', '1s', false),"
    // One whose client's machine is gone, or cut off, lets go of its locks within 15 seconds.
    " set_config('tcp_keepalives_idle', '5', false),"
    " set_config('tcp_keepalives_interval', '2', false),"
    " set_config('tcp_keepalives_count', '3', false),"
    " set_config('tcp_user_timeout', '10s', false),"
    // Whatever the role or the database has set: what is acknowledged is durable.
    " CASE WHEN current_setting('synchronous_commit') = 'off'"
    " THEN set_config('synchronous_commit', 'on', false) END,"
    " set_config('timezone', 'UTC', false), set_config('jit', 'off', false)";

}  // namespace

// What takes the place of the conninfo's lists; "": nothing does.
struct ServerAddress {
  std::string host{};
  std::string hostaddr{};
  std::string port{};
};

namespace {

std::vector<ServerAddress> AddressesOf(const std::string& conninfo) {
  const std::vector<std::string> hosts = SplitAtCommas(OptionOf(conninfo, "host"));
  const std::vector<std::string> hostaddrs = SplitAtCommas(OptionOf(conninfo, "hostaddr"));
  const std::vector<std::string> ports = SplitAtCommas(OptionOf(conninfo, "port"));
  const std::size_t count = std::max(hosts.size(), hostaddrs.size());
  std::vector<ServerAddress> addresses(std::max<std::size_t>(count, 1));
  for (std::size_t i = 0; count > 1 && i < count; ++i) {
    if (i < hosts.size()) addresses[i].host = hosts[i];
    if (i < hostaddrs.size()) addresses[i].hostaddr = hostaddrs[i];
    if (ports.size() == count) addresses[i].port = ports[i];
  }
  return addresses;
}

}  // namespace

void Connection::TakeNotice(void* connection, const pg_result* notice) {
  const char* const severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  if (severity == nullptr) return;
  auto& self = *static_cast<Connection*>(connection);
  self.was_warned_ = self.was_warned_ || std::string_view(severity) == "WARNING";
  self.was_ended_ = self.was_ended_ || std::string_view(severity) == "FATAL";
}

Result<std::unique_ptr<Connection>> Connection::Open(const ConnectionOptions& options,
                                                     Deadline deadline) {
  DS_RETURN_IF_ERROR(CheckConninfo(options.conninfo));
  std::unique_ptr<Connection> connection(new Connection(options));
  const Deadline until = deadline.Within(options.connect_timeout);
  DS_RETURN_IF_ERROR(connection->Connect(until));
  DS_RETURN_IF_ERROR(connection->SetUp(until));
  if (options.is_away->exchange(false)) {
    const std::string server = DescriptionOf(options.conninfo);
    Log(LogLevel::kInfo, "postgresql answers again", {{"server", std::string_view(server)}});
  }
  return connection;
}

// One host after the other, each with its share of the time: libpq would wait for the first one for
// good where it does not even refuse.
Result<void> Connection::Connect(Deadline deadline) {
  const std::vector<ServerAddress> addresses = AddressesOf(options_.conninfo);
  const std::size_t first = options_.first_host->load();
  Result<void> connected;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const std::size_t place = (first + i) % addresses.size();
    const auto left = static_cast<int>(addresses.size() - i);
    connected = ConnectTo(addresses[place], deadline.Within(deadline.Remaining() / left));
    if (!connected.has_value()) continue;
    options_.first_host->store(place);
    break;
  }
  return connected;
}

Result<void> Connection::ConnectTo(const ServerAddress& address, Deadline deadline) {
  // What comes before dbname gives way to what the conninfo says.
  const std::string tcp_timeout = std::to_string(options_.connect_timeout.count());
  constexpr int kCount = 10;
  const std::array<const char*, kCount + 1> names{"keepalives_idle",
                                                  "keepalives_interval",
                                                  "keepalives_count",
                                                  "tcp_user_timeout",
                                                  "fallback_application_name",
                                                  "dbname",
                                                  "client_encoding",
                                                  "host",
                                                  "hostaddr",
                                                  "port",
                                                  nullptr};
  const std::array<const char*, kCount + 1> values{"10",
                                                   "5",
                                                   "3",
                                                   tcp_timeout.c_str(),
                                                   "datastorage",
                                                   options_.conninfo.c_str(),
                                                   "UTF8",
                                                   address.host.c_str(),
                                                   address.hostaddr.c_str(),
                                                   address.port.c_str(),
                                                   nullptr};
  session_.reset(PQconnectStartParams(names.data(), values.data(), 1));
  if (session_ == nullptr) return ResourceExhausted("connect to the database: out of memory");
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;
  while (PQstatus(session_.get()) != CONNECTION_BAD && status != PGRES_POLLING_OK) {
    if (status == PGRES_POLLING_FAILED) break;
    pollfd socket{.fd = PQsocket(session_.get()),
                  .events = static_cast<short>(status == PGRES_POLLING_READING ? POLLIN : POLLOUT),
                  .revents = 0};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline.Remaining());
    if (poll(&socket, 1, static_cast<int>(left.count())) == 0 && deadline.HasPassed()) {
      session_.reset();
      return Unavailable("connect to the database: it did not answer in time");
    }
    status = PQconnectPoll(session_.get());
  }
  if (PQstatus(session_.get()) != CONNECTION_OK) {
    return CannotConnect(session_.get(), options_);
  }
  PQsetNoticeReceiver(session_.get(), &Connection::TakeNotice, this);
  PQsetnonblocking(session_.get(), 1);
  is_usable_ = true;
  return {};
}

Result<void> Connection::PrepareOnce(std::span<const NamedStatement> statements,
                                     Deadline deadline) {
  const std::string_view group = statements.front().name;
  if (prepared_groups_.contains(group)) return {};
  DS_RETURN_IF_ERROR(Prepare(statements, deadline));
  prepared_groups_.emplace(group);
  return {};
}

Result<void> Connection::SetUp(Deadline deadline) {
  const std::array<NamedStatement, 6> statements{
      NamedStatement{"set_deadline", "SELECT set_config('statement_timeout', $1::text, true)"},
      NamedStatement{kBegin, "BEGIN"},
      NamedStatement{kBeginReading, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"},
      NamedStatement{kCommit, "COMMIT"},
      NamedStatement{kRelax, "SET LOCAL synchronous_commit = off"},
      NamedStatement{kHurry, std::string(kHurrySql)}};
  if (server_version() < kOldestServer) {
    return Conflict("the database server is PostgreSQL " +
                    std::to_string(server_version() / 10'000) + ", 15 or newer is needed");
  }
  DS_RETURN_IF_ERROR(Prepare(statements, deadline));
  Call setting{.sql = std::string(kSetUp)};
  setting.parameters.Add(std::to_string(options_.statement_timeout.count()));
  setting.parameters.Add(std::to_string(options_.lock_timeout.count()));
  setting.parameters.Add(std::to_string(options_.idle_in_transaction_timeout.count()));
  DS_ASSIGN_OR_RETURN(const Rows rows, RunOne("set up a session", std::move(setting), deadline));
  if (!rows.Bool(0, 0)) {
    return Conflict(
        "the database server runs with fsync=off and would lose what it acknowledged: set "
        "fsync=on");
  }
  return {};
}

}  // namespace datastorage::postgres
