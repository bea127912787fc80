// Sessions under TLS with a server that has a certificate: what `sslmode=verify-full` accepts, what
// it refuses, and what is said of it.
#include <fcntl.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "postgres/connection.h"
#include "postgres/session.h"
#include "support/temporary_folder.h"

namespace datastorage::postgres {
namespace {

using test::PostgresServer;

constexpr const char* kHost = "database.test";

// An authority, a certificate of `kHost` that it signed, and an authority that signed nothing.
class Certificates {
 public:
  Certificates() {
    namespace fs = std::filesystem;
    fs::permissions(folder_.path(), fs::perms(0755));
    Make("authority", {"-subj", "/CN=authority"});
    Make("stranger", {"-subj", "/CN=authority"});
    Make("server",
         {"-subj",
          "/CN=server",
          "-addext",
          "subjectAltName=DNS:" + std::string(kHost),
          "-CA",
          CertificateOf("authority"),
          "-CAkey",
          KeyOf("authority")});
    // Only the server may read its key.
    fs::permissions(KeyOf("server"), fs::perms(0600));
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread.
    const passwd* const user = geteuid() == 0 ? getpwnam("postgres") : nullptr;
    if (user == nullptr) return;
    DS_CHECK(chown(KeyOf("server").c_str(), user->pw_uid, user->pw_gid) == 0);
  }

  std::string CertificateOf(const std::string& name) const {
    return folder_.path() + "/" + name + ".crt";
  }
  std::string KeyOf(const std::string& name) const { return folder_.path() + "/" + name + ".key"; }

 private:
  void Make(const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> words{"openssl", "req", "-x509", "-newkey", "ec"};
    words.insert(words.end(), {"-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"});
    words.insert(words.end(), {"-keyout", KeyOf(name), "-out", CertificateOf(name)});
    words.insert(words.end(), more.begin(), more.end());
    std::vector<char*> arguments;
    arguments.reserve(words.size() + 1);
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t child = fork();
    if (child == 0) {
      const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
      dup2(nowhere, STDERR_FILENO);
      execvp(arguments[0], arguments.data());
      _exit(127);
    }
    int status = 0;
    DS_CHECK(waitpid(child, &status, 0) == child && status == 0);
  }

  TemporaryFolder folder_;
};

class ConnectionTls : public testing::Test {
 protected:
  std::string Conninfo(const std::string& hosts, const std::string& authority) const {
    return "host=" + hosts +
           " hostaddr=" + (hosts.find(',') == std::string::npos ? "127.0.0.1" : kTwice) +
           " port=" + std::to_string(server_.port()) +
           " dbname=postgres user=postgres password=" + PostgresServer::kPassword +
           " sslmode=verify-full sslrootcert=" + authority;
  }
  std::string Authority() const { return certificates_.CertificateOf("authority"); }

  // Whether the session is there, and under TLS.
  static testing::AssertionResult IsUnderTls(const std::string& conninfo) {
    const auto opened = Connection::Open({.conninfo = conninfo}, Soon());
    if (!opened.has_value()) return testing::AssertionFailure() << opened.error().message;
    Call call{.sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"};
    const auto rows = (*opened)->RunOne("ask", std::move(call), Soon());
    return rows.has_value() && rows->Bool(0, 0) ? testing::AssertionSuccess()
                                                : testing::AssertionFailure() << "no TLS";
  }

  // Refused with that in its message, and without a secret there and in the log.
  static void ExpectRefused(const std::string& conninfo, const std::string& why) {
    testing::internal::CaptureStderr();
    const auto opened = Connection::Open({.conninfo = conninfo}, Soon());
    const std::string log = testing::internal::GetCapturedStderr();
    ASSERT_EQ(CodeOf(opened), ErrorCode::kUnavailable) << conninfo;
    EXPECT_NE(opened.error().message.find(why), std::string::npos) << opened.error().message;
    EXPECT_NE(log.find("postgres_text"), std::string::npos) << log;
    for (const std::string& said : {log, opened.error().message}) {
      EXPECT_EQ(said.find(PostgresServer::kPassword), std::string::npos) << said;
    }
  }

  static constexpr const char* kTwice = "127.0.0.1,127.0.0.1";
  Certificates certificates_;
  PostgresServer server_{{.settings = {"ssl=on",
                                       "ssl_cert_file=" + certificates_.CertificateOf("server"),
                                       "ssl_key_file=" + certificates_.KeyOf("server")}}};
};

TEST_F(ConnectionTls, IsVerifiedWhereTheConninfoAsksForIt) {
  EXPECT_TRUE(IsUnderTls(Conninfo(kHost, Authority())));
  EXPECT_TRUE(IsUnderTls(Conninfo("other.test," + std::string(kHost), Authority())))
      << "the second host is the one of the certificate";
}

TEST_F(ConnectionTls, IsRefusedWithAReasonAndWithoutASecret) {
  ExpectRefused(Conninfo("other.test", Authority()), "another host name");
  ExpectRefused(Conninfo(kHost, certificates_.CertificateOf("stranger")), "sslrootcert");
  ExpectRefused(Conninfo(kHost, "/nowhere/authority.crt"), "sslrootcert");
  ExpectRefused(PostgresServer::Shared().Conninfo("postgres") + " sslmode=require",
                "offers no TLS");
}

}  // namespace
}  // namespace datastorage::postgres
