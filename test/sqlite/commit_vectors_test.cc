// Embeddings and pending rows over several vector sets.
#include "sqlite/sqlite_fixture.h"

namespace datastorage {
namespace {

class Vectors : public SqliteFixture {
 protected:
  Vectors() { OpenStore(); }
  void RegisterSets(PendingRule rule = PendingRule::kWhereEmbeddingIsMissing) {
    live_ = Register(kSpace, VectorSetState::kLive, rule);
    filling_ = Register("other/t1", VectorSetState::kFilling, rule);
  }
  SpacedEmbedding Embedded(const CreateOp& create, const std::string& space) {
    SpacedEmbedding embedding{.space = space, .text_hash = *create.text_hash};
    embedding.vector[3] = 1;
    return embedding;
  }
  std::string PendingSets() {
    return Query("SELECT coalesce(group_concat(set_id), '') FROM pending_vector");
  }

  VectorSetId live_ = 0;
  VectorSetId filling_ = 0;
};

TEST_F(Vectors, ArePendingInEachSetThatLacksThem) {
  RegisterSets();
  CreateOp create = Create("k1", "text");
  create.embeddings = {Embedded(create, kSpace)};
  EXPECT_TRUE(Commit({create})[0].has_pending);
  EXPECT_EQ(PendingSets(), std::to_string(filling_));
  // Stored for the other space, it is pending nowhere; the live set's row is not touched.
  const WriteOutcome stored =
      Commit({StoreEmbeddingOp{create.id, Embedded(create, "other/t1")}})[0];
  EXPECT_EQ(stored.status, WriteStatus::kEmbeddingStored);
  EXPECT_FALSE(stored.has_pending);
  EXPECT_EQ(PendingSets(), "");
}

TEST_F(Vectors, ThatTravelArePendingInEverySet) {
  RegisterSets(PendingRule::kEverySet);
  CreateOp create = Create("k1", "text");
  create.embeddings = {Embedded(create, kSpace), Embedded(create, "other/t1")};
  Commit({create});
  EXPECT_EQ(PendingSets(), std::to_string(live_) + "," + std::to_string(filling_));
  const StoreEmbeddingOp store{create.id, Embedded(create, kSpace)};
  const WriteOutcome stored = Commit({store})[0];
  EXPECT_TRUE(stored.has_pending);
  EXPECT_EQ(Query("SELECT stamp FROM pending_vector WHERE set_id = " + std::to_string(live_)),
            std::to_string(stored.stamp));
}

TEST_F(Vectors, OfALostTextLeaveARowForTheTombstone) {
  RegisterSets(PendingRule::kEverySet);
  const CreateOp create = Create("k1", "text");
  Commit({create});
  const WriteOutcome updated = Commit({Update(create, 1, "")})[0];
  EXPECT_TRUE(updated.has_pending);
  EXPECT_EQ(Query("SELECT DISTINCT stamp FROM pending_vector"), std::to_string(updated.stamp));
  const EraseOp erase{create.id, SystemUuidSource().MakeVersion4(), clock_.WallNow(), "me", "x"};
  const WriteOutcome erased = Commit({erase})[0];
  EXPECT_TRUE(erased.has_pending);
  EXPECT_EQ(Query("SELECT DISTINCT stamp FROM pending_vector"), std::to_string(erased.stamp));
}

TEST_F(Vectors, NeverMakeAStampFall) {
  live_ = Register(kSpace, VectorSetState::kLive);
  filling_ = Register("other/t1", VectorSetState::kFilling, PendingRule::kEverySet);
  const CreateOp create = Create("k1", "text");
  Stamp last = 0;
  const std::vector<WriteOp> operations{
      create,
      StoreEmbeddingOp{create.id, Embedded(create, kSpace)},
      Update(create, 1, "text"),
      EnqueuePendingOp{live_, create.id, PendingReason::kReconcile},
      StoreEmbeddingOp{create.id, Embedded(create, "other/t1")}};
  for (const WriteOp& operation : operations) {
    Commit({operation});
    const Stamp now = std::stoll(Query("SELECT stamp FROM record"));
    EXPECT_GT(now, last);
    EXPECT_EQ(Query("SELECT count(*) FROM pending_vector WHERE stamp > " + std::to_string(now)),
              "0");
    last = now;
  }
}

}  // namespace
}  // namespace datastorage
