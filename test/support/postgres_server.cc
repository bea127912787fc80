#include "support/postgres_server.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "support/server_process.h"

namespace datastorage::test {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void GiveUp(const std::string& what) {
  std::fprintf(stderr, "\nno PostgreSQL for the tests: %s\n", what.c_str());
  std::abort();
}

// False when it did not become true in a minute.
bool AwaitSoon(const std::function<bool()>& is_true) {
  return Await(is_true, std::chrono::minutes(1), std::chrono::milliseconds(2));
}

// PostgreSQL refuses to run as root: then its package's user runs it.
std::optional<ServerUser> RunsAs() {
  if (geteuid() != 0) return std::nullopt;
  const passwd* user = getpwnam("postgres");  // NOLINT(concurrency-mt-unsafe): before any thread.
  if (user == nullptr) GiveUp("there is no user postgres: run tools/install_packages.sh test");
  return ServerUser{user->pw_uid, user->pw_gid};
}

void GiveToServer(const fs::path& path) {
  const std::optional<ServerUser> user = RunsAs();
  if (user.has_value() && !HandOver(path, *user)) GiveUp("chown " + path.string());
}

// As the server's user. SIGQUIT: the server's immediate shutdown.
pid_t LaunchAsServer(std::vector<std::string> command, const std::string& folder) {
  return Launch({std::move(command), folder, RunsAs(), SIGQUIT});
}

// The newest installed server's bin folder.
fs::path InstalledBin() {
  fs::path newest;
  int newest_version = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version < newest_version || !fs::exists(entry.path() / "bin/postgres")) continue;
    newest_version = version;
    newest = entry.path() / "bin";
  }
  if (newest.empty()) GiveUp("no server is installed: run tools/install_packages.sh test");
  return newest;
}

void LinkEntries(const fs::path& from, const fs::path& to) {
  fs::create_directories(to);
  for (const auto& entry : fs::directory_iterator(from)) {
    fs::create_symlink(entry.path(), to / entry.path().filename());
  }
}

struct ProcessState {
  char letter = '?';
  pid_t parent = 0;
};

// Nothing when there is no such process.
ProcessState StateOf(const std::string& pid) {
  const std::string text = TextOf("/proc/" + pid + "/stat");
  const std::size_t end_of_name = text.rfind(')');
  if (end_of_name == std::string::npos) return {};
  ProcessState state;
  std::istringstream rest(text.substr(end_of_name + 1));
  rest >> state.letter >> state.parent;
  return state;
}

bool IsGone(pid_t pid) {
  const char letter = StateOf(std::to_string(pid)).letter;
  return letter == '?' || letter == 'Z' || letter == 'X';
}

}  // namespace

PostgresServer::PostgresServer(PostgresServerOptions options) : options_(std::move(options)) {
  MakeInstallation();
  options_.primary != nullptr ? CopyPrimary() : MakeCluster();
  GiveToServer(folder_.path());
  if (!options_.data_path.empty()) GiveToServer(DataPath());
  Start();
}

PostgresServer::~PostgresServer() {
  if (!is_running()) return;
  Resume();
  Kill();
}

PostgresServer& PostgresServer::Shared() {
  static PostgresServer server;
  return server;
}

// The server finds its extensions beside its own binary: with a copy of that, and links to all
// else, files can be added without touching the system's installation.
void PostgresServer::MakeInstallation() {
  const fs::path bin = InstalledBin();
  const std::string version = bin.parent_path().filename();
  const fs::path root = fs::path(folder_.path()) / "usr";
  const fs::path lib = root / "lib/postgresql" / version / "lib";
  const fs::path share = root / "share/postgresql" / version;
  bin_ = root / "lib/postgresql" / version / "bin";
  fs::create_directories(bin_);
  fs::copy_file(bin / "postgres", fs::path(bin_) / "postgres");
  LinkEntries(bin.parent_path() / "lib", lib);
  const fs::path system_share = fs::path("/usr/share/postgresql") / version;
  LinkEntries(system_share, share);
  const fs::path vector = DS_PGVECTOR_DIR;
  if (!fs::exists(vector / "vector.so") || fs::exists(lib / "vector.so")) return;
  fs::copy_file(vector / "vector.so", lib / "vector.so");
  fs::remove(share / "extension");
  LinkEntries(system_share / "extension", share / "extension");
  for (const auto& entry : fs::directory_iterator(vector)) {
    const std::string name = entry.path().filename();
    if (name.starts_with("vector") && !name.ends_with(".so")) {
      fs::copy_file(entry.path(), share / "extension" / name);
    }
  }
}

// initdb takes a second, a copy of what it made a tenth: the first one is kept beside the build.
void PostgresServer::MakeCluster() {
  const fs::path bin = InstalledBin();
  const auto made_at = fs::last_write_time(bin / "postgres").time_since_epoch().count();
  const fs::path kept = fs::path(DS_CLUSTER_DIR) / std::to_string(made_at);
  const fs::path data = DataPath();
  if (!fs::exists(kept)) {
    const fs::path password = fs::path(folder_.path()) / "password";
    std::ofstream(password) << kPassword << '\n';
    GiveToServer(folder_.path());
    const pid_t child = LaunchAsServer({bin / "initdb",
                                        "--pgdata=" + data.string(),
                                        "--no-sync",
                                        "--no-instructions",
                                        "--locale=C",
                                        "--encoding=UTF8",
                                        "--username=" + std::string(kSuperuser),
                                        "--auth-local=trust",
                                        "--auth-host=scram-sha-256",
                                        "--pwfile=" + password.string()},
                                       folder_.path());
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) GiveUp("initdb: " + TextOf(folder_.path() + "/log"));
    // Another test program may be making it too: whoever renames first is taken.
    const fs::path made = kept.string() + "." + std::to_string(getpid());
    fs::create_directories(kept.parent_path());
    fs::copy(data, made, fs::copy_options::recursive);
    std::error_code was_there;
    fs::rename(made, kept, was_there);
    if (was_there) fs::remove_all(made);
    return;
  }
  fs::copy(kept, data, fs::copy_options::recursive);
}

