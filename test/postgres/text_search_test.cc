// Searches by words on PostgreSQL: what matches, and what is promised of common words.
#include "postgres/text_search.h"

#include <gmock/gmock.h>

#include <cmath>
#include <map>
#include <set>

#include "base/limits.h"
#include "postgres/generated_records.h"
#include "postgres/word_sample.h"

namespace datastorage::postgres {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class TextSearches : public testing::Test {
 protected:
  RecordId Create(const std::string& key, const std::string& summary) {
    CreateOp create = CreationOf(key);
    std::get<Execution>(create.body).summary = summary;
    EXPECT_EQ(store_.Commit({create}).at(0).status, WriteStatus::kCreated);
    return create.id;
  }

  std::vector<TextHit> Search(const std::string& text, const Filter& filter = {}, int limit = 10) {
    const auto hits = store_.search.TextSearch(text, filter, limit, Soon());
    EXPECT_TRUE(hits.has_value()) << text << ": " << hits.error().message;
    return hits.has_value() ? *hits : std::vector<TextHit>();
  }

  std::vector<RecordId> Hits(const std::string& text, const Filter& filter = {}, int limit = 10) {
    std::vector<RecordId> ids;
    for (const TextHit& hit : Search(text, filter, limit)) ids.push_back(hit.id);
    return ids;
  }

  SearchSession store_;
};

TEST_F(TextSearches, MatchNamesWholeAndInParts) {
  const RecordId camel = Create("k1", "pod is in CrashLoopBackOff");
  const RecordId dotted = Create("k2", "java.lang.OutOfMemoryError in /var/lib/etcd/member");
  const RecordId code = Create("k3", "exit code E1234-5678, caf\xC3\xA9 closed");
  EXPECT_THAT(Hits("crashloopbackoff"), ElementsAre(camel));
  EXPECT_THAT(Hits("crashing loops"), ElementsAre(camel));  // Stemmed.
  EXPECT_THAT(Hits("OutOfMemoryError"), ElementsAre(dotted));
  EXPECT_THAT(Hits("memory"), ElementsAre(dotted));
  EXPECT_THAT(Hits("/var/lib/etcd"), ElementsAre(dotted));
  EXPECT_THAT(Hits("E1234-5678"), ElementsAre(code));
  EXPECT_THAT(Hits("CAFE"), ElementsAre(code));
  EXPECT_THAT(Hits("\xE2\x80\x94 \xF0\x9F\x98\x80"), IsEmpty());
  EXPECT_THAT(Hits(""), IsEmpty());
}

TEST_F(TextSearches, ForgetWhatAnUpdateTookAway) {
  CreateOp create = CreationOf("key");
  std::get<Execution>(create.body).summary = "giraffe";
  UpdateOp update = UpdateOf(create, 1);
  std::get<Execution>(update.body).summary = "flamingo";
  store_.Commit({create});
  store_.Commit({update});
  EXPECT_THAT(Hits("giraffe"), IsEmpty());
  EXPECT_THAT(Hits("flamingo"), ElementsAre(create.id));
}

TEST_F(TextSearches, NeverFailOnWhatPeopleType) {
  Create("k1", "text");
  RandomRecords random(5);
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (std::size_t length = random.Below(30); length > 0; --length) {
      static constexpr std::string_view kBytes =
          "ab \"'*():^-+{}[]&|!<>NEARORANDNOT.,/\\\n\xC3\xA9\x01";
      text.push_back(kBytes[random.Below(kBytes.size())]);
    }
    Search(text);
    if (HasFailure()) return;
  }
}

// In 12,000 records "w0" is in 6,000, "w1" in 1,700, "w4000" in few. With and without counts of
// words in the database; the newest records, which are counted, are a third of them.
class CommonWords : public TextSearches, public testing::WithParamInterface<bool> {
 protected:
  static constexpr int kCount = 12'000;

  CommonWords() {
    store_.MakeLiveSet();
    GenerateRecords(store_, kCount);
    CountWords();
  }

  void CountWords() {
    if (!GetParam()) return;
    store_.Ask("DELETE FROM word_sample_total");
    const auto session = OpenSession(test::PostgresServer::Shared().Conninfo(store_.database));
    const auto made = RefreshWordSample(*session, {.looked_at_max = kCount / 3}, Soon());
    EXPECT_TRUE(made.has_value() && *made);
  }

  // How many records match, by the server.
  std::int64_t CountOf(const std::string& query, const std::string& condition = "TRUE") {
    return std::stoll(
        store_.Ask("SELECT count(*) FROM record WHERE words @@ '" + query + "' AND " + condition));
  }

