#include "postgres/queries.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>

#include "embedded/ds_postgres.h"
#include "schema/members.h"

namespace datastorage::postgres {
namespace {

struct QueryText {
  std::string_view name;
  std::string_view sql;
};

// In the order of Query.
constexpr std::array<QueryText, static_cast<std::size_t>(Query::kCount)> kTexts{{
    {"active_sets", sql::postgres::k_active_sets},
    {"adopt_idempotency_keys", sql::postgres::k_adopt_idempotency_keys},
    {"backfill_intents", sql::postgres::k_backfill_intents},
    {"backfill_pending", sql::postgres::k_backfill_pending},
    {"change_set_state", sql::postgres::k_change_set_state},
    {"claim_idempotency_keys", sql::postgres::k_claim_idempotency_keys},
    {"claim_natural_keys", sql::postgres::k_claim_natural_keys},
    {"clear_word_sample", sql::postgres::k_clear_word_sample},
    {"count_phrase", sql::postgres::k_count_phrase},
    {"count_words", sql::postgres::k_count_words},
    {"draw_stamps", sql::postgres::k_draw_stamps},
    {"drawn_stamp", sql::postgres::k_drawn_stamp},
    {"drop_embeddings", sql::postgres::k_drop_embeddings},
    {"drop_pending", sql::postgres::k_drop_pending},
    {"drop_pending_of_set", sql::postgres::k_drop_pending_of_set},
    {"drop_stale_embeddings", sql::postgres::k_drop_stale_embeddings},
    {"embedded_spaces", sql::postgres::k_embedded_spaces},
    {"erase_content", sql::postgres::k_erase_content},
    {"erased_keys", sql::postgres::k_erased_keys},
    {"fail_pending", sql::postgres::k_fail_pending},
    {"finish_intent_claims", sql::postgres::k_finish_intent_claims},
    {"finish_natural_keys", sql::postgres::k_finish_natural_keys},
    {"flush_log", sql::postgres::k_flush_log},
    {"free_idempotency_keys", sql::postgres::k_free_idempotency_keys},
    {"free_intent_claims", sql::postgres::k_free_intent_claims},
    {"free_natural_keys", sql::postgres::k_free_natural_keys},
    {"held_idempotency_keys", sql::postgres::k_held_idempotency_keys},
    {"held_natural_keys", sql::postgres::k_held_natural_keys},
    {"id_uses", sql::postgres::k_id_uses},
    {"insert_embeddings", sql::postgres::k_insert_embeddings},
    {"insert_records", sql::postgres::k_insert_records},
    {"keep_erased_keys", sql::postgres::k_keep_erased_keys},
    {"keep_record_versions", sql::postgres::k_keep_record_versions},
    {"keep_setting", sql::postgres::k_keep_setting},
    {"last_backfilled", sql::postgres::k_last_backfilled},
    {"lease_pending", sql::postgres::k_lease_pending},
    {"limit_lock_wait", sql::postgres::k_limit_lock_wait},
    {"lock_ids", sql::postgres::k_lock_ids},
    {"lock_intents", sql::postgres::k_lock_intents},
    {"lock_pending", sql::postgres::k_lock_pending},
    {"lock_records", sql::postgres::k_lock_records},
    {"lock_sets", sql::postgres::k_lock_sets},
    {"lock_sets_alone", sql::postgres::k_lock_sets_alone},
    {"make_word_sample", sql::postgres::k_make_word_sample},
    {"match_together", sql::postgres::k_match_together},
    {"match_words", sql::postgres::k_match_words},
    {"newest_matches", sql::postgres::k_newest_matches},
    {"newest_words", sql::postgres::k_newest_words},
    {"note_erasures", sql::postgres::k_note_erasures},
    {"occupied_ids", sql::postgres::k_occupied_ids},
    {"park_pending", sql::postgres::k_park_pending},
    {"pending_ids", sql::postgres::k_pending_ids},
    {"prepare_set", sql::postgres::k_prepare_set},
    {"probe_write", sql::postgres::k_probe_write},
    {"purge_idempotency_keys", sql::postgres::k_purge_idempotency_keys},
    {"put_pending", sql::postgres::k_put_pending},
    {"put_setting", sql::postgres::k_put_setting},
    {"raise_record_stamps", sql::postgres::k_raise_record_stamps},
    {"raise_stamps", sql::postgres::k_raise_stamps},
    {"rare_words", sql::postgres::k_rare_words},
    {"read_records", sql::postgres::k_read_records},
    {"record_history", sql::postgres::k_record_history},
    {"release_pending", sql::postgres::k_release_pending},
    {"retire_live_set", sql::postgres::k_retire_live_set},
    {"retire_prepared_sets", sql::postgres::k_retire_prepared_sets},
    {"retired_sets_with_rows", sql::postgres::k_retired_sets_with_rows},
    {"running_commits", sql::postgres::k_running_commits},
    {"scan_embeddings", sql::postgres::k_scan_embeddings},
    {"scan_ids", sql::postgres::k_scan_ids},
    {"server_state", sql::postgres::k_server_state},
    {"setting", sql::postgres::k_setting},
    {"settle_attempts", sql::postgres::k_settle_attempts},
    {"settle_pending", sql::postgres::k_settle_pending},
    {"store_size", sql::postgres::k_store_size},
    {"tally_pending", sql::postgres::k_tally_pending},
    {"text_statistics", sql::postgres::k_text_statistics},
    {"update_records", sql::postgres::k_update_records},
    {"vector_sets", sql::postgres::k_vector_sets},
    {"word_documents", sql::postgres::k_word_documents},
    {"word_sample_is_due", sql::postgres::k_word_sample_is_due},
}};
static_assert(!kTexts.back().name.empty(), "a query has no text");

// Server-set members have columns of their own names and types, long texts are in the body.
bool HasOwnColumn(Member member) {
  return member > Member::kVector && !Describe(member).is_long_text;
}

std::string_view ArrayTypeOf(MemberType type) {
  switch (type) {
    case MemberType::kText: return "::text[]";
    case MemberType::kInteger: return "::bigint[]";
    case MemberType::kNumber: return "::double precision[]";
    case MemberType::kBoolean: return "::boolean[]";
    case MemberType::kTime: break;
  }
  return "::timestamptz[]";
}

// How many parameters a statement has before those of the member columns.
int ParameterCount(std::string_view sql) {
  int count = 0;
  while (sql.find("$" + std::to_string(count + 1) + "::") != std::string_view::npos) ++count;
  return count;
}

template <class TextOf>
std::string Joined(const std::vector<Member>& members, TextOf text_of) {
  std::string joined;
  for (const Member member : members) {
    if (!joined.empty()) joined += ", ";
    joined += text_of(member);
  }
  return joined;
}

void Substitute(std::string& text, std::string_view marker, const std::string& value) {
  for (std::size_t at = text.find(marker); at != std::string::npos;
       at = text.find(marker, at + value.size())) {
    text.replace(at, marker.size(), value);
  }
}

std::string SqlOf(const QueryText& query, const std::vector<Member>& members) {
  std::string sql(query.sql);
  Substitute(sql, "{records}", "record");
  Substitute(sql, "{filter}", "TRUE");
  if (sql.find("{columns}") == std::string::npos) return sql;
  const int parameter_count = ParameterCount(sql);
  const auto name = [](Member member) { return std::string(Describe(member).name); };
  const auto array = [parameter = parameter_count](Member member) mutable {
    return "$" + std::to_string(++parameter) + std::string(ArrayTypeOf(Describe(member).type));
  };
  Substitute(sql, "{columns}", Joined(members, name));
  Substitute(
      sql, "{columns_of_u}", Joined(members, [&](Member member) { return "u." + name(member); }));
  Substitute(sql, "{arrays}", Joined(members, array));
  Substitute(sql, "{elements}", Joined(members, [element = array](Member member) mutable {
               return "(" + element(member) + ")[u.place]";
             }));
  return sql;
}

std::vector<Member> MembersWithColumns(const std::set<Member>& members) {
  std::vector<Member> columns;
  std::copy_if(members.begin(), members.end(), std::back_inserter(columns), HasOwnColumn);
  return columns;
}

}  // namespace

std::string_view NameOf(Query query) {
  return kTexts[static_cast<std::size_t>(query)].name;
}

std::string_view TextOf(Query query) {
  return kTexts[static_cast<std::size_t>(query)].sql;
}

std::string_view NameOfInsert(RecordKind kind) {
  static const std::array<std::string, kRecordKindCount> names = [] {
    std::array<std::string, kRecordKindCount> made;
    for (int i = 0; i < kRecordKindCount; ++i) {
      made[static_cast<std::size_t>(i)] = std::string(NameOf(Query::kInsertRecords)) + "_" +
                                          std::string(NameOf(static_cast<RecordKind>(i)));
    }
    return made;
  }();
  return names[static_cast<std::size_t>(kind)];
}

std::vector<NamedStatement> AllStatements() {
  std::vector<NamedStatement> statements;
  statements.reserve(kTexts.size() + kRecordKindCount);
  for (const QueryText& query : kTexts) {
    if (query.name != NameOf(Query::kInsertRecords)) {
      statements.push_back({query.name, SqlOf(query, ColumnMembers())});
      continue;
    }
    for (int i = 0; i < kRecordKindCount; ++i) {
      const auto kind = static_cast<RecordKind>(i);
      statements.push_back({NameOfInsert(kind), SqlOf(query, ColumnMembers(kind))});
    }
  }
  return statements;
}

const std::vector<Member>& ColumnMembers() {
  static const std::vector<Member> members = [] {
    std::set<Member> all;
    for (int kind = 0; kind < kRecordKindCount; ++kind) {
      const auto& of_kind = schema::MembersOf(static_cast<RecordKind>(kind));
      all.insert(of_kind.begin(), of_kind.end());
    }
    return MembersWithColumns(all);
  }();
  return members;
}

const std::vector<Member>& ColumnMembers(RecordKind kind) {
  static const std::array<std::vector<Member>, kRecordKindCount> members = [] {
    std::array<std::vector<Member>, kRecordKindCount> made;
    for (int i = 0; i < kRecordKindCount; ++i) {
      const auto& of_kind = schema::MembersOf(static_cast<RecordKind>(i));
      made[static_cast<std::size_t>(i)] = MembersWithColumns({of_kind.begin(), of_kind.end()});
    }
    return made;
  }();
  return members[static_cast<std::size_t>(kind)];
}

}  // namespace datastorage::postgres