void PostgresServer::CopyPrimary() {
  GiveToServer(folder_.path());
  const pid_t child = LaunchAsServer({InstalledBin() / "pg_basebackup",
                                      "--pgdata=" + DataPath(),
                                      "--dbname=" + options_.primary->SocketConninfo("postgres"),
                                      "--checkpoint=fast",
                                      "--no-sync",
                                      "--write-recovery-conf"},
                                     folder_.path());
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) GiveUp("pg_basebackup: " + TextOf(folder_.path() + "/log"));
}

std::string PostgresServer::Conninfo(const std::string& database, const std::string& user) const {
  return "host=127.0.0.1 port=" + std::to_string(port_) + " dbname=" + database + " user=" + user +
         " password=" + kPassword;
}

std::string PostgresServer::SocketConninfo(const std::string& database,
                                           const std::string& user) const {
  return "host=" + folder_.path() + " port=" + std::to_string(port_) + " dbname=" + database +
         " user=" + user;
}

std::string PostgresServer::DataPath() const {
  return options_.data_path.empty() ? folder_.path() + "/data" : options_.data_path;
}

bool PostgresServer::HasEnded() {
  int status = 0;
  if (postmaster_ > 0 && waitpid(postmaster_, &status, WNOHANG) == postmaster_) postmaster_ = 0;
  return postmaster_ == 0;
}

bool PostgresServer::Answers() const {
  int status = 0;
  if (waitpid(postmaster_, &status, WNOHANG) == postmaster_) {
    GiveUp("it ended at its start: " + TextOf(folder_.path() + "/log"));
  }
  return PQping(SocketConninfo("postgres").c_str()) == PQPING_OK;
}

void PostgresServer::Start() {
  if (port_ == 0) port_ = FreeLoopbackPorts(1)[0];
  std::vector<std::string> command{bin_ + "/postgres", "-D", DataPath()};
  std::vector<std::string> settings{"listen_addresses=127.0.0.1",
                                    "port=" + std::to_string(port_),
                                    "unix_socket_directories=" + folder_.path(),
                                    std::string("fsync=") + (options_.is_durable ? "on" : "off"),
                                    "shared_buffers=32MB",
                                    "jit=off",
                                    "max_wal_size=128MB"};
  settings.insert(settings.end(), options_.settings.begin(), options_.settings.end());
  for (const std::string& setting : settings) {
    command.emplace_back("-c");
    command.push_back(setting);
  }
  postmaster_ = LaunchAsServer(command, folder_.path());
  if (!AwaitSoon([this] { return Answers(); })) {
    GiveUp("it does not answer: " + TextOf(folder_.path() + "/log"));
  }
}

std::vector<pid_t> PostgresServer::Processes() const {
  std::vector<pid_t> processes{postmaster_};
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    if (StateOf(name).parent == postmaster_) processes.push_back(std::atoi(name.c_str()));
  }
  return processes;
}

void PostgresServer::Stop() {
  const std::vector<pid_t> processes = Processes();
  kill(postmaster_, SIGINT);
  int status = 0;
  const auto has_ended = [&] { return waitpid(postmaster_, &status, WNOHANG) == postmaster_; };
  if (!AwaitSoon(has_ended)) GiveUp("it does not stop: " + TextOf(folder_.path() + "/log"));
  postmaster_ = 0;
}

void PostgresServer::Kill() {
  kill(postmaster_, SIGSTOP);  // Starts no more processes.
  const std::vector<pid_t> processes = Processes();
  for (const pid_t process : processes) kill(process, SIGKILL);
  int status = 0;
  waitpid(postmaster_, &status, 0);
  postmaster_ = 0;
  // The next start counts on their shared memory being let go.
  if (!AwaitSoon([&] { return std::all_of(processes.begin(), processes.end(), IsGone); })) {
    GiveUp("a killed server does not end");
  }
}

void PostgresServer::Restart() {
  Stop();
  Start();
}

void PostgresServer::Pause() {
  kill(postmaster_, SIGSTOP);
  for (const pid_t process : Processes()) kill(process, SIGSTOP);
}

void PostgresServer::Resume() {
  for (const pid_t process : Processes()) kill(process, SIGCONT);
}

void PostgresServer::Promote() {
  if (Run("postgres", "SELECT pg_promote(true, 60)") != "t") GiveUp("it is not promoted");
}

std::string PostgresServer::MakeDatabase(const std::string& original) {
  const std::string name = "test_" + std::to_string(++database_count_);
  Run("postgres", "CREATE DATABASE " + name + " TEMPLATE " + original);
  return name;
}

std::string PostgresServer::Run(const std::string& database, const std::string& sql) const {
  const std::unique_ptr<PGconn, decltype(&PQfinish)> connection(
      PQconnectdb((SocketConninfo(database) + " options='-c client_min_messages=error'").c_str()),
      &PQfinish);
  const std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()),
                                                             &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    GiveUp("running " + sql + ": " + PQerrorMessage(connection.get()));
  }
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

}  // namespace datastorage::test
