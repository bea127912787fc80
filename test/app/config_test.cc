#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/config_commands.h"
#include "app/config_options.h"

namespace datastorage::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A YAML file that lives as long as the test.
class ConfigFile {
 public:
  explicit ConfigFile(std::string_view text)
      : path_(testing::TempDir() + "config_test." +
              testing::UnitTest::GetInstance()->current_test_info()->name() + ".yaml") {
    std::ofstream(path_) << text;
  }
  ~ConfigFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

LoadedConfig LoadArguments(std::vector<std::string> arguments,
                           const cli::Environment& environment = {}) {
  CLI::App app;
  ConfigFlags flags;
  AddConfigFlags(app, flags);
  std::ranges::reverse(arguments);  // As CLI11 wants them.
  app.parse(arguments);
  return LoadConfig(flags, environment);
}

const ShownValue& Shown(const LoadedConfig& loaded, std::string_view option) {
  return *std::ranges::find(loaded.values, option, &ShownValue::option);
}

TEST(Config, IsValidWhenNothingIsGiven) {
  const LoadedConfig loaded = LoadArguments({});
  EXPECT_THAT(loaded.errors, IsEmpty());
  ASSERT_TRUE(loaded.config.has_value());
  EXPECT_EQ(loaded.config->listen.host, "127.0.0.1");
  EXPECT_EQ(loaded.config->listen.port, 8080);
  EXPECT_EQ(loaded.config->metrics.port, 9090);
  EXPECT_EQ(loaded.config->data_directory, "./data");
  EXPECT_EQ(loaded.config->embedder, EmbedderChoice::kMiniLm);
  EXPECT_EQ(loaded.config->drain_delay, std::chrono::seconds(5));
  EXPECT_FALSE(loaded.config->is_strict_by_default);
}

TEST(Config, RanksFlagOverEnvironmentOverFileOverDefault) {
  const ConfigFile file("workers: 2\nlog-level: error\ndata: /from/file\n");
  const LoadedConfig loaded =
      LoadArguments({"--config", file.path(), "--workers", "4"},
                    {{"DATASTORAGE_WORKERS", "3"}, {"DATASTORAGE_LOG_LEVEL", "debug"}});
  ASSERT_TRUE(loaded.config.has_value());
  EXPECT_EQ(loaded.config->worker_count, 4U);
  EXPECT_EQ(loaded.config->log_level, LogLevel::kDebug);
  EXPECT_EQ(loaded.config->data_directory, "/from/file");
  EXPECT_EQ(Shown(loaded, "workers").source, "--workers");
  EXPECT_EQ(Shown(loaded, "log-level").source, "DATASTORAGE_LOG_LEVEL");
  EXPECT_EQ(Shown(loaded, "data").source, file.path() + ":3");
  EXPECT_EQ(Shown(loaded, "listen").source, "default");
}

TEST(Config, TakesTheFileThatTheEnvironmentNames) {
  const ConfigFile file("workers: 2\n");
  const LoadedConfig loaded = LoadArguments({}, {{"DATASTORAGE_CONFIG", file.path()}});
  ASSERT_TRUE(loaded.config.has_value());
  EXPECT_EQ(loaded.config->worker_count, 2U);
}

TEST(Config, NamesTheVariablesThatMeanNothing) {
  const LoadedConfig loaded = LoadArguments({},
                                            {{"DATASTORAGE_WROKERS", "2"},
                                             {"DATASTORAGE_TOKEN", ""},
                                             {"DATASTORAGE_WORKERS", "3"},
                                             {"DATASTORAGE_SERVER", "http://127.0.0.1:1"},
                                             {"DATASTORAGE_STORE_FILE", ""},
                                             {"DATASTORAGE_PORT", "tcp://10.0.0.7:8080"},
                                             {"DATASTORAGE_PORT_8080_TCP_ADDR", "10.0.0.7"},
                                             {"DATASTORAGE_API_SERVICE_HOST", "10.0.0.7"},
                                             {"DATASTORAGE_SERVICE_PORT_HTTP", "8080"},
                                             {"PATH", "/bin"}});
  EXPECT_TRUE(loaded.config.has_value());
  EXPECT_THAT(loaded.unknown_variables, ElementsAre("DATASTORAGE_TOKEN", "DATASTORAGE_WROKERS"));
  EXPECT_EQ(UnknownVariablesText(loaded),
            "no option is named by DATASTORAGE_TOKEN, DATASTORAGE_WROKERS");
}

TEST(Config, ReportsAllErrorsTogetherWithTheirPlaces) {
  const ConfigFile file("wrokers: 2\nmetrics: [1, 2]\nembedder: gpt\n");
  const LoadedConfig loaded =
      LoadArguments({"--config", file.path(), "--listen", "0.0.0.0:8080", "--workers", "0"},
                    {{"DATASTORAGE_STORE", "mysql://u:secret@db/audit"}});
  EXPECT_FALSE(loaded.config.has_value());
  EXPECT_THAT(
      loaded.errors,
      ElementsAre(HasSubstr(file.path() + ":1: unknown key \"wrokers\""),
                  HasSubstr(":2: \"metrics\" must be one value"),
                  HasSubstr("--listen: \"0.0.0.0:8080\" is not a loopback address"),
                  HasSubstr("DATASTORAGE_STORE: \"mysql://u:***@db/audit\" must be sqlite, or"),
                  HasSubstr(":3: embedder: \"gpt\" must be one of: minilm, lexical, none"),
                  HasSubstr("--workers: \"0\" must be a whole number between 1 and 64")));
}

TEST(Config, NamesTheLineOfAFileThatIsNotYaml) {
  const ConfigFile file("workers: 2\ndata: {unclosed\n");
  EXPECT_THAT(LoadArguments({"--config", file.path()}).errors,
              ElementsAre(HasSubstr(":3: is not YAML: ")));
  EXPECT_THAT(LoadArguments({"--config", "/nowhere/x.yaml"}).errors,
              ElementsAre("/nowhere/x.yaml: cannot be read"));
}

TEST(Config, AcceptsLoopbackAddressesOnly) {
  struct Case {
    const char* listen;
    const char* host;  // nullptr: refused.
  };
  const Case cases[] = {{"127.0.0.1:1", "127.0.0.1"},
                        {"127.9.8.7:1", "127.9.8.7"},
                        {"localhost:0", "127.0.0.1"},
                        {"[::1]:65535", "::1"},
                        {"0.0.0.0:80", nullptr},
                        {"[::]:80", nullptr},
                        {"192.168.0.1:80", nullptr},
                        {"example.org:80", nullptr},
                        {"128.0.0.1:80", nullptr},
                        {"127.0.0.1", nullptr},
                        {"127.0.0.1:65536", nullptr},
                        {"127.0.0.1:x", nullptr},
                        {":8080", nullptr}};
  for (const Case& c : cases) {
    const LoadedConfig loaded = LoadArguments({"--listen=" + std::string(c.listen)});
    ASSERT_EQ(loaded.config.has_value(), c.host != nullptr) << c.listen;
    if (c.host != nullptr) {
      EXPECT_EQ(loaded.config->listen.host, c.host);
    }
    EXPECT_EQ(LoadArguments({"--metrics=" + std::string(c.listen)}).config.has_value(),
              c.host != nullptr)
        << c.listen;
  }
}

TEST(Config, RefusesOneAddressForBothListeners) {
  EXPECT_THAT(LoadArguments({"--metrics", "127.0.0.1:8080"}).errors,
              Contains("listen and metrics name the same address"));
  EXPECT_THAT(LoadArguments({"--metrics", "127.0.0.1:0", "--listen", "127.0.0.1:0"}).errors,
              IsEmpty());
}

TEST(Config, ReadsDurationsWithTheirUnit) {
  EXPECT_EQ(LoadArguments({"--drain-delay", "250ms"}).config->drain_delay,
            std::chrono::milliseconds(250));
  EXPECT_EQ(LoadArguments({"--drain-delay", "0"}).config->drain_delay, std::chrono::seconds(0));
  for (const char* text : {"5", "-1s", "soon", "11m"}) {
    EXPECT_FALSE(LoadArguments({"--drain-delay=" + std::string(text)}).config.has_value()) << text;
  }
}

TEST(Config, TakesACacheOfItsOwnMemoryOrOneThatIsShared) {
  EXPECT_FALSE(LoadArguments({}).config->shared_cache.has_value());
  EXPECT_FALSE(LoadArguments({"--cache", "memory"}).config->shared_cache.has_value());
  const LoadedConfig loaded =
      LoadArguments({}, {{"DATASTORAGE_CACHE", "redis://me:s3cret@host:7000/2"}});
  ASSERT_TRUE(loaded.config.has_value());
  EXPECT_EQ(loaded.config->shared_cache->password, "s3cret");
  EXPECT_EQ(Shown(loaded, "cache").value, "redis://me:***@host:7000/2");
  for (const char* text : {"redis",
                           "http://host",
                           "redis://me:s3cret@",
                           "redis://me:s3/cret@host:x",
                           "redis://me:s3cret@host/x?s3cret"}) {
    const LoadedConfig refused = LoadArguments({"--cache", text});
    ASSERT_EQ(refused.errors.size(), 1U) << text;
    EXPECT_THAT(refused.errors[0], testing::Not(HasSubstr("cret@"))) << text;
  }
}

TEST(Config, TakesASqliteFileOrAPostgresDatabase) {
  EXPECT_EQ(LoadArguments({}).config->store_conninfo, "");
  const std::string url = "postgresql://me:s3cret@a,b/audit?target_session_attrs=read-write";
  const LoadedConfig loaded = LoadArguments({"--store", url, "--vectors", "pgvector"});
  ASSERT_TRUE(loaded.config.has_value());
  EXPECT_EQ(loaded.config->store_conninfo, url);
  EXPECT_EQ(loaded.config->vectors.choice, VectorsChoice::kSameDatabase);
  EXPECT_EQ(Shown(loaded, "store").value,
            "postgresql://me:***@a,b/audit?target_session_attrs=read-write");
  const LoadedConfig wrong = LoadArguments({"--store", "postgres://me:s3cret@a/audit?colour=red"});
  ASSERT_EQ(wrong.errors.size(), 1U);
  EXPECT_THAT(wrong.errors[0], HasSubstr("cannot be read"));
  EXPECT_THAT(wrong.errors[0], testing::Not(HasSubstr("s3cret")));
  EXPECT_THAT(LoadArguments({"--vectors", "pgvector"}).errors,
              ElementsAre(HasSubstr("in the database of --store")));
}

TEST(Config, TakesADatabaseForVectorsAloneBesideEitherStore) {
  const std::string url = "postgresql://me:s3cret@far:5433/vectors?sslmode=verify-full";
  for (const std::string store : {"sqlite", "postgresql://me:s3cret@near/audit"}) {
    const LoadedConfig loaded = LoadArguments({"--store", store}, {{"DATASTORAGE_VECTORS", url}});
    ASSERT_TRUE(loaded.config.has_value()) << loaded.errors.front();
    EXPECT_EQ(loaded.config->vectors.choice, VectorsChoice::kOtherPostgres);
    EXPECT_EQ(loaded.config->vectors.conninfo, url);
    EXPECT_EQ(Shown(loaded, "vectors").value,
              "postgresql://me:***@far:5433/vectors?sslmode=verify-full");
  }
  EXPECT_THAT(LoadArguments({"--store", url, "--vectors", url}).errors,
              ElementsAre(HasSubstr("names the database of --store")));
  for (const char* text :
       {"postgresql://me:s3cret@far/vectors?colour=red", "mysql://me:s3cret@far"}) {
    const LoadedConfig wrong = LoadArguments({"--vectors", text});
    ASSERT_EQ(wrong.errors.size(), 1U) << text;
    EXPECT_THAT(wrong.errors[0], testing::Not(HasSubstr("s3cret")));
  }
}

TEST(Config, TakesAnOpensearchClusterForVectors) {
  const std::string url = "opensearch+https://me:s3cret@a:9200,b/audit?replicas=2";
  const LoadedConfig loaded = LoadArguments({"--vectors", url});
  ASSERT_TRUE(loaded.config.has_value()) << loaded.errors.front();
  EXPECT_EQ(loaded.config->vectors.choice, VectorsChoice::kOpensearch);
  const opensearch::Address& cluster = loaded.config->vectors.cluster.value();
  EXPECT_TRUE(cluster.is_tls);
  EXPECT_THAT(cluster.hosts, ElementsAre(opensearch::Host{"a", 9200}, opensearch::Host{"b", 9200}));
  EXPECT_EQ(cluster.user + ":" + cluster.password, "me:s3cret");
  EXPECT_EQ(cluster.index, "audit");
  EXPECT_EQ(cluster.replica_count, 2);
  EXPECT_EQ(Shown(loaded, "vectors").value, "opensearch+https://me:***@a:9200,b/audit?replicas=2");
  const LoadedConfig wrong = LoadArguments({"--vectors", "opensearch+http://me:s3cret@/audit"});
  ASSERT_EQ(wrong.errors.size(), 1U);
  EXPECT_THAT(wrong.errors[0], HasSubstr("host"));
  EXPECT_THAT(wrong.errors[0], testing::Not(HasSubstr("s3cret")));
}

TEST(Config, TakesThePlaceThatVectorsMoveFrom) {
  const std::string store = "postgresql://me:s3cret@near/audit";
  const std::string far = "postgresql://me:s3cret@far/vectors";
  const LoadedConfig loaded =
      LoadArguments({"--store", store, "--vectors", far, "--vectors-from", "pgvector"});
  ASSERT_TRUE(loaded.config.has_value()) << loaded.errors.front();
  EXPECT_EQ(loaded.config->vectors_from->choice, VectorsChoice::kSameDatabase);
  EXPECT_FALSE(loaded.config->leaves_old_vectors);
  const LoadedConfig labelled = LoadArguments({"--vectors", far + "#b-2", "--vectors-from", far});
  ASSERT_TRUE(labelled.config.has_value()) << labelled.errors.front();
  EXPECT_EQ(labelled.config->vectors.conninfo, far);
  EXPECT_EQ(labelled.config->vectors.label, "b-2");
  EXPECT_EQ(labelled.config->vectors_from->conninfo, far);
  const LoadedConfig lost = LoadArguments({"--vectors-from", "lost"});
  EXPECT_TRUE(lost.config->leaves_old_vectors);
  EXPECT_FALSE(lost.config->vectors_from.has_value());
  EXPECT_FALSE(LoadArguments({}).config->leaves_old_vectors);
}

TEST(Config, RefusesAMoveThatCannotBe) {
  const std::string far = "postgresql://me:s3cret@far/vectors";
  const std::string cluster = "opensearch+http://me:s3cret@far/audit";
  const struct {
    std::vector<std::string> arguments;
    const char* why;
  } cases[] = {
      {{"--vectors", far, "--vectors-from", far}, "of the same kind"},
      {{"--vectors", cluster + "#2", "--vectors-from", cluster + "#2"}, "of the same kind"},
      {{"--vectors-from", far}, "memory is filled at each start"},
      {{"--vectors", far, "--vectors-from", "pgvector"}, "vectors-from: pgvector is in"},
      {{"--vectors", far, "--vectors-from", "mysql://me:s3cret@far"}, "what --vectors was"},
      {{"--vectors", far + "#"}, "label"},
      {{"--vectors", cluster + "#A b"}, "label"},
      {{"--store", far, "--vectors", cluster, "--vectors-from", far}, "the database of --store"},
  };
  for (const auto& [arguments, why] : cases) {
    const LoadedConfig wrong = LoadArguments(arguments);
    ASSERT_EQ(wrong.errors.size(), 1U) << why;
    EXPECT_THAT(wrong.errors[0], HasSubstr(why));
    EXPECT_THAT(wrong.errors[0], testing::Not(HasSubstr("s3cret")));
  }
}

TEST(Config, ReadsASecretFromTheFileThatAVariableNames) {
  const ConfigFile file("postgresql://me:s3cret@db/audit\n");
  const LoadedConfig loaded = LoadArguments({}, {{"DATASTORAGE_STORE_FILE", file.path()}});
  ASSERT_TRUE(loaded.config.has_value());
  EXPECT_EQ(loaded.config->store_conninfo, "postgresql://me:s3cret@db/audit");
  EXPECT_EQ(Shown(loaded, "store").value, "postgresql://me:***@db/audit");
  EXPECT_EQ(Shown(loaded, "store").source, "DATASTORAGE_STORE_FILE");
  EXPECT_THAT(LoadArguments({}, {{"DATASTORAGE_STORE_FILE", "/nowhere/secret"}}).errors,
              testing::Contains(HasSubstr("/nowhere/secret: cannot be read")));
}

TEST(Config, PrintsWhatCanBeReadBackAsAFile) {
  LoadedConfig loaded =
      LoadArguments({"--data", "folder: with # marks", "--workers", "7", "--model-dir", "m"});
  std::ostringstream text;
  PrintConfig(loaded, text);
  EXPECT_THAT(text.str(), HasSubstr("# --workers"));
  const ConfigFile file(text.str());
  const LoadedConfig again = LoadArguments({"--config", file.path()});
  ASSERT_TRUE(again.config.has_value()) << again.errors.front();
  EXPECT_EQ(again.config->data_directory, "folder: with # marks");
  EXPECT_EQ(again.config->worker_count, 7U);
}

TEST(MaskSecret, HidesThePasswordOfAUrl) {
  EXPECT_EQ(MaskSecret("postgresql://me:secret@host/db"), "postgresql://me:***@host/db");
  EXPECT_EQ(MaskSecret("postgresql://me:a@b:c@host/db"), "postgresql://me:***@host/db");
  EXPECT_EQ(MaskSecret("redis://127.0.0.1:6379"), "redis://127.0.0.1:6379");
  EXPECT_EQ(MaskSecret("redis://:a/b?c@host:6379/1"), "redis://:***@host:6379/1");
  EXPECT_EQ(MaskSecret("unix://me:secret@/run/redis.sock"), "unix://me:***@/run/redis.sock");
  EXPECT_EQ(MaskSecret("postgresql:///db?password=secret&host=h&sslpassword=more"),
            "postgresql:///db?password=***&host=h&sslpassword=***");
  EXPECT_EQ(MaskSecret("http://host/x:y@z"), "http://host/x:y@z");
  EXPECT_EQ(MaskSecret("./data"), "./data");
}

}  // namespace
}  // namespace datastorage::app
