#include "app/service.h"

#include <gmock/gmock.h>
#include <pthread.h>

#include <csignal>
#include <filesystem>

#include "schema/validate.h"
#include "support/opensearch_server.h"
#include "support/postgres_server.h"
#include "support/redis_server.h"

namespace datastorage::app {
namespace {

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "service-XXXXXX").string();
    config_.data_directory = mkdtemp(pattern.data());
    config_.embedder = EmbedderChoice::kLexical;
    config_.worker_count = 4;
    config_.store_session_count = 4;
  }
  ~ServiceTest() override { std::filesystem::remove_all(config_.data_directory); }

  Result<std::unique_ptr<Service>> Open() { return Service::Open(config_, ThreadRuntime()); }
  static Deadline Soon() { return Deadline::In(std::chrono::seconds(30)); }

  static CreateRequest ARequest(const std::string& key = "rr-1") {
    const auto document = schema::ParseJson(
        R"({"name":"n","namespace":"shop","phase":"pending","action_type":"restart_pod",
            "status":"pending","start_time":"2026-03-01T10:00:00Z",
            "remediation_request_id":")" +
        key + R"(","summary":"the disk of the node is full"})");
    schema::ParsedBody parsed = schema::ParseCreate(RecordKind::kRemediation, *document);
    return {*std::move(parsed.body), parsed.content_hash, std::nullopt, WriteMode::kDefault};
  }

  // Until nothing is degraded any more.
  static void AwaitRecovery(Service& service, Deadline deadline) {
    while (!service.health().Report(Soon()).findings.empty() && !deadline.HasPassed()) {
    }
  }

  struct Absence {
    Duration write_budget;  // Of one write.
    Duration recovery_max;
    // What engines differ in.
    VectorState first_vector = VectorState::kNone;  // Of a default write before it.
    HealthReport report{};                          // In the midst of it.
  };

  // Writes go on while the server of vectors is away, are found at once, and reach it afterwards.
  template <class Server>
  static void LiveWithout(Service& service, Server& server, Absence& absence) {
    const auto create = [&](const std::string& key, WriteMode mode) {
      CreateRequest request = ARequest(key);
      request.mode = mode;
      return service.writes().Create(request, Deadline::In(absence.write_budget));
    };
    const auto first = create("rr-1", WriteMode::kDefault);
    ASSERT_TRUE(first.has_value());
    absence.first_vector = first->record.vector;
    EXPECT_EQ(create("rr-2", WriteMode::kStrict)->record.vector, VectorState::kSynced);
    EXPECT_EQ(FoundCount(service), 2);

    server.Kill();
    EXPECT_EQ(create("rr-3", WriteMode::kDefault)->record.vector, VectorState::kPending);
    const auto strict = create("rr-4", WriteMode::kStrict);
    ASSERT_FALSE(strict.has_value());
    EXPECT_EQ(strict.error().code, ErrorCode::kUnavailable);
    EXPECT_EQ(FoundCount(service), 3);
    absence.report = service.health().Report(Soon());
    EXPECT_TRUE(absence.report.is_ready);
    EXPECT_THAT(absence.report.findings,
                testing::Contains(testing::Field(&HealthFinding::component, "vector_index")));

    server.Start();
    AwaitRecovery(service, Deadline::In(absence.recovery_max));
    EXPECT_THAT(service.health().Report(Soon()).findings, testing::IsEmpty());
    EXPECT_EQ(FoundCount(service), 3);
  }

  static int FoundCount(Service& service) {
    SearchRequest search;
    search.text = "full disk";
    search.mode = SearchMode::kSemantic;
    search.limit = 10;
    const auto reply = service.searches().Search(search, Soon());
    return reply.has_value() ? static_cast<int>(reply->hits.size()) : -1;
  }

  Config config_;
};

TEST_F(ServiceTest, FindsWhatItRecordedAlsoAfterARestart) {
  RecordId id;
  {
    const auto service = Open();
    ASSERT_TRUE(service.has_value()) << service.error().message;
    (*service)->Start();
    const auto reply = (*service)->writes().Create(ARequest(), Soon());
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->record.vector, VectorState::kSynced);
    id = reply->record.id;
  }
  const auto service = Open();
  ASSERT_TRUE(service.has_value()) << service.error().message;
  (*service)->Start();
  SearchRequest search;
  search.text = "full disk";
  search.limit = 5;
  const auto reply = (*service)->searches().Search(search, Soon());
  ASSERT_TRUE(reply.has_value());
  ASSERT_EQ(reply->hits.size(), 1U);
  EXPECT_EQ(reply->hits.front().record.id, id);
  EXPECT_TRUE((*service)->health().Report(Soon()).is_ready);
}

