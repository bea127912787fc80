#include "engine/search_service.h"

#include <gmock/gmock.h>

#include <thread>

#include "engine/engine_fixture.h"

namespace datastorage {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

class SearchServiceTest : public EngineFixture {
 protected:
  static std::vector<DegradedCode> CodesOf(const SearchReply& reply) {
    std::vector<DegradedCode> codes;
    for (const Degradation& degradation : reply.degraded) codes.push_back(degradation.code);
    return codes;
  }
};

TEST_F(SearchServiceTest, FindsAnAcknowledgedRecordAtOnceInEveryMode) {
  const Record record = Create("rr-1", "node disk full of container logs");
  Create("rr-2", "certificate expired on the ingress");
  for (const SearchMode mode : {SearchMode::kSemantic, SearchMode::kText, SearchMode::kHybrid}) {
    const SearchReply reply = Search("disk full", mode, {}, 1);
    EXPECT_THAT(IdsOf(reply), ElementsAre(record.id)) << NameOf(mode);
    EXPECT_THAT(reply.degraded, IsEmpty());
  }
}

TEST_F(SearchServiceTest, ReturnsAllThatMatchUpToTheLimitHoweverFewTheFilterLeaves) {
  for (int i = 0; i < 300; ++i) {
    Remediation record = ARemediation("rr-" + std::to_string(i), "disk full on node");
    if (i % 100 == 0) record.severity = "critical";
    ASSERT_TRUE(writes_->Create(RequestFor(record), Soon()).has_value());
  }
  const Filter rare = Filter::Equals(Member::kSeverity, std::string("critical"));
  EXPECT_EQ(Search("disk full", SearchMode::kSemantic, rare).hits.size(), 3U);
  EXPECT_EQ(Search("disk full", SearchMode::kSemantic, Filter::Not(rare)).hits.size(), 10U);
  EXPECT_EQ(Search("disk full", SearchMode::kHybrid, rare).hits.size(), 3U);
  EXPECT_EQ(Search("disk full", SearchMode::kText, rare).hits.size(), 3U);
}

TEST_F(SearchServiceTest, AppliesFiltersThatTheIndexCannotDecide) {
  std::vector<RecordId> wanted;
  for (int i = 0; i < 120; ++i) {
    Remediation record = ARemediation("rr-" + std::to_string(i), "disk full on node");
    const bool is_wanted = i % 40 == 7;
    record.metadata = JsonObjectText{is_wanted ? R"({"team":"payments"})" : R"({"team":"web"})"};
    const auto reply = writes_->Create(RequestFor(record), Soon());
    if (is_wanted) wanted.push_back(reply->record.id);
  }
  const SearchReply reply =
      Search("disk full", SearchMode::kSemantic, Filter::Path("team", {"payments"}));
  EXPECT_THAT(IdsOf(reply), testing::UnorderedElementsAreArray(wanted));
}

TEST_F(SearchServiceTest, FindsARecordWithoutAVectorByItsWordsAndCountsIt) {
  embedder_->FailWhere([](std::string_view text) { return text.starts_with("quota"); },
                       ErrorCode::kUnavailable);
  const Record record = Create("rr-1", "quota reached in namespace");
  EXPECT_EQ(record.vector, VectorState::kPending);
  EXPECT_EQ(record.vector_reason, PendingReason::kEmbedderUnavailable);

  const SearchReply by_words = Search("namespace reached", SearchMode::kHybrid);
  EXPECT_THAT(IdsOf(by_words), ElementsAre(record.id));
  ASSERT_THAT(CodesOf(by_words), ElementsAre(DegradedCode::kPendingEmbeddings));
  EXPECT_EQ(by_words.degraded.front().count, 1);
  EXPECT_THAT(IdsOf(Search("namespace reached", SearchMode::kSemantic)), IsEmpty());

  embedder_->Heal();
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_THAT(IdsOf(Search("namespace reached", SearchMode::kSemantic)), ElementsAre(record.id));
  EXPECT_EQ(StateOf(record.id), VectorState::kSynced);
}

TEST_F(SearchServiceTest, NeverShowsARecordUnderTheTextItHadBefore) {
  const Record record = Create("rr-1", "disk full on node");
  embedder_->FailWhere([](std::string_view text) { return text.starts_with("certificate"); },
                       ErrorCode::kUnavailable);
  const auto patched =
      writes_->Patch(PatchFor(record, R"({"summary":"certificate expired"})"), Soon());
  ASSERT_EQ(patched->status, ReplyStatus::kUpdated);
  EXPECT_EQ(patched->record.vector, VectorState::kPending);
  EXPECT_THAT(IdsOf(Search("disk full on node", SearchMode::kSemantic)), IsEmpty());
  EXPECT_THAT(IdsOf(Search("disk full", SearchMode::kText)), IsEmpty());
  embedder_->Heal();
  ASSERT_TRUE(RunRelayUntilIdle());
  const SearchReply reply = Search("certificate expired", SearchMode::kSemantic);
  ASSERT_THAT(IdsOf(reply), ElementsAre(record.id));
  EXPECT_NEAR(*reply.hits.front().similarity, 1.0, 1e-3);
}

TEST_F(SearchServiceTest, SeesAPatchedFilterMemberAtOnce) {
  const Record record = Create("rr-1", "disk full on node");
  const Filter completed = Filter::Equals(Member::kPhase, std::string("completed"));
  EXPECT_THAT(IdsOf(Search("disk full", SearchMode::kSemantic, completed)), IsEmpty());
  ASSERT_TRUE(writes_->Patch(PatchFor(record, R"({"phase":"completed"})"), Soon()).has_value());
  EXPECT_THAT(IdsOf(Search("disk full", SearchMode::kSemantic, completed)), ElementsAre(record.id));
}

TEST_F(SearchServiceTest, AnswersTheSameAfterARestart) {
  for (int i = 0; i < 50; ++i) {
    Create("rr-" + std::to_string(i), "failure number " + std::to_string(i % 7) + " of the disk");
  }
  const std::vector<RecordId> before = IdsOf(Search("number 3", SearchMode::kSemantic));
  Restart();
  EXPECT_EQ(IdsOf(Search("number 3", SearchMode::kSemantic)), before);
}

TEST_F(SearchServiceTest, SaysThatWordsAloneAnsweredWhenTheQueryCannotBeEmbedded) {
  const Record record = Create("rr-1", "disk full on node");
  embedder_->FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  const SearchReply reply = Search("full disk now", SearchMode::kHybrid);
  EXPECT_THAT(IdsOf(reply), ElementsAre(record.id));
  EXPECT_THAT(CodesOf(reply), Contains(DegradedCode::kEmbedderUnavailable));
}

TEST_F(SearchServiceTest, SearchesByWordsWithoutAnEmbedder) {
  Restart(/*has_embedder=*/false);
  const Record record = Create("rr-1", "disk full on node");
  EXPECT_EQ(record.vector, VectorState::kNone);
  const SearchReply reply = Search("disk", SearchMode::kHybrid);
  EXPECT_THAT(IdsOf(reply), ElementsAre(record.id));
  EXPECT_THAT(CodesOf(reply), ElementsAre(DegradedCode::kEmbedderDisabled));
}

TEST_F(SearchServiceTest, MakesEveryRecordPendingWhenTheModelIsAnother) {
  const Record record = Create("rr-1", "disk full on node");
  embedder_ = std::make_unique<FakeEmbedder>("fake-2");
  Restart();
  EXPECT_EQ(StateOf(record.id), VectorState::kPending);
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_THAT(IdsOf(Search("disk full", SearchMode::kSemantic)), ElementsAre(record.id));
}

TEST_F(SearchServiceTest, LeavesOutWhatIsBelowTheLeastSimilarity) {
  Create("rr-1", "disk full on node");
  const Record same = Create("rr-2", "certificate expired");
  SearchRequest request{"certificate expired", std::nullopt, SearchMode::kHybrid, {}, 10, 0.9};
  const auto reply = searches_->Search(request, Soon());
  ASSERT_TRUE(reply.has_value());
  EXPECT_THAT(IdsOf(*reply), ElementsAre(same.id));
}

TEST_F(SearchServiceTest, TakesAnEmbeddingOfAnyLengthButZero) {
  const Record record = Create("rr-1", "disk full on node");
  Embedding doubled = FakeEmbedder::VectorOf("disk full on node");
  for (float& component : doubled) component *= 2;
  SearchRequest request{"", doubled, SearchMode::kSemantic, {}, 10, std::nullopt};
  auto reply = searches_->Search(request, Soon());
  ASSERT_TRUE(reply.has_value());
  EXPECT_THAT(IdsOf(*reply), ElementsAre(record.id));
  request.embedding = Embedding{};
  EXPECT_EQ(searches_->Search(request, Soon()).error().code, ErrorCode::kInvalidArgument);
}

TEST_F(SearchServiceTest, LeavesTheRecordItselfOutOfWhatIsSimilar) {
  const Record record = Create("rr-1", "disk full on node");
  const Record near = Create("rr-2", "disk nearly full on node");
  const auto reply = searches_->Similar({record.id, {}, 10, std::nullopt}, Soon());
  ASSERT_TRUE(reply.has_value());
  EXPECT_THAT(IdsOf(*reply), ElementsAre(near.id));
  EXPECT_EQ(searches_->Similar({RecordId{}, {}, 10, std::nullopt}, Soon()).error().code,
            ErrorCode::kNotFound);
}

TEST_F(SearchServiceTest, FindsEveryAcknowledgedRecordWhileWritersWork) {
  std::atomic<int> missing_count = 0;
  std::vector<std::thread> writers;
  for (int writer = 0; writer < 4; ++writer) {
    writers.emplace_back([&, writer] {
      for (int i = 0; i < 40; ++i) {
        const std::string word = "token" + std::to_string(writer) + "x" + std::to_string(i);
        const Record record = Create("rr-" + word, word + " failed");
        const SearchReply reply = Search(word + " failed", SearchMode::kSemantic, {}, 1);
        const bool is_found = reply.hits.size() == 1 && reply.hits[0].record.id == record.id;
        if (!is_found) ++missing_count;
      }
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(missing_count, 0);
}

}  // namespace
}  // namespace datastorage
