#include "postgres/segment_builder.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "postgres/vector_session.h"

namespace datastorage::postgres {
namespace {

constexpr const char* kBodyWaiters =
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'vector_body'::regclass";

// Waiters for an advisory lock of the low half of whose number this is.
std::string AdvisoryWaiters(std::int64_t number) {
  return "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
         " AND (classid::bigint << 32 | objid::bigint) = " +
         std::to_string(number);
}

class SegmentBuilderTest : public testing::Test {
 protected:
  static constexpr std::int64_t kGate = 7310868422, kPassage = 7310868423;

  std::vector<CreateOp> Create(int count) {
    std::vector<CreateOp> creations;
    for (int i = 0; i < count; ++i) {
      creations.push_back(EmbeddedCreation("r" + std::to_string(++key_), random_.Unit()));
    }
    store_.Commit({creations.begin(), creations.end()});
    return creations;
  }
  UpdateOp Replacement(const CreateOp& create) {
    UpdateOp update = UpdateOf(create, 1);
    update.text_hash = HashOf("another text " + std::to_string(++key_));
    update.embeddings.push_back({"space", *update.text_hash, random_.Unit()});
    return update;
  }
  EraseOp ErasureOf(const CreateOp& create) {
    return {create.id, SystemUuidSource().MakeVersion4(), store_.clock.WallNow(), "a", "b"};
  }
  std::string Ask(const std::string& sql) { return store_.Ask(sql); }
  void Await(const std::string& question, const std::string& answer) {
    const Deadline deadline = Soon();
    while (Ask(question) != answer) {
      ASSERT_FALSE(deadline.HasPassed()) << question << " is never " << answer;
      std::this_thread::yield();
    }
  }
  // A session that holds what the builder needs, until it is destroyed.
  std::unique_ptr<Connection> Holding(const std::string& lock) {
    auto session = OpenSession(store_.server.Conninfo(store_.database));
    EXPECT_TRUE(session->RunScript("hold", "BEGIN; " + lock, Soon()).has_value());
    return session;
  }
  // Stops a builder before it takes its vectors out of the head.
  std::unique_ptr<Connection> HoldingBody() {
    return Holding("LOCK TABLE vector_body IN SHARE UPDATE EXCLUSIVE MODE");
  }
  std::future<Result<std::int64_t>> Building(SegmentBuilder& builder) {
    return std::async(std::launch::async, [&] { return builder.Build(Soon()); });
  }
  std::string Tables() {
    return Ask(
        "SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class"
        " WHERE relname LIKE 'vector\\_body\\_%' AND relkind = 'r'");
  }
  void ExpectSoundTables() {
    EXPECT_EQ(Ask("SELECT count(*) - count(DISTINCT record_id) FROM"
                  " (SELECT record_id FROM vector_head UNION ALL SELECT record_id FROM vector_body)"
                  " AS held"),
              "0");
    EXPECT_EQ(Ask("SELECT count(*) FROM (SELECT record_id FROM vector_head UNION ALL"
                  " SELECT record_id FROM vector_body) AS v FULL JOIN"
                  " (SELECT record_id FROM vector_point WHERE is_live) AS p"
                  " USING (record_id) WHERE v.record_id IS NULL OR p.record_id IS NULL"),
              "0");
  }
  float BestScore(const Embedding& vector) {
    return store_.index.Nearest(vector, {}, 1, Soon()).value().hits.at(0).score;
  }