  // Gives an old record these words only.
  RecordId Rewrite(int number, const std::string& words, int count) {
    const std::string id =
        store_.Ask("UPDATE record SET word_count = " + std::to_string(count) + ", words = '" +
                   words + "' WHERE name = 'name" + std::to_string(number) + "' RETURNING id");
    return *Uuid::Parse(id);
  }
};

TEST_P(CommonWords, ReturnAsManyHitsAsMatchWhateverTheFilter) {
  ASSERT_GT(CountOf("w0"), kScoredCountMax);
  const Filter some = Filter::Equals(Member::kNamespace, std::string("namespace7"));
  const std::int64_t matching = CountOf("w0", "namespace = 'namespace7'");
  ASSERT_GT(matching, 50);
  EXPECT_EQ(Hits("w0", some, 1'000).size(), static_cast<std::size_t>(matching));
  EXPECT_EQ(Hits("w0", some, 20).size(), 20U);
  constexpr int kMost = limits::kSearchCandidateCountMax;
  static_assert(kMost > kScoredCountMax);
  EXPECT_EQ(Hits("w0", {}, kMost).size(), std::size_t{kMost});
  const std::vector<RecordId> all = Hits("w0 w4000", {}, kMost);
  EXPECT_EQ(std::set<RecordId>(all.begin(), all.end()).size(), std::size_t{kMost});
}

TEST_P(CommonWords, ScoreEveryRecordWithARareWordByCountsOfTheWholeStore) {
  const std::int64_t rare = CountOf("w4000");
  ASSERT_GT(rare, 3);
  const std::vector<TextHit> hits = Search("w0 w4000", {}, static_cast<int>(rare));
  ASSERT_EQ(hits.size(), static_cast<std::size_t>(rare));
  const double rarity =
      std::log((kCount - static_cast<double>(rare) + 0.5) / (static_cast<double>(rare) + 0.5));
  // All are of the same length. The size of the store is estimated.
  for (const TextHit& hit : hits) EXPECT_GT(hit.bm25, rarity * 0.97);
  const std::vector<TextHit> once = Search("w4000", {}, 100);
  EXPECT_NEAR(once.back().bm25, rarity, rarity * 0.03);
}

TEST_P(CommonWords, FindTheRecordThatHoldsThemTogether) {
  // Too many records hold each, few hold both, and this one is the shortest and the oldest.
  store_.Ask("UPDATE record SET words = '''w1'':1A', word_count = 12 WHERE NOT words @@ 'w0'");
  ASSERT_GT(CountOf("w1"), kScoredCountMax);
  CountWords();
  const RecordId both = Rewrite(1, "''w0'':1A ''w1'':2A", 2);
  EXPECT_EQ(Hits("w0 w1", {}, 3).at(0), both);
}

TEST_P(CommonWords, CountTheNewestRecordsToo) {
  const RecordId newest = Rewrite(kCount, "''w0'':1A,2A,3A", 3);
  EXPECT_EQ(Hits("w0", {}, 3).at(0), newest);
}

// The newest records do not hold it: what was counted says that it is rare.
TEST_P(CommonWords, CountAWordThatTheNewestRecordsDoNotHold) {
  store_.Ask("UPDATE record SET words = words || '''old'':50A' WHERE created_at < '2025-01-01'");
  const std::int64_t count = CountOf("old");
  ASSERT_GT(count, kScoredCountMax);
  EXPECT_EQ(Hits("old", {}, 100).size(), 100U);
  const RecordId best = Rewrite(1, "''old'':1A ''rare'':2A", 2);
  EXPECT_EQ(Hits("old rare", {}, 100).at(0), best);
  // By what can be counted, not as rare as the newest records have it.
  const double rarity = std::log(kCount / static_cast<double>(kScoredCountMax));
  EXPECT_LT(Search("old", {}, 1).at(0).bm25, rarity * 2.2);
}

TEST_P(CommonWords, FindARarePhraseOfCommonWords) {
  store_.Ask("UPDATE record SET words = '''w0'':2A ''w1'':1A', word_count = 2 WHERE words @@ 'w0'");
  CountWords();
  // Neither among the newest records nor among the first that the index finds.
  const RecordId phrase = Rewrite(kCount / 2, "''w0'':1A ''w1'':2A", 2);
  EXPECT_EQ(Hits("w0-w1 w1", {}, 3).at(0), phrase);
  const Filter one = Filter::Equals(Member::kName, std::string("name6000"));
  EXPECT_THAT(Hits("w0-w1", one, 3), ElementsAre(phrase));
}

// More records than are looked at for a phrase hold its words, nearly all in the wrong order.
TEST_P(CommonWords, FindARarePhraseAmongMoreRecordsThanAreLookedAt) {
  store_.Ask("UPDATE record SET words = '''w0'':2A ''w1'':1A', word_count = 2");
  CountWords();
  const RecordId phrase = Rewrite(kCount / 2, "''w0'':1A ''w1'':2A", 2);
  const RecordId other = Rewrite(kCount / 3, "''w0'':1A ''w1'':2A ''w2'':3A", 3);
  EXPECT_THAT(Hits("w0-w1", {}, 2), ElementsAre(phrase, other));
  const Filter one = Filter::Equals(Member::kName, "name" + std::to_string(kCount / 3));
  EXPECT_THAT(Hits("w0-w1", one, 3), ElementsAre(other));
  // Its weight is that of a rare one.
  EXPECT_GT(Search("w0-w1", {}, 1).at(0).bm25, 2 * std::log(double{kCount} / kScoredCountMax));
}

// That it is common is found out while its records are fetched, after a look at the newest records
// for the other words.
TEST_P(CommonWords, LookAtTheNewestRecordsForAWordThatTurnsOutToBeCommon) {
  store_.Ask("UPDATE record SET words = words || '''late'':50A' WHERE created_at < '2025-01-01'");
  ASSERT_GT(CountOf("late"), kScoredCountMax);
  ASSERT_GT(CountOf("late & w0"), kTogetherCountMax);
  const RecordId newest = Rewrite(kCount, "''late'':1A,2A,3A", 3);
  EXPECT_EQ(Hits("w0 late", {}, 3).at(0), newest);
}

INSTANTIATE_TEST_SUITE_P(Counted, CommonWords, testing::Bool());

// Of what was written lately, some is in many of the newest records and in no others.
TEST_F(TextSearches, WeighAWordOfTheNewestRecordsByHowManyOfAllHoldIt) {
  store_.MakeLiveSet();
  constexpr int kCount = 12'000;
  constexpr int kNewCount = 1'500;
  GenerateRecords(store_, kCount);
  store_.Ask("UPDATE record SET words = words || '''new'':50A' WHERE stamp > " +
             std::to_string(kCount - kNewCount));
  store_.Ask("VACUUM (ANALYZE) record");
  const auto session = OpenSession(test::PostgresServer::Shared().Conninfo(store_.database));
  ASSERT_TRUE(RefreshWordSample(*session, {.looked_at_max = kCount / 3}, Soon()).has_value());
  const double rarity = std::log((kCount - kNewCount + 0.5) / (kNewCount + 0.5));
  const std::vector<TextHit> hits = Search("new", {}, kNewCount + 1);
  EXPECT_EQ(hits.size(), std::size_t{kNewCount});
  // The size of the store is estimated.
  EXPECT_NEAR(hits.at(0).bm25, rarity, rarity * 0.05);
}

// What was written since the words were counted, which each replica would see at another moment,
// changes no score by itself.
TEST_F(TextSearches, ScoreAlikeOnEveryReplica) {
  store_.MakeLiveSet();
  GenerateRecords(store_, 8'000);
  const std::string conninfo = test::PostgresServer::Shared().Conninfo(store_.database);
  ASSERT_TRUE(RefreshWordSample(*OpenSession(conninfo), {}, Soon()).has_value());
  const std::vector<std::string> texts{"w0 w1 w2", "w0", "w0 w4000 w10"};
  std::vector<std::vector<TextHit>> before;
  for (const std::string& text : texts) before.push_back(Search(text));
  store_.Ask(
      "UPDATE record SET words = '''other'':1A' WHERE NOT words @@ 'w1 | w2 | w10 | w4000'"
      " AND created_at > '2025-01-01' AND created_at < (SELECT created_at FROM record"
      "  ORDER BY created_at DESC OFFSET 100 LIMIT 1)");
  Sessions other({.connection = {.conninfo = conninfo}, .writer_count = 1, .reader_count = 1});
  std::size_t found_again = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::map<RecordId, double> scores;
    const auto after = SearchText(other, texts[i], {}, 100, Soon());
    ASSERT_TRUE(after.has_value()) << after.error().message;
    for (const TextHit& hit : *after) scores[hit.id] = hit.bm25;
    for (const TextHit& hit : before[i]) {
      if (!scores.contains(hit.id)) continue;
      ++found_again;
      EXPECT_EQ(scores[hit.id], hit.bm25) << texts[i];
    }
  }
  EXPECT_GT(found_again, 10U);
}

}  // namespace
}  // namespace datastorage::postgres
