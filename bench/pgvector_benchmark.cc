// What a vector costs the server on its way into pgvector: how it is sent, deferred against inline,
// row by row against one build. Starts a private server; prints one line a case. Processor time of
// the server's processes, so that a busy machine changes little.
#include <array>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <sstream>
#include <thread>

#include "postgres/committer.h"
#include "postgres/half_vector.h"
#include "postgres/head_mover.h"
#include "postgres/migrate.h"
#include "postgres/pgvector_index.h"
#include "postgres/pgvector_schema.h"
#include "postgres/segment_builder.h"
#include "support/manual_clock.h"
#include "support/postgres_server.h"
#include "support/random_points.h"

namespace datastorage::postgres {
namespace {

constexpr int kWaveCount = 32;
constexpr int kClusterCount = 256;

Deadline Soon() {
  return Deadline::In(std::chrono::minutes(30));
}

template <class Value>
Value Must(Result<Value> result) {
  if (!result.has_value()) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<Value>) return *std::move(result);
}

class Bench {
 public:
  explicit Bench(int count) : count_(count) {
    for (Embedding& center : centers_) center = random_.Unit();
    const auto owner = Must(Connection::Open({.conninfo = server_.Conninfo(database_)}, Soon()));
    Must(Migrate(*owner, AllMigrations(), "", Soon()));
    Must(InstallPgvector(*owner, "", Soon()));
  }

  // Of all processes of the server, in microseconds.
  double ServerTime() {
    std::istringstream pids(
        server_.Run("postgres", "SELECT string_agg(pid::text, ' ') FROM pg_stat_activity"));
    double ticks = 0;
    for (std::string pid; pids >> pid;) {
      std::ifstream file("/proc/" + pid + "/stat");
      const std::string text((std::istreambuf_iterator<char>(file)), {});
      const std::size_t end_of_name = text.rfind(')');
      if (end_of_name == std::string::npos) continue;  // Ended meanwhile, as who was asked.
      std::istringstream rest(text.substr(end_of_name + 2));
      std::string skipped;
      for (int i = 0; i < 11; ++i) rest >> skipped;
      double user = 0, system = 0;
      rest >> user >> system;
      ticks += user + system;
    }
    return ticks * 1e6 / static_cast<double>(sysconf(_SC_CLK_TCK));
  }

  void Measure(const std::string& name, int row_count, const std::function<void()>& work) {
    server_.Run(database_, "CHECKPOINT");
    const double server_before = ServerTime();
    const auto begin = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::micro> wall = std::chrono::steady_clock::now() - begin;
    std::printf("%-58s %8d rows %9.1f us/row server, %9.1f us/row wall\n",
                name.c_str(),
                row_count,
                (ServerTime() - server_before) / row_count,
                wall.count() / row_count);
    std::fflush(stdout);
  }

  Embedding Vector() { return random_.Near(centers_[random_.Below(kClusterCount)], 0.8); }

  void Forms();
  void Commits();
  void Moves();
  void Searches();
  void Layouts();

 private:
  void SearchWidths(Sessions& sessions, const std::string& layout);
  void BuildSegments(Sessions& sessions);
  void CreateAll(Committer& committer, const std::string& name, int count);