  VectorSession store_{{.exact_row_count_least = 1}};
  RandomPoints random_{7};
  Metrics metrics_;
  int key_ = 0;
};

TEST_F(SegmentBuilderTest, MovesASegmentOfTheHeadAtATime) {
  const auto creations = Create(200);
  SegmentBuilder builder(store_.sessions, metrics_, {.row_count = 80});
  for (const int expected : {80, 80, 40, 0}) EXPECT_EQ(builder.Build(Soon()).value(), expected);
  EXPECT_EQ(Ask("SELECT count(*) FROM vector_head"), "0");
  EXPECT_EQ(Ask("SELECT string_agg(row_count::text, ' ' ORDER BY segment) FROM vector_segment"),
            "80 80 40");
  EXPECT_EQ(Ask("SELECT count(*) FROM pg_indexes WHERE tablename LIKE 'vector_body\\__'"
                " AND indexdef LIKE '%USING hnsw (v halfvec_cosine_ops) WITH (m=''16'',"
                " ef_construction=''64'')'"),
            "4");
  for (const CreateOp& create : creations) {
    EXPECT_EQ(store_.Nearest(create.embeddings[0].vector, {}, 1), std::vector<RecordId>{create.id});
  }
  const auto found = store_.index.Nearest(random_.Unit(), {}, 30, Soon()).value();
  EXPECT_TRUE(found.may_miss) << "not by the graph";
  EXPECT_EQ(found.hits.size(), 30U);
  EXPECT_NE(metrics_.Render().find("datastorage_vector_head_moved_total 200"), std::string::npos);
  EXPECT_NE(metrics_.Render().find("datastorage_vector_segment_builds_total 3"), std::string::npos);
}

TEST_F(SegmentBuilderTest, LeavesToWritersWhatTheyChangeWhileItBuilds) {
  const auto creations = Create(8);
  SegmentBuilder builder(store_.sessions, metrics_, {});
  auto body = HoldingBody();
  auto building = Building(builder);
  Await(kBodyWaiters, "1");
  const UpdateOp replaced = Replacement(creations[0]);
  const auto outcomes = store_.Commit({replaced, ErasureOf(creations[1])});
  EXPECT_EQ(outcomes[0].status, WriteStatus::kUpdated);
  const auto later = Create(1);
  body.reset();
  EXPECT_EQ(building.get().value(), 6);
  ExpectSoundTables();
  EXPECT_EQ(Ask("SELECT count(*) FROM vector_head"), "2");
  EXPECT_GT(BestScore(replaced.embeddings[0].vector), 0.99F);
  EXPECT_LT(BestScore(creations[0].embeddings[0].vector), 0.9F) << "an older text's vector";
  EXPECT_LT(BestScore(creations[1].embeddings[0].vector), 0.9F) << "erased";
}

TEST_F(SegmentBuilderTest, IsSeenByWritersWhoWaitedForItsEnd) {
  const auto creations = Create(8);
  SegmentBuilder builder(store_.sessions, metrics_, {});
  // Writers have planned their statements before there was a segment.
  store_.Commit({Replacement(creations[7])});
  auto passage = Holding("SELECT pg_advisory_xact_lock_shared(7310868423)");
  auto building = Building(builder);
  Await(AdvisoryWaiters(kPassage), "1");
  auto writing = std::async(std::launch::async, [&] {
    return store_.Commit({Replacement(creations[0]), ErasureOf(creations[1])});
  });
  Await(AdvisoryWaiters(kGate), "1");
  auto search = std::async(
      std::launch::async, [&] { return store_.Nearest(creations[5].embeddings[0].vector, {}, 3); });
  Await(AdvisoryWaiters(kPassage), "2");
  passage.reset();
  EXPECT_EQ(building.get().value(), 8);
  EXPECT_EQ(writing.get().at(0).status, WriteStatus::kUpdated);
  EXPECT_EQ(search.get().at(0), creations[5].id);
  ExpectSoundTables();
  EXPECT_EQ(Ask("SELECT count(*) FROM vector_body"), "6");
}

// A writer that is between its look at the head and its look at the body is waited for.
TEST_F(SegmentBuilderTest, WaitsForWritersThatHaveLookedAtTheHead) {
  const auto creations = Create(4);
  SegmentBuilder builder(store_.sessions, metrics_, {});
  auto writer = Holding(
      "SELECT pg_advisory_xact_lock_shared(7310868422); DELETE FROM vector_head"
      " WHERE record_id = '" +
      creations[0].id.ToString() +
      "'; UPDATE vector_point SET is_live = false WHERE record_id = '" +
      creations[0].id.ToString() + "'");
  auto building = Building(builder);
  Await(AdvisoryWaiters(kGate), "1");
  EXPECT_TRUE(writer->RunScript("end", "COMMIT", Soon()).has_value());
  EXPECT_EQ(building.get().value(), 3);
  ExpectSoundTables();
}

TEST_F(SegmentBuilderTest, IsOneAtATime) {
  Create(4);
  SegmentBuilder builder(store_.sessions, metrics_, {});
  SegmentBuilder other(store_.sessions, metrics_, {});
  auto body = HoldingBody();
  auto building = Building(builder);
  Await(kBodyWaiters, "1");
  EXPECT_EQ(other.Build(Soon()).value(), 0);
  body.reset();
  EXPECT_EQ(building.get().value(), 4);
}

TEST_F(SegmentBuilderTest, LeavesEverythingInTheHeadWhereItIsEnded) {
  Create(4);
  const std::string tables = Tables();
  for (const bool is_killed : {true, false}) {
    SegmentBuilder builder(store_.sessions, metrics_, {});
    auto body = HoldingBody();
    auto building = Building(builder);
    Await(kBodyWaiters, "1");
    if (is_killed) {
      Ask("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted"
          " AND relation = 'vector_body'::regclass");
    } else {
      builder.Cancel();
    }
    EXPECT_FALSE(building.get().has_value());
    if (!is_killed) {
      EXPECT_EQ(CodeOf(builder.Build(Soon())), ErrorCode::kUnavailable);
    }
    EXPECT_EQ(Ask("SELECT count(*) FROM vector_head"), "4");
    EXPECT_EQ(Tables(), tables);
  }
  SegmentBuilder next(store_.sessions, metrics_, {});
  EXPECT_EQ(next.Build(Soon()).value(), 4);
}

TEST_F(SegmentBuilderTest, MergesSegmentsOfOneSizeAndDropsThemLater) {
  SegmentBuilder::Options options;
  options.row_count = 4;
  options.merge_count = 3;
  options.merged_row_count_max = 60;
  options.retired_age = std::chrono::seconds(0);
  SegmentBuilder builder(store_.sessions, metrics_, options);
  std::vector<CreateOp> creations;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(builder.Merge(Soon()).value(), 0);
    for (const CreateOp& create : Create(4)) creations.push_back(create);
    EXPECT_EQ(builder.Build(Soon()).value(), 4);
  }
  store_.Commit({ErasureOf(creations[2]), Replacement(creations[9])});
  EXPECT_EQ(builder.Merge(Soon()).value(), 10);
  ExpectSoundTables();
  EXPECT_EQ(Ask("SELECT string_agg(row_count::text, ' ') FROM vector_segment"
                " WHERE retired_at IS NULL"),
            "10");
  EXPECT_EQ(builder.Merge(Soon()).value(), 0);
  // What a retired segment holds, no search meets.
  const Embedding stray = random_.Unit();
  const VectorWrite known{random_.Id(), 1, stray, {}};
  ASSERT_TRUE(store_.index.Apply({&known, 1}, Soon()).has_value());
  Ask("WITH gone AS (DELETE FROM vector_head WHERE record_id = '" + known.id.ToString() +
      "' RETURNING *) INSERT INTO vector_body (record_id, segment, v) SELECT record_id,"
      " (SELECT min(segment) FROM vector_segment WHERE retired_at IS NOT NULL), v FROM gone");
  for (const int count : {2, 30}) {
    for (const RecordId& id : store_.Nearest(stray, {}, count)) EXPECT_NE(id, known.id) << count;
  }
  {
    const auto reader = Holding("SELECT count(*) FROM vector_body");
    EXPECT_EQ(builder.DropRetired(Soon()).value(), 0) << "somebody reads";
  }
  EXPECT_EQ(builder.DropRetired(Soon()).value(), 3);
  EXPECT_EQ(Ask("SELECT count(*) FROM pg_inherits WHERE inhparent = 'vector_body'::regclass"), "2");
  for (std::size_t i = 0; i < creations.size(); ++i) {
    if (i == 2 || i == 9) continue;
    EXPECT_EQ(store_.Nearest(creations[i].embeddings[0].vector, {}, 1).at(0), creations[i].id);
  }
}

TEST_F(SegmentBuilderTest, GoesWithTheSetWhoseVectorsTheseWere) {
  SegmentBuilder builder(store_.sessions, metrics_, {.row_count = 2});
  Create(4);
  EXPECT_EQ(builder.Build(Soon()).value(), 2);
  EXPECT_EQ(builder.Build(Soon()).value(), 2);
  store_.Ask("UPDATE vector_set SET state = 'retired'");
  store_.Register("live");
  PgvectorIndex successor(store_.sessions, {});
  ASSERT_EQ(successor.Claim(2, Soon()).value(), 2);
  EXPECT_EQ(Tables(), "vector_body_0");
  EXPECT_EQ(Ask("SELECT count(*) FROM vector_segment"), "0");
  Create(2);
  EXPECT_EQ(builder.Build(Soon()).value(), 2);
  EXPECT_EQ(successor.Nearest(random_.Unit(), {}, 5, Soon()).value().hits.size(), 2U);
}

// Builds, merges, writers that change and erase, movers; searches must find what stays, always.
TEST_F(SegmentBuilderTest, HidesNothingFromSearchesBesideWriters) {
  constexpr int kStillCount = 240, kMovingCount = 40;
  const auto still = Create(kStillCount);
  const auto moving = Create(kMovingCount);
  SegmentBuilder::Options options;
  options.row_count = 20;
  options.merge_count = 3;
  options.merged_row_count_max = 200;
  SegmentBuilder builder(store_.sessions, metrics_, options);
  std::atomic<bool> is_over = false;
  std::atomic<int> build_count = 0, merge_count = 0;
  std::vector<std::thread> threads;
  for (int writer = 0; writer < 2; ++writer) {
    threads.emplace_back([&, writer] {
      RandomPoints random(static_cast<std::uint64_t>(writer) + 50);
      for (int round = 1; !is_over; ++round) {
        for (int i = writer; i < kMovingCount; i += 2) {
          const auto at = static_cast<std::size_t>(i);
          UpdateOp update = UpdateOf(moving[at], round);
          update.text_hash = HashOf(std::to_string(i) + " " + std::to_string(round));
          update.embeddings.push_back({"space", *update.text_hash, random.Unit()});
          EXPECT_EQ(store_.Commit({update}).at(0).status, WriteStatus::kUpdated);
        }
      }
    });
  }
  threads.emplace_back([&] {
    while (!is_over) build_count += builder.Build(Soon()).value() > 0 ? 1 : 0;
  });
  threads.emplace_back([&] {
    while (!is_over) merge_count += builder.Merge(Soon()).value() > 0 ? 1 : 0;
  });
  const Deadline enough = Deadline::In(std::chrono::minutes(2));
  int graph_count = 0;
  while (build_count < 12 || merge_count < 3 || graph_count == 0) {
    if (enough.HasPassed()) {
      ADD_FAILURE() << build_count << " builds, " << merge_count << " merges, " << graph_count
                    << " searches by graphs";
      break;
    }
    const CreateOp& wanted = still[random_.Below(kStillCount)];
    const auto near = store_.index.Nearest(wanted.embeddings[0].vector, {}, 2, Soon());
    EXPECT_TRUE(near.has_value() && near->hits.at(0).id == wanted.id) << "lost";
    graph_count += near.has_value() && near->may_miss ? 1 : 0;
    const auto all = store_.index.Nearest(random_.Unit(), {}, 1'000, Soon());
    std::set<RecordId> ids;
    for (const Neighbor& hit : all->hits) EXPECT_TRUE(ids.insert(hit.id).second) << "twice";
    EXPECT_EQ(ids.size(), static_cast<std::size_t>(kStillCount + kMovingCount));
  }
  is_over = true;
  for (std::thread& thread : threads) thread.join();
  ExpectSoundTables();
}

}  // namespace
}  // namespace datastorage::postgres
