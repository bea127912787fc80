#include "sqlite/record_rows.h"

#include "sqlite/sqlite_fixture.h"

namespace datastorage::sqlite {
namespace {

class Rows : public SqliteFixture {
 protected:
  Rows() { OpenStore(); }
  // What reading the only record answers after the file was changed behind the store's back.
  ErrorCode CodeAfter(const std::string& sql) {
    const CreateOp create = Create("k" + std::to_string(++created_), "text");
    Commit({create});
    EXPECT_TRUE(Connect()->Execute("damage", sql).has_value());
    const RecordRef ref = create.id;
    const auto read = store_->Read(std::span(&ref, 1), kSpace, Deadline::Never());
    return read.has_value() ? ErrorCode::kNotFound : read.error().code;
  }
  int created_ = 0;
};

TEST_F(Rows, ThatNobodyCanHaveWrittenAreAnError) {
  EXPECT_EQ(CodeAfter("SELECT 1"), ErrorCode::kNotFound);
  EXPECT_EQ(CodeAfter("UPDATE record SET kind = 'unknown'"), ErrorCode::kInternal);
  EXPECT_EQ(CodeAfter("UPDATE record SET body = '[]'"), ErrorCode::kInternal);
}

TEST_F(Rows, HoldEmbeddingsBitByBit) {
  CreateOp create = Create("k1", "text");
  SpacedEmbedding embedding{.space = kSpace, .text_hash = *create.text_hash};
  RandomRecords random(3);
  for (float& component : embedding.vector) {
    component = static_cast<float>(random.Below(1'000'000)) * 1e-7F;
  }
  create.embeddings = {embedding};
  Commit({create});
  const RecordRef ref = create.id;
  const auto read = store_->Read(std::span(&ref, 1), kSpace, Deadline::Never());
  ASSERT_TRUE(read->at(0).embedding.has_value());
  EXPECT_EQ(read->at(0).embedding->vector, embedding.vector);
  EXPECT_EQ(read->at(0).embedding->text_hash, embedding.text_hash);
}

TEST(RowKinds, AreNamed) {
  EXPECT_EQ(*ReadKind("execution"), RecordKind::kExecution);
  EXPECT_EQ(ReadKind("Execution").error().code, ErrorCode::kInternal);
}

}  // namespace
}  // namespace datastorage::sqlite
