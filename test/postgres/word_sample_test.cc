// The counts of words in the database: when they are made, by whom, and what they say.
#include "postgres/word_sample.h"

#include <gmock/gmock.h>

#include <latch>
#include <thread>

#include "postgres/generated_records.h"

namespace datastorage::postgres {
namespace {

using testing::ElementsAre;

class WordSampleTest : public testing::Test {
 protected:
  WordSampleTest() { store_.MakeLiveSet(); }

  std::unique_ptr<Connection> Open() {
    return OpenSession(test::PostgresServer::Shared().Conninfo(store_.database));
  }
  bool Refresh(const WordSampleRule& rule = {}) {
    const auto made = RefreshWordSample(*Open(), rule, Soon());
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return made.has_value() && *made;
  }
  WordSample Read(const std::vector<std::string>& words, int small_count = 100) {
    const auto rows = store_.sessions.Read("read", WordSampleCalls(words, small_count), Soon());
    EXPECT_TRUE(rows.has_value()) << rows.error().message;
    return ReadWordSample(*rows);
  }
  std::int64_t Number(const std::string& sql) { return std::stoll(store_.Ask(sql)); }

  SearchSession store_;
};

TEST_F(WordSampleTest, SaysNothingBeforeTheFirstCountNorOfASmallStore) {
  EXPECT_FALSE(Refresh());
  EXPECT_FALSE(Refresh({.record_count_min = 1})) << "there is nothing to count";
  GenerateRecords(store_, 150);
  EXPECT_FALSE(Refresh());
  const WordSample sample = Read({"w0"});
  EXPECT_EQ(sample.looked_at, 0);
  EXPECT_FALSE(sample.is_small);
  EXPECT_TRUE(Read({"w0"}, 151).is_small);
}

TEST_F(WordSampleTest, CountsAStoreThatItCanLookAtWholeExactly) {
  constexpr int kCount = 3'000;
  GenerateRecords(store_, kCount);
  ASSERT_TRUE(Refresh());
  const WordSample sample = Read({"w1", "w0", "none"});
  EXPECT_EQ(sample.looked_at, kCount);
  EXPECT_EQ(sample.record_count, kCount);
  EXPECT_EQ(sample.mean_length, 12);
  const std::string held = "SELECT count(*) FROM record WHERE words @@ ";
  EXPECT_THAT(sample.documents, ElementsAre(Number(held + "'w1'"), Number(held + "'w0'"), 0));
  EXPECT_EQ(Number("SELECT min(documents) FROM word_sample"), WordSampleRule().documents_min);
}

// Old records and new ones alike: a word of some months only is not taken for one of all.
TEST_F(WordSampleTest, LooksAtSomeRecordsOfEveryAgeAndEstimatesTheRest) {
  GenerateRecords(store_, 6'000);
  store_.Ask("UPDATE record SET words = words || '''new'':50A' WHERE stamp > 5500");
  store_.Ask("UPDATE record SET words = words || '''old'':50A' WHERE stamp <= 2000");
  store_.Ask("VACUUM (FULL, ANALYZE) record");
  ASSERT_TRUE(Refresh({.looked_at_max = 2'000}));
  const WordSample sample = Read({"w0", "new", "old"});
  // Pages are taken by their places, alike in each of twenty months.
  EXPECT_NEAR(sample.looked_at, 2'000, 900);
  EXPECT_NEAR(sample.record_count, 6'000, 300);
  const double scale = sample.record_count / sample.looked_at;
  const std::vector<double> held{
      static_cast<double>(Number("SELECT count(*) FROM record WHERE words @@ 'w0'")), 500, 2'000};
  for (std::size_t i = 0; i < held.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(sample.documents.at(i)) * scale, held[i], held[i] * 0.35) << i;
  }
}

TEST_F(WordSampleTest, LooksAtAllOfAStoreThatIsSmallerThanItsTablesTell) {
  GenerateRecords(store_, 3'000);
  store_.Ask("UPDATE pg_class SET reltuples = reltuples * 10 WHERE relname LIKE 'record_20%'");
  ASSERT_TRUE(Refresh());
  EXPECT_EQ(Read({}).looked_at, 3'000);
  EXPECT_EQ(Read({}).record_count, 3'000);
}

TEST_F(WordSampleTest, IsMadeAnewWhenTheStoreHasGrownOrItIsOldAndThereWereWrites) {
  GenerateRecords(store_, 3'000);
  ASSERT_TRUE(Refresh());
  EXPECT_FALSE(Refresh());
  store_.Ask("UPDATE word_sample_total SET store_size = store_size * 10");
  EXPECT_TRUE(Refresh()) << "the store has shrunk";
  store_.Ask("UPDATE word_sample_total SET store_size = store_size / 2");
  EXPECT_TRUE(Refresh()) << "the store has grown";
  EXPECT_FALSE(Refresh());
  store_.Ask("UPDATE word_sample_total SET made_at = made_at - interval '1 hour'");
  EXPECT_FALSE(Refresh()) << "nothing was written since";
  store_.Ask("SELECT nextval('stamp')");
  EXPECT_TRUE(Refresh());
  store_.Ask("SELECT nextval('stamp')");
  EXPECT_FALSE(Refresh()) << "it is not old";
}

TEST_F(WordSampleTest, IsMadeByOneOfManyAndReplacedAsAWhole) {
  GenerateRecords(store_, 3'000);
  std::vector<int> made(4, 0);
  std::latch begin(4);
  {
    std::vector<std::jthread> replicas;
    for (int& count : made) {
      replicas.emplace_back([&] {
        const auto session = Open();
        begin.arrive_and_wait();
        for (int round = 0; round < 5; ++round) {
          const auto refreshed = RefreshWordSample(*session, {}, Soon());
          EXPECT_TRUE(refreshed.has_value()) << refreshed.error().message;
          count += refreshed.has_value() && *refreshed;
          EXPECT_FALSE(session->IsInTransaction());
        }
      });
    }
  }
  EXPECT_EQ(made[0] + made[1] + made[2] + made[3], 1);
  EXPECT_EQ(Number("SELECT count(*) FROM word_sample_total"), 1);
}

TEST_F(WordSampleTest, LeavesItToTheOneThatIsAtIt) {
  GenerateRecords(store_, 3'000);
  const auto other = Open();
  ASSERT_TRUE(other
                  ->RunScript("lock",
                              "SELECT pg_advisory_lock(hashtextextended('datastorage word sample',"
                              " 0))",
                              Soon())
                  .has_value());
  EXPECT_FALSE(Refresh());
  ASSERT_TRUE(other->RunScript("unlock", "SELECT pg_advisory_unlock_all()", Soon()).has_value());
  EXPECT_TRUE(Refresh());
}

}  // namespace
}  // namespace datastorage::postgres
