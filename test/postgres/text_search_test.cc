// Searches by words on PostgreSQL: what matches, and what is promised of common words.
#include "postgres/text_search.h"

#include <gmock/gmock.h>

#include <cmath>
#include <set>

#include "base/limits.h"
#include "postgres/generated_records.h"

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

// In 12,000 records "w0" is in 6,000, "w1" in 1,700, "w4000" in few.
class CommonWords : public TextSearches {
 protected:
  static constexpr int kCount = 12'000;

  CommonWords() {
    store_.MakeLiveSet();
    GenerateRecords(store_, kCount);
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

TEST_F(CommonWords, ReturnAsManyHitsAsMatchWhateverTheFilter) {
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

TEST_F(CommonWords, ScoreEveryRecordWithARareWordByCountsOfTheWholeStore) {
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

TEST_F(CommonWords, FindTheRecordThatHoldsThemTogether) {
  // Too many records hold each, few hold both, and this one is the shortest and the oldest.
  store_.Ask("UPDATE record SET words = '''w1'':1A', word_count = 12 WHERE NOT words @@ 'w0'");
  ASSERT_GT(CountOf("w1"), kScoredCountMax);
  const RecordId both = Rewrite(1, "''w0'':1A ''w1'':2A", 2);
  EXPECT_EQ(Hits("w0 w1", {}, 3).at(0), both);
}

TEST_F(CommonWords, CountTheNewestRecordsToo) {
  const RecordId newest = Rewrite(kCount, "''w0'':1A,2A,3A", 3);
  EXPECT_EQ(Hits("w0", {}, 3).at(0), newest);
}

}  // namespace
}  // namespace datastorage::postgres
