// What an erasure leaves: looked for in the bytes of the files, in the index and in every answer.
#include "engine/erasure_service.h"

#include <gmock/gmock.h>

#include <fstream>

#include "engine/engine_fixture.h"
#include "schema/sample_bodies.h"

namespace datastorage {
namespace {

const std::string kMarker = "qzxvjkwhirligig";

// Every text of the body that may be any text, and the metadata, with the marker in them.
RecordBody Marked(RecordKind kind, int& text_count) {
  schema::ParsedJson document = schema::Parsed(schema::FullBodyOf(kind));
  for (schema::Json::Member& member : document.value.members) {
    if (member.second.type != schema::JsonType::kString) continue;
    const schema::Json before = member.second;
    member.second = schema::Json::String(kMarker + " of " + member.first);
    const bool fits = schema::ParseCreate(kind, document).body.has_value();
    if (fits) {
      ++text_count;
    } else {
      member.second = before;
    }
  }
  for (schema::Json::Member& member : document.value.members) {
    if (member.first != "metadata") continue;
    member.second = schema::Parsed("{\"" + kMarker + "\":{\"in\":[\"" + kMarker + "\"]}}").value;
  }
  return *schema::ParseCreate(kind, document).body;
}

class ErasureServiceTest : public EngineFixture {
 protected:
  ErasureReply Erase(const RecordRef& ref) {
    ErasureService erasures(ThreadRuntime(), *store_, *writer_, SystemUuidSource());
    const auto reply = erasures.Erase({ref, std::nullopt, "me", "asked to"}, Soon());
    EXPECT_TRUE(reply.has_value()) << reply.error().message;
    return reply.has_value() ? *reply : ErasureReply{};
  }
  std::string BytesOfFiles() const {
    std::string bytes;
    for (const char* name : {"/datastorage.db", "/datastorage.db-wal", "/datastorage.db-shm"}) {
      std::ifstream file(directory_ + name, std::ios::binary);
      bytes.append(std::istreambuf_iterator<char>(file), {});
    }
    return bytes;
  }
  // How many parts of the vector, each of 16 components, stand in the bytes.
  static int PartsOf(const Embedding& vector, const std::string& bytes) {
    constexpr std::size_t kPartCount = 24;
    const std::size_t part_size = sizeof(Embedding) / kPartCount;
    int found_count = 0;
    for (std::size_t i = 0; i < kPartCount; ++i) {
      const std::string part(reinterpret_cast<const char*>(vector.data()) + i * part_size,
                             part_size);
      if (bytes.find(part) != std::string::npos) ++found_count;
    }
    return found_count;
  }
  Embedding StoredVector(RecordId id) {
    const RecordRef ref = id;
    const auto outcomes = store_->Read({&ref, 1}, embedding_->Space(), Soon());
    return outcomes->front().embedding->vector;
  }
};

TEST_F(ErasureServiceTest, LeavesNothingOfTheContentAnywhere) {
  const Record other = Create("rr-other", "a neighbour that stays");
  int text_count = 0;
  std::vector<RecordId> ids;
  std::vector<Embedding> vectors;
  for (const RecordKind kind : schema::kAllKinds) {
    const auto created = writes_->Create(RequestFor(Marked(kind, text_count)), Soon());
    ASSERT_TRUE(created.has_value());
    ASSERT_EQ(created->status, ReplyStatus::kCreated);
    ids.push_back(created->record.id);
    vectors.push_back(StoredVector(created->record.id));
    if (kind != RecordKind::kRemediation) continue;
    // An older version, and another text and vector.
    const auto patched = writes_->Patch(
        PatchFor(created->record, R"({"error_message":"qzxvjkwhirligig anew"})"), Soon());
    ASSERT_TRUE(patched.has_value() && patched->status == ReplyStatus::kUpdated);
    vectors.push_back(StoredVector(created->record.id));
  }
  EXPECT_GT(text_count, 20);
  std::string bytes = BytesOfFiles();
  ASSERT_NE(bytes.find(kMarker), std::string::npos);
  for (const Embedding& vector : vectors) ASSERT_GT(PartsOf(vector, bytes), 0);

  for (const RecordId& id : ids) EXPECT_EQ(Erase(id).status, ErasureStatus::kErased);

  bytes = BytesOfFiles();
  EXPECT_EQ(bytes.find(kMarker), std::string::npos);
  EXPECT_EQ(bytes.find("whirligig"), std::string::npos);
  for (const Embedding& vector : vectors) EXPECT_EQ(PartsOf(vector, bytes), 0);
  const auto points = index_->Scan({}, 100, false, Soon());
  for (const HeldPoint& point : *points) {
    EXPECT_EQ(point.is_tombstone, point.id != other.id) << point.id.ToString();
  }
  for (const SearchMode mode : {SearchMode::kSemantic, SearchMode::kText, SearchMode::kHybrid}) {
    const auto hits = IdsOf(Search(kMarker + " of summary", mode));
    EXPECT_TRUE(hits.empty() || hits == std::vector<RecordId>{other.id});
  }
  for (const RecordId& id : ids) {
    const RecordRef ref = id;
    EXPECT_EQ(store_->Read({&ref, 1}, "", Soon())->front().status, ReadStatus::kErased);
    EXPECT_TRUE(store_->History(id, Soon())->empty());
  }
  // Nor is it back after a start.
  Restart();
  EXPECT_EQ(index_->Size(), 1);
  EXPECT_EQ(IdsOf(Search("a neighbour that stays", SearchMode::kSemantic)).front(), other.id);
}

// What no model has seen yet must not be embedded later.
TEST_F(ErasureServiceTest, TakesThePendingEmbeddingTooOfWhatWasNotEmbeddedYet) {
  embedder_->FailWhere([](std::string_view) { return true; }, ErrorCode::kUnavailable);
  const Record record = Create("rr-1", "qzxvjkwhirligig");
  EXPECT_EQ(record.vector, VectorState::kPending);
  EXPECT_EQ(Erase(record.id).status, ErasureStatus::kErased);
  embedder_->Heal();
  ASSERT_TRUE(RunRelayUntilIdle());
  EXPECT_EQ(index_->Size(), 0);
  EXPECT_EQ(BytesOfFiles().find(kMarker), std::string::npos);
}

TEST_F(ErasureServiceTest, IsAnsweredOnceByIdAndByKey) {
  const Record record = Create("rr-1", "text");
  const NaturalKey key{RecordKind::kRemediation, "rr-1"};
  const ErasureReply reply = Erase(key);
  EXPECT_EQ(reply.status, ErasureStatus::kErased);
  EXPECT_EQ(reply.id, record.id);
  EXPECT_EQ(Erase(key).status, ErasureStatus::kErasedBefore);
  EXPECT_EQ(Erase(record.id).status, ErasureStatus::kErasedBefore);
  EXPECT_EQ(Erase(SystemUuidSource().MakeVersion7()).status, ErasureStatus::kNotFound);
  Create("rr-1", "text", ReplyStatus::kErased);
}

}  // namespace
}  // namespace datastorage
