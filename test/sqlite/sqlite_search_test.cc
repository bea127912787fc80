// Searches in SQLite: how words match, and that limits and deadlines hold.
#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Searches : public SqliteFixture {
 protected:
  Searches() { OpenStore(); }
};

TEST_F(Searches, MatchNamesWholeAndInParts) {
  const CreateOp camel = Create("k1", "pod is in CrashLoopBackOff");
  const CreateOp dotted = Create("k2", "java.lang.OutOfMemoryError in /var/lib/etcd/member");
  const CreateOp code = Create("k3", "exit code E1234-5678, caf\xC3\xA9 closed");
  Commit({camel, dotted, code});
  EXPECT_THAT(TextHits("crashloopbackoff"), ElementsAre(camel.id));
  EXPECT_THAT(TextHits("crashing loops"), ElementsAre(camel.id));  // Stemmed.
  EXPECT_THAT(TextHits("OutOfMemoryError"), ElementsAre(dotted.id));
  EXPECT_THAT(TextHits("memory"), ElementsAre(dotted.id));
  EXPECT_THAT(TextHits("/var/lib/etcd"), ElementsAre(dotted.id));
  EXPECT_THAT(TextHits("E1234-5678"), ElementsAre(code.id));
  EXPECT_THAT(TextHits("CAFE"), ElementsAre(code.id));
  EXPECT_THAT(TextHits("\xE2\x80\x94 \xF0\x9F\x98\x80"), IsEmpty());
}

TEST_F(Searches, RankAWholeNameAboveItsParts) {
  const CreateOp parts = Create("k1", "go back off the loop, then crash into the image");
  const CreateOp whole = Create("k2", "CrashLoopBackOff");
  Commit({parts, whole, Create("k3", "nothing"), Create("k4", "of this"), Create("k5", "here")});
  EXPECT_EQ(TextHits("CrashLoopBackOff").at(0), whole.id);
}

TEST_F(Searches, IgnoreCommonWordsUnlessThereAreNoOthers) {
  const CreateOp first = Create("k1", "the pod");
  const CreateOp second = Create("k2", "the node");
  Commit({first, second});
  EXPECT_THAT(TextHits("the pod"), ElementsAre(first.id));
  EXPECT_EQ(TextHits("the").size(), 2U);
}

TEST_F(Searches, NeverFailOnWhatPeopleType) {
  Commit({Create("k1", "text")});
  RandomRecords random(5);
  for (int i = 0; i < 2'000; ++i) {
    std::string text;
    for (std::size_t length = random.Below(30); length > 0; --length) {
      static constexpr std::string_view kBytes = "ab \"'*():^-+{}[]NEARORANDNOT.,/\\\n\xC3\xA9\x01";
      text.push_back(kBytes[random.Below(kBytes.size())]);
    }
    ASSERT_TRUE(store_->TextSearch(text, {}, 5, Deadline::Never()).has_value()) << text;
  }
}

TEST_F(Searches, StopAtTheirDeadline) {
  std::vector<WriteOp> operations;
  for (int i = 0; i < 2'000; ++i) {
    CreateOp create = Create("k" + std::to_string(i), "text");
    SpacedEmbedding embedding{.space = kSpace, .text_hash = *create.text_hash};
    embedding.vector[0] = 1;
    create.embeddings = {embedding};
    operations.emplace_back(create);
  }
  Commit(operations);
  const Deadline soon = Deadline::In(std::chrono::microseconds(300));
  EXPECT_EQ(store_->ExactNearest(Embedding{}, kSpace, {}, 5, soon).error().code,
            ErrorCode::kDeadlineExceeded);
  const auto hits = store_->ExactNearest(Embedding{}, kSpace, {}, 5, Deadline::Never());
  ASSERT_TRUE(hits.has_value());
  ASSERT_EQ(hits->size(), 5U);
  EXPECT_LT(hits->at(0).id, hits->at(4).id);  // Ties by id.
}

}  // namespace
}  // namespace datastorage
