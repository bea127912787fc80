#include "opensearch/requests.h"

#include <gtest/gtest.h>

#include "opensearch/filter_query.h"
#include "schema/json.h"

namespace datastorage::opensearch {
namespace {

using schema::Json;

Json Parsed(std::string_view text) {
  auto parsed = schema::ParseJson(text);
  EXPECT_TRUE(parsed.has_value()) << text;
  EXPECT_TRUE(!parsed.has_value() || parsed->defects.empty());
  return parsed.has_value() ? parsed->value : Json();
}

const Json& At(const Json& json, std::initializer_list<std::string_view> path) {
  const Json* at = &json;
  for (const std::string_view name : path) {
    at = at->Find(name);
    if (at == nullptr) {
      ADD_FAILURE() << "no " << name;
      return json;
    }
  }
  return *at;
}

Embedding FirstAxis() {
  Embedding vector{};
  vector[0] = 1;
  vector[1] = 1.0F / 3;
  return vector;
}

RecordId AnId() {
  return *Uuid::Parse("0190c0de-0000-7000-8000-00000000000a");
}

TEST(OpensearchRequests, WriteADocumentUnderItsStamp) {
  VectorWrite write{AnId(), 7, FirstAxis(), {}};
  write.members.values = {{Member::kVersion, std::int64_t{3}},
                          {Member::kName, std::string("x\ny")},
                          {Member::kSummary, std::string("long")}};
  std::string lines;
  AppendWrite(lines, write);
  const std::size_t end = lines.find('\n');
  EXPECT_EQ(lines.find('\n', end + 1), lines.size() - 1) << "two lines";
  EXPECT_EQ(lines.substr(0, end),
            R"({"index":{"_id":"0190c0de-0000-7000-8000-00000000000a","version":7,)"
            R"("version_type":"external"}})");
  const Json document = Parsed(lines.substr(end + 1));
  EXPECT_EQ(At(document, {"id"}).text, AnId().ToString());
  EXPECT_EQ(At(document, {"stamp"}).text, "7");
  EXPECT_TRUE(At(document, {"live"}).boolean);
  EXPECT_EQ(At(document, {"vector"}).elements.size(), kEmbeddingDimensionCount);
  EXPECT_EQ(At(document, {"vector"}).elements[1].text, "0.33333334");
  EXPECT_EQ(schema::ToText(At(document, {"m"})), R"({"version":3,"name":"x\ny"})");
}

TEST(OpensearchRequests, WriteATombstoneWithoutAVector) {
  std::string lines;
  AppendWrite(lines, {AnId(), 9, std::nullopt, {}});
  EXPECT_EQ(lines.substr(lines.find('\n') + 1),
            R"({"id":"0190c0de-0000-7000-8000-00000000000a","stamp":9,"live":false})"
            "\n");
}

// Each member that documents keep has a field of its type; a document with another is refused.
TEST(OpensearchRequests, MapEachMemberThatDocumentsKeep) {
  const Json mapping = Parsed(MappingBody());
  EXPECT_EQ(At(mapping, {"dynamic"}).text, "strict");
  const Json& members = At(mapping, {"properties", "m", "properties"});
  std::size_t kept_count = 0;
  for (int m = 0; m < kMemberCount; ++m) {
    const auto member = static_cast<Member>(m);
    const Json* const field = members.Find(Describe(member).name);
    ASSERT_EQ(field != nullptr, Keeps(member)) << Describe(member).name;
    kept_count += field != nullptr ? 1 : 0;
  }
  EXPECT_EQ(members.members.size(), kept_count);
  EXPECT_EQ(At(members, {"start_time", "type"}).text, "long");
  EXPECT_EQ(At(members, {"confidence_score", "type"}).text, "double");
  EXPECT_EQ(At(members, {"success", "type"}).text, "boolean");
  EXPECT_EQ(At(mapping, {"properties", "vector", "method", "space_type"}).text, "cosinesimil");
}

TEST(OpensearchRequests, MakeTheIndexAsTheAddressSays) {
  Address address;
  address.index = "audit";
  address.shard_count = 3;
  address.replica_count = 2;
  const Json body = Parsed(TemplateBody(address));
  EXPECT_EQ(At(body, {"index_patterns"}).elements.at(0).text, "audit-*");
  const Json& settings = At(body, {"template", "settings", "index"});
  EXPECT_EQ(At(settings, {"number_of_shards"}).text, "3");
  EXPECT_EQ(At(settings, {"number_of_replicas"}).text, "2");
  EXPECT_EQ(At(settings, {"translog", "durability"}).text, "request");
  EXPECT_NE(At(body, {"template", "aliases"}).Find("audit"), nullptr);
  EXPECT_EQ(schema::ToText(At(body, {"template", "mappings"})),
            schema::ToText(Parsed(MappingBody())));
}

// The filter stands twice: within the search for neighbours, and where all that pass are counted.
TEST(OpensearchRequests, AskForNeighboursThatPass) {
  const Filter filter = Filter::Equals(Member::kSuccess, true);
  const Embedding query = FirstAxis();
  const Json body = Parsed(NearestBody({query, filter, 5, 512}));
  EXPECT_EQ(At(body, {"size"}).text, "5");
  EXPECT_EQ(At(body, {"query", "knn", "vector", "k"}).text, "512");
  const std::string expected =
      R"({"bool":{"filter":[{"term":{"live":true}},{"terms":{"m.success":[true]}}]}})";
  EXPECT_EQ(schema::ToText(At(body, {"query", "knn", "vector", "filter"})), expected);
  EXPECT_EQ(schema::ToText(At(body, {"aggs", "all", "aggs", "passing", "filter"})), expected);
}

TEST(OpensearchRequests, PageByIdAndLookForTombstones) {
  const std::string id = AnId().ToString();
  const Json page = Parsed(ScanBody(AnId(), 10, false));
  EXPECT_EQ(At(page, {"search_after"}).elements.at(0).text, id);
  EXPECT_EQ(page.Find("_source"), nullptr);
  EXPECT_NE(Parsed(ScanBody(AnId(), 10, true)).Find("_source"), nullptr);
  const Json graves = Parsed(TombstonesBody(12, AnId(), 10));
  EXPECT_EQ(schema::ToText(At(graves, {"query"})),
            R"({"bool":{"filter":[{"term":{"live":false}},{"range":{"stamp":{"lt":12}}}]}})");
  EXPECT_TRUE(At(graves, {"seq_no_primary_term"}).boolean);
  std::string lines;
  AppendDelete(lines, AnId(), 4, 2);
  EXPECT_EQ(lines,
            R"({"delete":{"_id":")" + id + R"(","if_seq_no":4,"if_primary_term":2}})" + "\n");
  const std::vector<RecordId> ids{AnId(), AnId()};
  EXPECT_EQ(HeldBody(ids), R"({"ids":[")" + id + R"(",")" + id + R"("]})");
  EXPECT_EQ(MarkBody(3), R"({"set":3})");
  Parsed(HighestStampBody());
  Parsed(LiveCountBody());
}

}  // namespace
}  // namespace datastorage::opensearch
