#include "postgres/vector_statements.h"

#include <array>

#include "embedded/ds_postgres.h"
#include "postgres/half_vector.h"

namespace datastorage::postgres {
namespace {

struct QueryText {
  std::string_view name;
  std::string_view sql;
};

// In the order of VectorQuery.
constexpr std::array<QueryText, static_cast<std::size_t>(VectorQuery::kCount)> kTexts{{
    {"build_segment", sql::postgres::k_build_segment},
    {"claim_vectors", sql::postgres::k_claim_vectors},
    {"count_live_points", sql::postgres::k_count_live_points},
    {"drop_body_vectors", sql::postgres::k_drop_body_vectors},
    {"drop_head_vectors", sql::postgres::k_drop_head_vectors},
    {"drop_retired_segments", sql::postgres::k_drop_retired_segments},
    {"held_points", sql::postgres::k_held_points},
    {"highest_point_stamp", sql::postgres::k_highest_point_stamp},
    {"measure_head", sql::postgres::k_measure_head},
    {"merge_segments", sql::postgres::k_merge_segments},
    {"move_head", sql::postgres::k_move_head},
    {"purge_tombstones", sql::postgres::k_purge_tombstones},
    {"put_body_vectors", sql::postgres::k_put_body_vectors},
    {"put_head_vectors", sql::postgres::k_put_head_vectors},
    {"raise_points", sql::postgres::k_raise_points},
    {"read_segment", sql::postgres::k_read_segment},
    {"read_vector_mark", sql::postgres::k_read_vector_mark},
    {"scan_points", sql::postgres::k_scan_points},
    {"take_points", sql::postgres::k_take_points},
}};
static_assert(!kTexts.back().name.empty(), "a query has no text");

const QueryText& TextOf(VectorQuery query) {
  return kTexts[static_cast<std::size_t>(query)];
}

}  // namespace

std::string_view NameOf(VectorQuery query) {
  return TextOf(query).name;
}

Call Unprepared(VectorQuery query) {
  Call call;
  call.sql = TextOf(query).sql;
  return call;
}

const std::vector<NamedStatement>& PointStatements() {
  static const std::vector<NamedStatement> statements = [] {
    std::vector<NamedStatement> all;
    for (const VectorQuery query : {VectorQuery::kTakePoints,
                                    VectorQuery::kDropHeadVectors,
                                    VectorQuery::kDropBodyVectors,
                                    VectorQuery::kPutHeadVectors,
                                    VectorQuery::kPutBodyVectors,
                                    VectorQuery::kRaisePoints}) {
      all.push_back({NameOf(query), std::string(TextOf(query).sql)});
    }
    return all;
  }();
  return statements;
}

PointWrites::PointWrites(const Target& target)
    : target_(target),
      ids_(ElementType::kUuid),
      stamps_(ElementType::kBigint),
      are_live_(ElementType::kBool),
      old_ids_(ElementType::kUuid),
      old_stamps_(ElementType::kBigint),
      live_ids_(ElementType::kUuid),
      live_stamps_(ElementType::kBigint),
      vectors_(target.vector_type) {}

void PointWrites::Add(Uuid id, Stamp stamp, const Embedding* vector, bool is_new) {
  ids_.Add(id);
  stamps_.Add(std::int64_t{stamp});
  are_live_.Add(vector != nullptr);
  if (!is_new) {
    old_ids_.Add(id);
    old_stamps_.Add(std::int64_t{stamp});
  }
  if (vector == nullptr) return;
  live_ids_.Add(id);
  live_stamps_.Add(std::int64_t{stamp});
  vectors_.Add(std::string_view(HalfVectorBytes(*vector)));
}

Call PointWrites::CallOf(VectorQuery query) const {
  if (!target_.is_prepared) return Unprepared(query);
  Call call;
  call.name = NameOf(query);
  return call;
}

std::vector<Call> PointWrites::Take() {
  std::vector<Call> calls;
  if (ids_.size() == 0) return calls;
  calls.push_back(CallOf(VectorQuery::kTakePoints));
  calls.back().parameters.Add(ids_).Add(stamps_).Add(are_live_).Add(std::int64_t{target_.set});
  if (old_ids_.size() > 0) {
    for (const VectorQuery query : {VectorQuery::kDropHeadVectors, VectorQuery::kDropBodyVectors}) {
      calls.push_back(CallOf(query));
      calls.back().parameters.Add(old_ids_).Add(old_stamps_);
    }
  }
  if (live_ids_.size() > 0) {
    calls.push_back(
        CallOf(target_.writes_body ? VectorQuery::kPutBodyVectors : VectorQuery::kPutHeadVectors));
    calls.back().parameters.Add(live_ids_).Add(live_stamps_).Add(vectors_);
  }
  return calls;
}

}  // namespace datastorage::postgres
