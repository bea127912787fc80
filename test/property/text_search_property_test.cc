// PostgreSQL finds, orders and scores by words exactly as SQLite's text index does, in a store
// whose statistics are exact, on texts with awkward words, endings, letters and joiners.
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "postgres/record_search.h"
#include "postgres/store_session.h"
#include "postgres/word_sample.h"
#include "sqlite/sqlite_record_store.h"
#include "support/random_records.h"
#include "support/temporary_folder.h"

namespace datastorage {
namespace {

constexpr std::array<std::string_view, 44> kWords{"pod",
                                                  "Pods",
                                                  "restarting",
                                                  "restarts",
                                                  "CrashLoopBackOff",
                                                  "crash",
                                                  "loop",
                                                  "OOMKilled",
                                                  "OOM",
                                                  "killed",
                                                  "node",
                                                  "Nodes",
                                                  "not",
                                                  "the",
                                                  "java.lang.OutOfMemoryError",
                                                  "out",
                                                  "of",
                                                  "memory",
                                                  "/var/lib/etcd",
                                                  "etcd",
                                                  "E1234-5678",
                                                  "5678",
                                                  "1e5",
                                                  "3.14",
                                                  "0x1f",
                                                  "a_b-c.d",
                                                  "b",
                                                  "http2Stream",
                                                  "caf\xC3\xA9",
                                                  "CAFE\xCC\x81",
                                                  "\xC3\x85ngstr\xC3\xB6m",
                                                  "angstrom",
                                                  "\xE9\x9B\x86\xE7\xBE\xA4",
                                                  "\xCE\x91\xCE\x98\xCE\x97\xCE\x9D\xCE\x91",
                                                  "\xCE\xB1\xCE\xB8\xCE\xB7\xCE\xBD\xCE\xB1",
                                                  "\xD0\x9F\xD0\x9E\xD0\x94",
                                                  "\xD0\xBF\xD0\xBE\xD0\xB4",
                                                  "na\xC3\xAFve",
                                                  "\xF0\x9F\x98\x80",
                                                  "it's",
                                                  "NotReady",
                                                  "ready",
                                                  "namespace/shop",
                                                  "shop"};
constexpr std::array<std::string_view, 8> kJoiners{
    " ", " ", " ", ", ", "\n", "-", "\xE2\x80\x94", "_"};
constexpr std::array<std::string_view, 24> kEndings{
    "",        "s",       "es",    "ies",  "ed",  "eed",   "ing",  "ational",
    "ization", "iveness", "able",  "ible", "ion", "ement", "ment", "ent",
    "ousli",   "logi",    "icate", "ll",   "y",   "e",     "ance", "alize"};

class Texts {
 public:
  explicit Texts(std::uint64_t seed) : random_(seed) {}

  std::string Next(std::size_t word_count_max) {
    std::string text;
    for (std::size_t count = random_.Below(word_count_max + 1); count > 0; --count) {
      text += Word();
      text += kJoiners[random_.Below(kJoiners.size())];
    }
    return text;
  }
  RandomRecords& random() { return random_; }

 private:
  std::string Word() {
    if (random_.Chance(60)) return std::string(kWords[random_.Below(kWords.size())]);
    std::string word;
    for (std::size_t length = 1 + random_.Below(4); length > 0; --length) {
      word += "aeiouybclnstzw"[random_.Below(14)];
    }
    return word + std::string(kEndings[random_.Below(kEndings.size())]);
  }

  RandomRecords random_;
};

AiAnalysis BodyOf(Texts& texts, int number) {
  AiAnalysis body;
  body.remediation_request_id = "request";
  body.analysis_id = "analysis-" + std::to_string(number);
  body.provider = texts.random().Chance(50) ? "one" : "two";
  body.model = "model";
  if (texts.random().Chance(80)) body.summary = texts.Next(20);
  if (texts.random().Chance(40)) body.root_cause = texts.Next(10);
  if (texts.random().Chance(40)) body.recommendation = texts.Next(10);
  return body;
}

class TextSearch : public testing::Test {
 protected:
  TextSearch() {
    auto opened = SqliteRecordStore::Open({.directory = folder_.path()});
    DS_CHECK(opened.has_value());
    sqlite_ = *std::move(opened);
  }

  void Fill(int count) {
    std::vector<WriteOp> operations;
    for (int i = 0; i < count; ++i) {
      CreateOp create;
      create.id = texts_.random().Id();
      create.attempt = texts_.random().Id();
      create.body = BodyOf(texts_, i);
      create.now = texts_.random().Time();
      operations.emplace_back(create);
    }
    const auto outcomes = sqlite_->Commit(operations, CommitMode::kAllOrNothing, Deadline::Never());
    ASSERT_TRUE(outcomes.has_value());
    for (const WriteOutcome& outcome : *outcomes) {
      ASSERT_EQ(outcome.status, WriteStatus::kCreated);
    }
    postgres_.Commit(operations, CommitMode::kAllOrNothing);
  }

  // How many hits there were.
  std::size_t ExpectSame(const std::string& text, const Filter& filter, int limit) {
    const auto expected = sqlite_->TextSearch(text, filter, limit, Deadline::Never());
    const auto hits = search_.TextSearch(text, filter, limit, Deadline::Never());
    EXPECT_TRUE(hits.has_value()) << hits.error().message;
    EXPECT_EQ(hits->size(), expected->size()) << text;
    for (std::size_t i = 0; i < std::min(hits->size(), expected->size()); ++i) {
      EXPECT_NEAR(hits->at(i).bm25, expected->at(i).bm25, 1e-9 * expected->at(i).bm25) << text;
      EXPECT_EQ(hits->at(i).id, expected->at(i).id) << text;
    }
    return expected->size();
  }

  TemporaryFolder folder_;
  std::unique_ptr<SqliteRecordStore> sqlite_;
  postgres::StoreSession postgres_;
  postgres::Sessions sessions_{
      {.connection = {.conninfo = test::PostgresServer::Shared().Conninfo(postgres_.database)},
       .writer_count = 1,
       .reader_count = 1}};
  postgres::RecordSearch search_{sessions_};
  Texts texts_{42};
};

TEST_F(TextSearch, IsEqualOnBothStores) {
  Fill(700);
  std::size_t hit_count = 0;
  for (int i = 0; i < 1'000 && !HasFailure(); ++i) {
    const Filter filter = texts_.random().Chance(30)
                              ? Filter::Equals(Member::kProvider, std::string("one"))
                              : Filter();
    const int limit = texts_.random().Chance(50) ? 1'000 : 5;
    hit_count += ExpectSame(texts_.Next(5), filter, limit);
  }
  EXPECT_GT(hit_count, 10'000U);
}

// From counts of words that are kept, and from the records of these words only.
TEST_F(TextSearch, IsEqualOnBothStoresForRareWordsOfALargerOne) {
  Fill(2'300);
  if (HasFatalFailure()) return;
  const auto session =
      postgres::OpenSession(test::PostgresServer::Shared().Conninfo(postgres_.database));
  const auto made =
      postgres::RefreshWordSample(*session, {.record_count_min = 1}, Deadline::Never());
  ASSERT_TRUE(made.has_value() && *made);
  std::size_t hit_count = 0;
  for (int i = 0; i < 400 && !HasFailure(); ++i) {
    const int limit = texts_.random().Chance(50) ? 1'000 : 5;
    hit_count += ExpectSame(texts_.Next(2), {}, limit);
  }
  EXPECT_GT(hit_count, 10'000U);
}

}  // namespace
}  // namespace datastorage