TEST_F(ServiceTest, RefusesAFolderThatIsInUse) {
  const auto first = Open();
  ASSERT_TRUE(first.has_value());
  const auto second = Open();
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
}

TEST_F(ServiceTest, SaysWhatToDoWithoutTheModelFiles) {
  config_.embedder = EmbedderChoice::kMiniLm;
  config_.model_directory = config_.data_directory + "/nowhere";
  const auto service = Open();
  ASSERT_FALSE(service.has_value());
  EXPECT_THAT(service.error().message, testing::HasSubstr("--embedder lexical"));
}

// What one service embedded another does not; losing the server is told and costs no write.
TEST_F(ServiceTest, SharesEmbeddingsOverRedisAndLivesWithoutIt) {
  test::RedisServer server;
  config_.shared_cache = *redis::ParseAddress(server.url());
  const auto run_once = [&](const std::string& folder) {
    config_.data_directory = folder;
    const auto service = Open();
    EXPECT_TRUE(service.has_value()) << service.error().message;
    (*service)->Start();
    // Connections are made beside the start, which does not wait for them.
    const Deadline connected = Soon();
    while (!(*service)->health().Report(Soon()).findings.empty() && !connected.HasPassed()) {
    }
    EXPECT_EQ((*service)->writes().Create(ARequest(), Soon())->record.vector, VectorState::kSynced);
    return (*service)->metrics().Render();
  };
  const std::string data = config_.data_directory;
  EXPECT_THAT(run_once(data + "/one"),
              testing::HasSubstr("datastorage_shared_cache_stores_total{result=\"stored\"} 1"));
  EXPECT_THAT(run_once(data + "/other"), testing::HasSubstr("datastorage_embedder_texts_total 0"));

  server.Kill();
  config_.data_directory = data + "/third";
  const auto service = Open();
  ASSERT_TRUE(service.has_value()) << service.error().message;
  (*service)->Start();
  EXPECT_EQ((*service)->writes().Create(ARequest(), Soon())->record.vector, VectorState::kSynced);
  // The index fills beside the start, too; what stays is the cache that nobody starts again.
  HealthReport report = (*service)->health().Report(Soon());
  for (const Deadline filled = Soon(); report.findings.size() > 1 && !filled.HasPassed();) {
    report = (*service)->health().Report(Soon());
  }
  EXPECT_TRUE(report.is_ready);
  ASSERT_EQ(report.findings.size(), 1U);
  EXPECT_EQ(report.findings[0].component, "cache");
  EXPECT_EQ(report.findings[0].reason, "the cache cannot be reached");
  config_.data_directory = data;
}

TEST_F(ServiceTest, KeepsVectorsOnAnotherServerAndLivesWithoutIt) {
  test::PostgresServer server;
  config_.vectors.choice = VectorsChoice::kOtherPostgres;
  config_.vectors.conninfo = server.Conninfo("postgres");
  const auto opened = Open();
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  Service& service = **opened;
  service.Start();
  Absence absence{std::chrono::seconds(5), std::chrono::seconds(30)};
  LiveWithout(service, server, absence);
  EXPECT_EQ(absence.first_vector, VectorState::kSynced);
  EXPECT_THAT(absence.report.findings,
              testing::Contains(testing::Field(&HealthFinding::component, "relay")));
  EXPECT_EQ(server.Run("postgres", "SELECT count(*) FROM vector_point WHERE is_live"), "3");
  service.health().RefreshGauges(Soon());
  EXPECT_THAT(service.metrics().Render(),
              testing::HasSubstr("datastorage_vector_index_spared{set=\"1\"} 0"));
}

// A cluster whose node starts in seconds, on a busy machine in a minute.
TEST_F(ServiceTest, KeepsVectorsInOpensearchAndLivesWithoutIt) {
  test::OpensearchServer server;
  config_.vectors.choice = VectorsChoice::kOpensearch;
  config_.vectors.cluster = *opensearch::ParseAddress(server.NewAddress());
  const auto opened = Open();
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  (*opened)->Start();
  Absence absence{std::chrono::seconds(10), std::chrono::minutes(2)};
  LiveWithout(**opened, server, absence);
}

TEST_F(ServiceTest, StartsWhileTheServerOfVectorsIsAway) {
  test::PostgresServer server;
  config_.vectors.choice = VectorsChoice::kOtherPostgres;
  config_.vectors.conninfo = server.Conninfo("postgres");
  server.Kill();
  const auto opened = Open();
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  Service& service = **opened;
  service.Start();
  EXPECT_EQ(service.writes().Create(ARequest(), Soon())->record.vector, VectorState::kPending);
  EXPECT_EQ(FoundCount(service), 1);
  EXPECT_TRUE(service.health().Report(Soon()).is_ready);
  service.health().RefreshGauges(Soon());
  EXPECT_THAT(service.metrics().Render(),
              testing::HasSubstr("datastorage_vector_index_spared{set=\"1\"} 1"));
  server.Start();
  AwaitRecovery(service, Soon());
  EXPECT_EQ(server.Run("postgres", "SELECT count(*) FROM vector_point WHERE is_live"), "1");
}

