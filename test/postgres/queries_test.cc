#include "postgres/queries.h"

#include "postgres/store_session.h"

namespace datastorage::postgres {
namespace {

std::string TypeOf(MemberType type) {
  switch (type) {
    case MemberType::kText: return "text";
    case MemberType::kInteger: return "bigint";
    case MemberType::kNumber: return "double precision";
    case MemberType::kBoolean: return "boolean";
    case MemberType::kTime: break;
  }
  return "timestamp with time zone";
}

TEST(Queries, FitTheLiveSchema) {
  const StoreSession store;
  const auto session = StoreOpener(store.database)(Soon());
  ASSERT_TRUE(session.has_value()) << session.error().message;
  const NamedStatement wrong{"wrong", "SELECT nothing FROM record"};
  EXPECT_FALSE((*session)->Prepare({&wrong, 1}, Soon()).has_value());
}

TEST(Queries, NameTheMemberColumnsThatTheSchemaHas) {
  StoreSession store;
  std::string expected;
  for (const Member member : ColumnMembers()) {
    expected += std::string(Describe(member).name) + " " + TypeOf(Describe(member).type) + "\n";
  }
  EXPECT_EQ(store.Ask("SELECT string_agg(column_name || ' ' || data_type || E'\\n', ''"
                      " ORDER BY ordinal_position) FROM information_schema.columns"
                      " WHERE table_name = 'record' AND ordinal_position > 9"
                      " AND column_name NOT IN"
                      " ('metadata', 'metadata_scalars', 'words', 'word_count', 'body')"),
            expected);
}

}  // namespace
}  // namespace datastorage::postgres
