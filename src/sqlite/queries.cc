#include "sqlite/queries.h"

#include <algorithm>
#include <array>
#include <set>

#include "embedded/ds_sqlite.h"
#include "schema/members.h"

namespace datastorage::sqlite {
namespace {

struct QueryText {
  std::string_view name;
  std::string_view sql;
};

constexpr std::array<QueryText, static_cast<std::size_t>(Query::kCount)> kTexts{{
    {"backfill_intents", sql::sqlite::k_backfill_intents},
    {"backfill_pending", sql::sqlite::k_backfill_pending},
    {"change_vector_set", sql::sqlite::k_change_vector_set},
    {"claim_idempotency_key", sql::sqlite::k_claim_idempotency_key},
    {"count_records", sql::sqlite::k_count_records},
    {"delete_embeddings", sql::sqlite::k_delete_embeddings},
    {"delete_natural_key", sql::sqlite::k_delete_natural_key},
    {"delete_pending", sql::sqlite::k_delete_pending},
    {"delete_pending_of_set", sql::sqlite::k_delete_pending_of_set},
    {"delete_record", sql::sqlite::k_delete_record},
    {"delete_record_versions", sql::sqlite::k_delete_record_versions},
    {"delete_stale_embeddings", sql::sqlite::k_delete_stale_embeddings},
    {"delete_text", sql::sqlite::k_delete_text},
    {"embedded_spaces", sql::sqlite::k_embedded_spaces},
    {"erased_key", sql::sqlite::k_erased_key},
    {"exact_nearest", sql::sqlite::k_exact_nearest},
    {"fail_pending", sql::sqlite::k_fail_pending},
    {"fence_intent", sql::sqlite::k_fence_intent},
    {"finish_intent_claims", sql::sqlite::k_finish_intent_claims},
    {"finish_natural_key", sql::sqlite::k_finish_natural_key},
    {"free_intent_claims", sql::sqlite::k_free_intent_claims},
    {"id_use", sql::sqlite::k_id_use},
    {"idempotency_key", sql::sqlite::k_idempotency_key},
    {"insert_erased_key", sql::sqlite::k_insert_erased_key},
    {"insert_erasure", sql::sqlite::k_insert_erasure},
    {"insert_intent", sql::sqlite::k_insert_intent},
    {"insert_natural_key", sql::sqlite::k_insert_natural_key},
    {"insert_record", sql::sqlite::k_insert_record},
    {"insert_setting", sql::sqlite::k_insert_setting},
    {"insert_text", sql::sqlite::k_insert_text},
    {"insert_vector_set", sql::sqlite::k_insert_vector_set},
    {"intent_of_record", sql::sqlite::k_intent_of_record},
    {"keep_erased_attempts", sql::sqlite::k_keep_erased_attempts},
    {"keep_record_version", sql::sqlite::k_keep_record_version},
    {"lease_candidates", sql::sqlite::k_lease_candidates},
    {"lease_pending", sql::sqlite::k_lease_pending},
    {"list_records", sql::sqlite::k_list_records},
    {"natural_key", sql::sqlite::k_natural_key},
    {"next_stamp", sql::sqlite::k_next_stamp},
    {"optimize_text", sql::sqlite::k_optimize_text},
    {"park_pending", sql::sqlite::k_park_pending},
    {"pending_ids", sql::sqlite::k_pending_ids},
    {"pending_row", sql::sqlite::k_pending_row},
    {"probe_write", sql::sqlite::k_probe_write},
    {"purge_idempotency_keys", sql::sqlite::k_purge_idempotency_keys},
    {"put_embedding", sql::sqlite::k_put_embedding},
    {"put_pending", sql::sqlite::k_put_pending},
    {"put_setting", sql::sqlite::k_put_setting},
    {"raise_pending_stamp", sql::sqlite::k_raise_pending_stamp},
    {"raise_record_stamp", sql::sqlite::k_raise_record_stamp},
    {"read_record", sql::sqlite::k_read_record},
    {"record_body", sql::sqlite::k_record_body},
    {"record_head", sql::sqlite::k_record_head},
    {"record_history", sql::sqlite::k_record_history},
    {"release_pending", sql::sqlite::k_release_pending},
    {"renew_pending", sql::sqlite::k_renew_pending},
    {"scan_embeddings", sql::sqlite::k_scan_embeddings},
    {"scan_ids", sql::sqlite::k_scan_ids},
    {"search_text", sql::sqlite::k_search_text},
    {"setting", sql::sqlite::k_setting},
    {"settle_attempt", sql::sqlite::k_settle_attempt},
    {"settle_pending", sql::sqlite::k_settle_pending},
    {"store_next_stamp", sql::sqlite::k_store_next_stamp},
    {"stored_embedding", sql::sqlite::k_stored_embedding},
    {"tally_pending", sql::sqlite::k_tally_pending},
    {"text_structure_size", sql::sqlite::k_text_structure_size},
    {"update_record", sql::sqlite::k_update_record},
    {"vector_sets", sql::sqlite::k_vector_sets},
}};
static_assert(!kTexts.back().name.empty(), "a query has no text");

// Server-set members have columns of their own names and types, long texts are read from the body.
bool HasOwnColumn(Member member) {
  return member > Member::kVector && !Describe(member).is_long_text;
}

std::string JoinedColumns() {
  std::string joined;
  for (const Member member : ColumnMembers()) {
    if (!joined.empty()) joined += ", ";
    joined += Describe(member).name;
  }
  return joined;
}

std::string JoinedPlaceholders() {
  std::string joined;
  for (std::size_t i = 0; i < ColumnMembers().size(); ++i) joined += i == 0 ? "?" : ", ?";
  return joined;
}

}  // namespace

std::string_view NameOf(Query query) {
  return kTexts[static_cast<std::size_t>(query)].name;
}

std::string SqlOf(Query query) {
  const std::string_view text = kTexts[static_cast<std::size_t>(query)].sql;
  return Substitute(
      Substitute(text, "{columns}", JoinedColumns()), "{placeholders}", JoinedPlaceholders());
}

bool IsTemplate(Query query) {
  return kTexts[static_cast<std::size_t>(query)].sql.find("{filter}") != std::string_view::npos;
}

const std::vector<Member>& ColumnMembers() {
  static const std::vector<Member> members = [] {
    std::set<Member> all;
    for (int kind = 0; kind < kRecordKindCount; ++kind) {
      const auto& of_kind = schema::MembersOf(static_cast<RecordKind>(kind));
      std::copy_if(of_kind.begin(), of_kind.end(), std::inserter(all, all.end()), HasOwnColumn);
    }
    return std::vector<Member>(all.begin(), all.end());
  }();
  return members;
}

std::string Substitute(std::string_view text, std::string_view marker, std::string_view value) {
  std::string result;
  std::size_t from = 0;
  for (std::size_t at = text.find(marker); at != std::string_view::npos;
       at = text.find(marker, from)) {
    result.append(text.substr(from, at - from)).append(value);
    from = at + marker.size();
  }
  return result.append(text.substr(from));
}

}  // namespace datastorage::sqlite
