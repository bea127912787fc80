#include "postgres/record_rows.h"

#include "postgres/reader_session.h"
#include "support/random_records.h"

namespace datastorage::postgres {
namespace {

TEST(RecordRows, HoldEmbeddingsBitByBit) {
  ReaderSession store;
  RandomRecords random(3);
  Embedding vector{};
  for (float& component : vector) component = static_cast<float>(random.Below(1'000'000)) * 1e-7F;
  const CreateOp create = ReadableCreation("key", vector);
  store.Commit({create});
  const ReadOutcome read = store.ReadOne(create.id);
  ASSERT_TRUE(read.embedding.has_value());
  EXPECT_EQ(read.embedding->vector, vector);
  EXPECT_EQ(read.embedding->text_hash, create.text_hash);
  EXPECT_EQ(read.embedding->space, kTestSpace);
}

TEST(RecordRows, KeepTimesAndNumbersAsTheyWereSent) {
  ReaderSession store;
  CreateOp create = CreationOf("key");
  create.now = WallTime(Duration(1'700'000'000'123'456));
  auto& body = std::get<Execution>(create.body);
  body.metadata = JsonObjectText{R"({"n":1.50,"vast":1e-99999,"twice":[1,1.0]})"};
  body.end_time = WallTime(Duration(-1));
  body.start_time = WallTime(Duration(-2));
  store.Commit({create});
  const ReadOutcome read = store.ReadOne(create.id);
  EXPECT_EQ(read.record.body, create.body);
  EXPECT_EQ(read.record.created_at, create.now);
  EXPECT_EQ(read.record.updated_at, create.now);
}

TEST(RecordRows, ThatNobodyCanHaveWrittenAreAnError) {
  for (const char* const damage : {"UPDATE record SET body = '[]'",
                                   "UPDATE pending_vector SET reason = 'none'",
                                   "ALTER TABLE record DROP CONSTRAINT record_kind_check;"
                                   "UPDATE record SET kind = 'unknown'"}) {
    ReaderSession store;
    CreateOp create = ReadableCreation("key", {});
    create.embeddings.clear();
    store.Commit({create});
    EXPECT_EQ(store.ReadOne(create.id).record.vector, VectorState::kPending);
    store.Ask(damage);
    const RecordRef ref = create.id;
    EXPECT_EQ(CodeOf(store.reader.Read({&ref, 1}, "", Soon())), ErrorCode::kInternal) << damage;
  }
  EXPECT_EQ(*ReadKind("execution"), RecordKind::kExecution);
  EXPECT_EQ(CodeOf(ReadKind("Execution")), ErrorCode::kInternal);
}

}  // namespace
}  // namespace datastorage::postgres
