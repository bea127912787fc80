#include "opensearch/requests.h"

#include <array>
#include <charconv>

#include "base/check.h"
#include "opensearch/filter_query.h"
#include "schema/json.h"

namespace datastorage::opensearch {
namespace {

constexpr std::string_view kLiveQuery = R"({"term":{"live":true}})";

// m=16 and ef_construction=100 are what recall was measured with; candidates, not the graph, are
// where it is bought.
constexpr std::string_view kVectorField =
    R"("vector":{"type":"knn_vector","dimension":384,"method":{"name":"hnsw","engine":"lucene",)"
    R"("space_type":"cosinesimil","parameters":{"m":16,"ef_construction":100}}})";
static_assert(kEmbeddingDimensionCount == 384);

std::string_view NameOf(FieldType type) {
  switch (type) {
    case FieldType::kKeyword: return "keyword";
    case FieldType::kLong: return "long";
    case FieldType::kDouble: return "double";
    case FieldType::kBoolean: return "boolean";
  }
  return "keyword";
}

void AppendVector(std::string& out, const Embedding& vector) {
  std::array<char, 32> buffer;
  out.push_back('[');
  for (const float component : vector) {
    const auto [end, failure] =
        std::to_chars(buffer.data(), buffer.data() + buffer.size(), component);
    DS_CHECK(failure == std::errc());
    out.append(buffer.data(), end).push_back(',');
  }
  out.back() = ']';
}

void AppendMembers(std::string& out, const FilterMembers& members) {
  out.append(",\"").append(kMembersField).append("\":{");
  bool is_first = true;
  for (const auto& [member, value] : members.values) {
    if (!Keeps(member)) continue;
    if (!is_first) out.push_back(',');
    is_first = false;
    out.append("\"").append(Describe(member).name).append("\":");
    AppendValue(out, value);
  }
  out.push_back('}');
}

// Of a page: its size, and the fields that every hit brings.
std::string PageOf(int limit) {
  return R"({"size":)" + std::to_string(limit) +
         R"(,"track_total_hits":false,"docvalue_fields":["id","stamp","live"])";
}

}  // namespace

std::string MappingBody() {
  std::string body = R"({"dynamic":"strict","properties":{"id":{"type":"keyword"},)";
  body.append(R"("stamp":{"type":"long"},"live":{"type":"boolean"},)");
  body.append(R"("set":{"type":"long","index":false},)").append(kVectorField);
  body.append(",\"").append(kMembersField).append(R"(":{"properties":{)");
  for (int m = 0; m < kMemberCount; ++m) {
    const auto member = static_cast<Member>(m);
    if (!Keeps(member)) continue;
    if (body.back() != '{') body.push_back(',');
    body.append("\"").append(Describe(member).name).append(R"(":{"type":")");
    body.append(NameOf(FieldTypeOf(Describe(member).type))).append("\"}");
  }
  return body.append("}}}}");
}

std::string TemplateBody(const Address& address) {
  std::string body = R"({"index_patterns":[")" + address.index + R"(-*"],"priority":500,)";
  body.append(R"("template":{"settings":{"index":{"knn":true,"refresh_interval":"1s",)");
  // A purged tombstone is forgotten at once: no write below its stamp may still be under way.
  body.append(R"("gc_deletes":"0s","translog":{"durability":"request"},"number_of_shards":)");
  body.append(std::to_string(address.shard_count)).append(R"(,"number_of_replicas":)");
  body.append(std::to_string(address.replica_count)).append("}},");
  body.append(R"("aliases":{")" + address.index + R"(":{}},"mappings":)");
  return body.append(MappingBody()).append("}}");
}

void AppendWrite(std::string& lines, const VectorWrite& write) {
  const std::string id = write.id.ToString();
  const std::string stamp = std::to_string(write.stamp);
  lines.append(R"({"index":{"_id":")").append(id).append(R"(","version":)").append(stamp);
  lines.append(R"(,"version_type":"external"}})").append("\n");
  lines.append(R"({"id":")").append(id).append(R"(","stamp":)").append(stamp);
  if (write.embedding.has_value()) {
    lines.append(R"(,"live":true,"vector":)");
    AppendVector(lines, *write.embedding);
    AppendMembers(lines, write.members);
  } else {
    lines.append(R"(,"live":false)");
  }
  lines.append("}\n");
}

void AppendDelete(std::string& lines, RecordId id, std::int64_t seq_no, std::int64_t primary_term) {
  lines.append(R"({"delete":{"_id":")").append(id.ToString()).append(R"(","if_seq_no":)");
  lines.append(std::to_string(seq_no)).append(R"(,"if_primary_term":)");
  lines.append(std::to_string(primary_term)).append("}}\n");
}

std::string HeldBody(std::span<const RecordId> ids) {
  std::string body = R"({"ids":[)";
  for (const RecordId& id : ids) body.append("\"").append(id.ToString()).append("\",");
  body.back() = ']';
  return body.append("}");
}

// The filter always says "live", and so is never absent: a search with a filter that no more than
// k documents of a segment pass compares with each of them.
std::string NearestBody(const NearestQuestion& question) {
  std::string filter = R"({"bool":{"filter":[)";
  filter.append(kLiveQuery);
  if (!question.filter.IsEverything()) {
    filter.push_back(',');
    AppendQuery(filter, question.filter);
  }
  filter.append("]}}");
  std::string body = PageOf(question.count_max);
  body.append(R"(,"stored_fields":"_none_","query":{"knn":{"vector":{"vector":)");
  AppendVector(body, question.query);
  body.append(R"(,"k":)").append(std::to_string(question.candidate_count));
  body.append(R"(,"filter":)").append(filter).append("}}}");
  body.append(R"(,"aggs":{"all":{"global":{},"aggs":{"passing":{"filter":)");
  return body.append(filter).append("}}}}}");
}

std::string ScanBody(RecordId after, int limit, bool with_content) {
  std::string body = PageOf(limit);
  body.append(with_content ? R"(,"_source":["vector","m"])" : R"(,"stored_fields":"_none_")");
  body.append(R"(,"query":{"exists":{"field":"stamp"}},"sort":[{"id":"asc"}],"search_after":[")");
  return body.append(after.ToString()).append("\"]}");
}

std::string HighestStampBody() {
  return PageOf(1) + R"(,"stored_fields":"_none_","query":{"exists":{"field":"stamp"}},)" +
         R"("sort":[{"stamp":"desc"}]})";
}

std::string TombstonesBody(Stamp floor, RecordId after, int limit) {
  std::string body = PageOf(limit);
  body.append(R"(,"stored_fields":"_none_","seq_no_primary_term":true,"query":{"bool":{"filter":)");
  body.append(R"([{"term":{"live":false}},{"range":{"stamp":{"lt":)").append(std::to_string(floor));
  body.append(R"(}}}]}},"sort":[{"id":"asc"}],"search_after":[")").append(after.ToString());
  return body.append("\"]}");
}

std::string LiveCountBody() {
  return R"({"query":)" + std::string(kLiveQuery) + "}";
}

std::string MarkBody(VectorSetId set) {
  return R"({"set":)" + std::to_string(set) + "}";
}

}  // namespace datastorage::opensearch