// As an operator does it, from the index in memory to a server.
TEST_F(ServiceTest, MovesVectorsToAnotherServerAndForgetsTheOldPlace) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  const auto start = [&] {
    auto opened = Open();
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    (*opened)->Start();
    return *std::move(opened);
  };
  ASSERT_TRUE(start()->writes().Create(ARequest(), Soon()).has_value());
  config_.vectors.choice = VectorsChoice::kOtherPostgres;
  config_.vectors.conninfo = server.Conninfo(server.MakeDatabase());
  config_.vectors_from = VectorsPlace();
  {
    const auto service = start();
    EXPECT_FALSE(service->moves().Report(Soon())->is_moving);
    ASSERT_TRUE(service->moves().Begin(Soon()).has_value());
    const Deadline end = Soon();
    while (service->moves().Report(Soon())->is_moving && !end.HasPassed()) {
    }
    const MoveReport report = service->moves().Report(Soon()).value();
    ASSERT_EQ(report.places.size(), 1U);
    EXPECT_EQ(report.places.front().set.engine, "postgresql");
    EXPECT_EQ(FoundCount(*service), 1);
  }
  config_.vectors_from.reset();
  EXPECT_EQ(FoundCount(*start()), 1);

  config_.vectors.choice = VectorsChoice::kMemory;
  const auto refused = Open();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  for (const char* part : {"engine postgresql", "engine scan", "--vectors-from"}) {
    EXPECT_THAT(refused.error().message, testing::HasSubstr(part));
  }
  config_.leaves_old_vectors = true;
  EXPECT_EQ(FoundCount(*start()), 1);
}

TEST_F(ServiceTest, RefusesAServerOfVectorsThatCanNeverDo) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  server.Run(database, "CREATE TABLE record ()");
  config_.vectors.choice = VectorsChoice::kOtherPostgres;
  config_.vectors.conninfo = server.Conninfo(database);
  const auto opened = Open();
  ASSERT_FALSE(opened.has_value());
  EXPECT_THAT(opened.error().message, testing::HasSubstr("holds records"));
}

// The signals that a test awaits instead of being ended by them, in all threads started
// meanwhile.
class HeldSignal {
 public:
  explicit HeldSignal(int signal) : signal_(signal) {
    sigemptyset(&set_);
    sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, &before_);
  }
  ~HeldSignal() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  HeldSignal(const HeldSignal&) = delete;
  HeldSignal& operator=(const HeldSignal&) = delete;

  bool Await() const {
    timespec wait{};
    wait.tv_sec = 30;
    return sigtimedwait(&set_, nullptr, &wait) == signal_;
  }

 private:
  const int signal_;
  sigset_t set_{};
  sigset_t before_{};
};

TEST_F(ServiceTest, AsksForItsEndWhereAnotherHasTakenTheDatabase) {
  test::PostgresServer& server = test::PostgresServer::Shared();
  const std::string database = server.MakeDatabase();
  const HeldSignal end(SIGTERM);
  config_.store_conninfo = server.Conninfo(database);
  config_.store_session_count = 2;
  const auto service = Open();
  ASSERT_TRUE(service.has_value()) << service.error().message;
  (*service)->Start();
  EXPECT_FALSE((*service)->has_lost_its_place());
  const auto other = postgres::Connection::Open({server.Conninfo(database)}, Soon());
  ASSERT_TRUE(other.has_value());
  // In one statement, so that the service cannot be faster.
  const auto taken =
      (*other)->RunOne("take",
                       {.sql = "SELECT pg_terminate_backend(l.pid, 10000),"
                               " pg_advisory_lock(hashtextextended('datastorage replica', 0))"
                               " FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database"
                               " WHERE l.locktype = 'advisory' AND l.mode = 'ExclusiveLock'"
                               " AND d.datname = current_database()"},
                       Soon());
  ASSERT_TRUE(taken.has_value()) << taken.error().message;
  EXPECT_TRUE(end.Await());
  EXPECT_TRUE((*service)->has_lost_its_place());
}

TEST_F(ServiceTest, RunsWithoutAnEmbedder) {
  config_.embedder = EmbedderChoice::kNone;
  const auto service = Open();
  ASSERT_TRUE(service.has_value());
  (*service)->Start();
  EXPECT_EQ((*service)->writes().Create(ARequest(), Soon())->record.vector, VectorState::kNone);
}

}  // namespace
}  // namespace datastorage::app