  const int count_;
  test::PostgresServer server_{
      {.settings = {"shared_buffers=512MB", "max_wal_size=4GB", "autovacuum=off"}}};
  std::string database_ = server_.MakeDatabase();
  RandomPoints random_{1};
  std::array<Embedding, kClusterCount> centers_;
  ManualClock clock_;
};

std::uint32_t TypeNumber(Connection& session, const std::string& type) {
  Call call;
  call.sql = "SELECT '" + type + "'::regtype::oid::bigint";
  return static_cast<std::uint32_t>(Must(session.RunOne("bench", call, Soon())).Integer(0, 0));
}

std::string SingleBytes(const Embedding& embedding) {
  std::string bytes{1, static_cast<char>(384 & 0xFF), 0, 0};
  bytes[0] = 1;
  bytes[1] = static_cast<char>(0x80);
  for (const float value : embedding) {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(bits >> shift & 0xFF);
  }
  return bytes;
}

// How vectors are sent, and what the head keeps: waves into a table with a primary key only.
void Bench::Forms() {
  const auto session = Must(Connection::Open({.conninfo = server_.Conninfo(database_)}, Soon()));
  const std::uint32_t halves = TypeNumber(*session, "halfvec");
  const std::uint32_t singles = TypeNumber(*session, "vector");
  struct Form {
    std::string name, column, insert;
    std::function<void(const std::vector<Embedding>&, Parameters&)> add;
  };
  const auto as_array = [](std::uint32_t type, auto bytes_of) {
    return [type, bytes_of](const std::vector<Embedding>& vectors, Parameters& parameters) {
      ArrayValue array(type);
      for (const Embedding& vector : vectors) array.Add(std::string_view(bytes_of(vector)));
      parameters.Add(array);
    };
  };
  const auto as_reals = [](const std::vector<Embedding>& vectors, Parameters& parameters) {
    constexpr std::uint32_t kReal = 700;
    ArrayValue array(kReal);
    for (const Embedding& vector : vectors) {
      for (const float value : vector) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        std::string bytes;
        for (int s = 24; s >= 0; s -= 8) bytes += static_cast<char>(bits >> s & 0xFF);
        array.Add(std::string_view(bytes));
      }
    }
    parameters.Add(array);
  };
  const auto by_array = [](const std::string& type) {
    return "SELECT u.id, u.v FROM unnest($1::uuid[], $2::" + type + "[]) AS u (id, v)";
  };
  const auto by_reals = [](const std::string& type) {
    return "SELECT u.id, (($2::real[])[384 * u.n - 383 : 384 * u.n])::" + type +
           " FROM unnest($1::uuid[]) WITH ORDINALITY AS u (id, n)";
  };
  const std::vector<Form> forms{
      {"vector[] into vector", "vector(384)", by_array("vector"), as_array(singles, SingleBytes)},
      {"real[] cast into vector", "vector(384)", by_reals("vector"), as_reals},
      {"vector[] cast into halfvec",
       "halfvec(384)",
       by_array("vector"),
       as_array(singles, SingleBytes)},
      {"real[] cast into halfvec", "halfvec(384)", by_reals("halfvec"), as_reals},
      {"halfvec[] into halfvec",
       "halfvec(384)",
       by_array("halfvec"),
       as_array(halves, HalfVectorBytes)}};
  for (int round = 0; round < 2; ++round) {
    for (const Form& form : forms) {
      server_.Run(database_,
                  "DROP TABLE IF EXISTS form; CREATE TABLE form"
                  " (id uuid PRIMARY KEY, v " +
                      form.column + " NOT NULL)");
      const std::string prepared = form.name + std::to_string(round);
      const NamedStatement statement{prepared, "INSERT INTO form (id, v) " + form.insert};
      Must(session->Prepare({&statement, 1}, Soon()));
      std::vector<Embedding> vectors;
      for (int i = 0; i < kWaveCount; ++i) vectors.push_back(Vector());
      const int waves = count_ / kWaveCount;
      Measure("send: " + form.name, waves * kWaveCount, [&] {
        for (int wave = 0; wave < waves; ++wave) {
          ArrayValue ids(ElementType::kUuid);
          for (int i = 0; i < kWaveCount; ++i) ids.Add(SystemUuidSource().MakeVersion7());
          Call call;
          call.name = prepared;
          call.parameters.Add(ids);
          form.add(vectors, call.parameters);
          Must(session->RunOne("bench", std::move(call), Soon()));
        }
      });
      Call scan;
      scan.sql = "SELECT id FROM form ORDER BY 0 + (v <=> (SELECT v FROM form LIMIT 1)) LIMIT 40";
      constexpr int kScanCount = 20;
      Measure("scan: " + form.column, waves * kWaveCount * kScanCount, [&] {
        for (int i = 0; i < kScanCount; ++i) Must(session->RunOne("bench", scan, Soon()));
      });
    }
  }
}

