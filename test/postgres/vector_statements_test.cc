#include "postgres/vector_statements.h"

#include "postgres/vector_session.h"

namespace datastorage::postgres {
namespace {

TEST(VectorStatements, FitTheLiveSchema) {
  const std::string database = MakeVectorDatabase(false);
  const auto session = OpenSession(test::PostgresServer::Shared().Conninfo(database));
  std::vector<std::string> texts;
  for (int query = 0; query < static_cast<int>(VectorQuery::kCount); ++query) {
    texts.push_back(Unprepared(static_cast<VectorQuery>(query)).sql);
  }
  for (const std::string& text : texts) {
    const NamedStatement statement{"", text};
    EXPECT_TRUE(session->Prepare({&statement, 1}, Soon()).has_value()) << text;
  }
  EXPECT_TRUE(session->PrepareOnce(PointStatements(), Soon()).has_value());
  EXPECT_TRUE(session->PrepareOnce(PointStatements(), Soon()).has_value()) << "twice is one time";
}

TEST(VectorStatements, DropNothingForWhatIsNewAndPutNothingForTombstones) {
  RandomPoints random(1);
  const Embedding vector = random.Unit();
  const auto count_of = [&](bool has_vector, bool is_new) {
    PointWrites points({.vector_type = 1});
    points.Add(random.Id(), 1, has_vector ? &vector : nullptr, is_new);
    return points.Take().size();
  };
  EXPECT_EQ(PointWrites({.vector_type = 1}).Take().size(), 0U);
  EXPECT_EQ(count_of(true, true), 2U);
  EXPECT_EQ(count_of(true, false), 4U);
  EXPECT_EQ(count_of(false, false), 3U);
}

}  // namespace
}  // namespace datastorage::postgres