void Bench::CreateAll(Committer& committer, const std::string& name, int count) {
  std::vector<std::vector<WriteOp>> waves;
  for (int i = 0; i < count; ++i) {
    if (i % kWaveCount == 0) waves.emplace_back();
    Execution body;
    body.workflow_id = "workflow";
    body.execution_id = name + "-" + std::to_string(i);
    body.action_type = "restart";
    body.target_resource = "deployment/shop";
    body.cluster_name = "east";
    body.start_time = WallTime(std::chrono::seconds(1'700'000'000));
    CreateOp create;
    create.id = SystemUuidSource().MakeVersion7();
    create.attempt = SystemUuidSource().MakeVersion4();
    create.content_hash = Sha256Of({body.execution_id});
    create.body = std::move(body);
    create.now = WallTime(std::chrono::seconds(1'800'000'000));
    create.text_hash = create.content_hash;
    create.embeddings.push_back({"space", *create.text_hash, Vector()});
    waves.back().emplace_back(std::move(create));
  }
  Measure("commit waves of 32: " + name, count, [&] {
    std::vector<std::thread> writers;
    for (std::size_t writer = 0; writer < 2; ++writer) {
      writers.emplace_back([&, writer] {
        for (std::size_t wave = writer; wave < waves.size(); wave += 2) {
          Must(committer.Commit(waves[wave], CommitMode::kEachForItself, Soon()));
        }
      });
    }
    for (std::thread& writer : writers) writer.join();
  });
}

// Whole commits of records: where no set is in this database, deferred and inline, by turns.
void Bench::Commits() {
  Sessions sessions({.connection = {.conninfo = server_.Conninfo(database_)}});
  Committer deferred(sessions.writers(), clock_);
  Committer inline_one(sessions.writers(), clock_, VectorWriteMode::kInline);
  server_.Run(database_,
              "INSERT INTO vector_set (engine, space, projection, pending_rule, state)"
              " VALUES ('pgvector', 'space', '', 'where_embedding_is_missing', 'live')");
  PgvectorIndex index(sessions, {});
  Must(index.Claim(1, Soon()));
  const auto is_here = [&](bool is_live) {
    server_.Run(database_,
                std::string("UPDATE vector_set SET state = ") + (is_live ? "'live'" : "'retired'"));
  };
  for (int round = 0; round < 4; ++round) {
    is_here(false);
    CreateAll(deferred, "without vectors, round " + std::to_string(round), count_ / 4);
    is_here(true);
    CreateAll(deferred, "deferred, to the head, round " + std::to_string(round), count_ / 4);
  }
  server_.Run(database_,
              "DROP INDEX vector_body_by_cosine; WITH gone AS (DELETE FROM vector_head WHERE"
              " ctid = ANY (ARRAY(SELECT ctid FROM vector_head LIMIT " +
                  std::to_string(count_ / 2) +
                  ")) RETURNING record_id, v)"
                  " INSERT INTO vector_body (record_id, v) SELECT record_id, v FROM gone");
  const auto owner = Must(Connection::Open({.conninfo = server_.Conninfo(database_)}, Soon()));
  Must(owner->RunScript("bench",
                        "SET statement_timeout = 0; SET maintenance_work_mem = '512MB';"
                        " SET max_parallel_maintenance_workers = 0",
                        Soon()));
  Measure("build the index of segment 0 once", count_ / 2, [&] {
    Must(owner->RunScript("bench",
                          "CREATE INDEX vector_body_by_cosine ON vector_body_0"
                          " USING hnsw (v halfvec_cosine_ops) WITH (m = 16, ef_construction = 64)",
                          Soon()));
  });
  CreateAll(inline_one, "inline, into the index", count_ / 8);
  BuildSegments(sessions);
}

// What waits in the head, in eight segments, which then become one.
void Bench::BuildSegments(Sessions& sessions) {
  Metrics metrics;
  SegmentBuilder::Options options;
  const int waiting = std::stoi(server_.Run(database_, "SELECT count(*) FROM vector_head"));
  options.row_count = (waiting + 7) / 8;
  SegmentBuilder builder(sessions, metrics, options);
  Measure("built in segments of " + std::to_string(options.row_count), waiting, [&] {
    while (Must(builder.Build(Soon())) > 0) continue;
  });
  Measure("merged, eight into one", waiting, [&] { Must(builder.Merge(Soon())); });
}

void Bench::Moves() {
  Sessions sessions({.connection = {.conninfo = server_.Conninfo(database_)}});
  Committer committer(sessions.writers(), clock_);
  Metrics metrics;
  CreateAll(committer, "to be moved", count_ / 4);
  for (const int batch : {1, 4, 16, 64}) {
    HeadMover mover(ThreadRuntime(), sessions, metrics, {.batch_count = batch});
    const int rows = count_ / 32;
    Measure("move in batches of " + std::to_string(batch), rows, [&] {
      for (int moved = 0; moved < rows;) moved += Must(mover.RunOnce(Soon()));
    });
  }
}

void Bench::Searches() {
  Sessions sessions({.connection = {.conninfo = server_.Conninfo(database_)}});
  Committer committer(sessions.writers(), clock_);
  PgvectorIndex index(sessions, {});
  server_.Run(database_, "VACUUM ANALYZE");
  for (const int head : {0, 1'000, 8'192, 16'384, 32'768}) {
    const std::string waiting = server_.Run(database_, "SELECT count(*) FROM vector_head");
    const int missing = head - std::atoi(waiting.c_str());
    if (missing > 0) CreateAll(committer, "head of " + std::to_string(head), missing);
    server_.Run(database_, head == 0 ? "TRUNCATE vector_head" : "VACUUM ANALYZE vector_head");
    Measure("search, 40 nearest, head of " + std::to_string(head), 400, [&] {
      for (int i = 0; i < 400; ++i) Must(index.Nearest(Vector(), {}, 40, Soon()));
    });
  }
}

void Bench::SearchWidths(Sessions& sessions, const std::string& layout) {
  for (const int width : {12, 20, 40, 100, 200}) {
    PgvectorIndex index(sessions, {.search_width_small = width});
    Must(index.Nearest(Vector(), {}, 40, Soon()));
    Measure("search, 40 nearest, " + layout + ", width " + std::to_string(width), 300, [&] {
      for (int i = 0; i < 300; ++i) Must(index.Nearest(Vector(), {}, 40, Soon()));
    });
  }
}

// Searches over a body in segments, of which eight are merged then. REQUIRES: nothing is stored.
void Bench::Layouts() {
  Sessions sessions({.connection = {.conninfo = server_.Conninfo(database_)}});
  Committer committer(sessions.writers(), clock_);
  server_.Run(database_,
              "INSERT INTO vector_set (engine, space, projection, pending_rule, state)"
              " VALUES ('pgvector', 'space', '', 'where_embedding_is_missing', 'live')");
  PgvectorIndex index(sessions, {});
  Must(index.Claim(1, Soon()));
  Metrics metrics;
  const SegmentBuilder::Options options;
  SegmentBuilder builder(sessions, metrics, options);
  const int rows = static_cast<int>(options.row_count);
  for (int number = 1; number <= count_ / rows; ++number) {
    CreateAll(committer, "segment " + std::to_string(number), rows);
    Measure("build it", rows, [&] { Must(builder.Build(Soon())); });
  }
  server_.Run(database_, "VACUUM ANALYZE");
  SearchWidths(sessions, std::to_string(count_ / rows) + " segments");
  Measure("merge", 8 * rows, [&] { Must(builder.Merge(Soon())); });
  SearchWidths(sessions, "after a merge");
}

}  // namespace
}  // namespace datastorage::postgres

int main(int argc, char** argv) {
  datastorage::postgres::Bench bench(argc > 1 ? std::atoi(argv[1]) : 20'000);
  if (argc > 2 && std::string_view(argv[2]) == "layouts") {
    bench.Layouts();
    return 0;
  }
  bench.Forms();
  bench.Commits();
  bench.Moves();
  bench.Searches();
  return 0;
}
