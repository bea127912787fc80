// Many records a transaction, into the tables of the service.
#include <atomic>

#include "base/uuid.h"
#include "bench/postgres/bare_session.h"
#include "bench/postgres/rows.h"
#include "postgres/half_vector.h"

namespace datastorage::load {
namespace {

using postgres::ArrayValue;
using postgres::ElementType;
using postgres::Parameters;

constexpr const char* kSpace = "lexical-load/t1";

constexpr const char* kInsertKeys =
    "INSERT INTO natural_key (kind, key, id) SELECT 'remediation', u.key, u.id"
    " FROM unnest($1::uuid[], $2::text[]) AS u (id, key) ORDER BY u.key COLLATE \"C\""
    " ON CONFLICT DO NOTHING";

// The members that the drawn records have, and no other.
constexpr const char* kInsertRecords =
    "INSERT INTO record (id, kind, version, stamp, attempt, content_hash, text_hash, created_at,"
    " updated_at, name, namespace, phase, action_type, status, start_time, end_time, duration,"
    " remediation_request_id, alert_fingerprint, severity, environment, cluster_name,"
    " target_resource, metadata, metadata_scalars, words, word_count, body)"
    " SELECT u.id, 'remediation', 1, u.stamp, u.attempt, u.hash, u.hash, u.now, u.now, u.name,"
    " u.namespace, u.phase, u.action_type, u.status, u.start_time, u.end_time, u.duration, u.key,"
    " u.alert_fingerprint, u.severity, u.environment, u.cluster_name, u.target_resource,"
    " u.metadata::jsonb, ARRAY['4:team8payments', '7:attempt1'],"
    " u.words::tsvector, u.word_count, u.body::json"
    " FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::uuid[], $5::bytea[],"
    " $6::timestamptz[], $7::timestamptz[], $8::timestamptz[], $9::bigint[], $10::text[],"
    " $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::text[], $17::text[],"
    " $18::text[], $19::text[], $20::text[], $21::text[], $22::text[], $23::bigint[]) AS u (id,"
    " key, stamp, attempt, hash, now, start_time, end_time, duration, name, namespace, phase,"
    " action_type, status, alert_fingerprint, severity, environment, cluster_name,"
    " target_resource, metadata, words, body, word_count) ORDER BY u.id";

constexpr const char* kInsertEmbeddings =
    "INSERT INTO embedding (record_id, space, stamp, text_hash, v)"
    " SELECT u.id, $1::text, u.stamp, u.hash, u.v"
    " FROM unnest($2::uuid[], $3::bigint[], $4::bytea[], $5::bytea[]) AS u (id, stamp, hash, v)"
    " ORDER BY u.id";

// Where the tables of deferred vectors are there: the stamp that is held, and the vector itself.
constexpr const char* kInsertPoints =
    "INSERT INTO vector_point (record_id, stamp, is_live) SELECT u.id, u.stamp, true"
    " FROM unnest($1::uuid[], $2::bigint[]) AS u (id, stamp) ORDER BY u.id";
constexpr const char* kInsertHead =
    "INSERT INTO vector_head (record_id, v) SELECT u.id, u.v"
    " FROM unnest($1::uuid[], $2::halfvec[]) AS u (id, v)";

// Stands for the sequence, which would cost a round trip.
std::int64_t NextStamp() {
  static std::atomic<std::int64_t> stamp{0};
  return ++stamp;
}

struct Columns {
  ArrayValue ids{ElementType::kUuid}, keys{ElementType::kText}, stamps{ElementType::kBigint},
      attempts{ElementType::kUuid}, hashes{ElementType::kBytea}, now{ElementType::kTimestamptz},
      starts{ElementType::kTimestamptz}, ends{ElementType::kTimestamptz},
      durations{ElementType::kBigint}, word_counts{ElementType::kBigint},
      vectors{ElementType::kBytea};
  std::vector<ArrayValue> texts = std::vector<ArrayValue>(13, ArrayValue(ElementType::kText));

  void Add(const DrawnRow& row) {
    const Remediation& record = row.record;
    ids.Add(SystemUuidSource().MakeVersion7());
    keys.Add(std::string_view(record.remediation_request_id));
    stamps.Add(NextStamp());
    attempts.Add(SystemUuidSource().MakeVersion4());
    hashes.Add(std::optional<Sha256>(row.embedding.text_hash));
    now.Add(SystemClock().WallNow());
    starts.Add(record.start_time);
    ends.Add(*record.end_time);
    durations.Add(*record.duration);
    std::size_t column = 0;
    for (const std::string* text : {&record.name,
                                    &record.namespace_,
                                    &record.phase,
                                    &record.action_type,
                                    &record.status,
                                    &*record.alert_fingerprint,
                                    &*record.severity,
                                    &*record.environment,
                                    &*record.cluster_name,
                                    &*record.target_resource,
                                    &record.metadata->text,
                                    &row.words.vector,
                                    &row.body}) {
      texts[column++].Add(std::string_view(*text));
    }
    word_counts.Add(row.words.count);
    const Embedding& vector = row.embedding.vector;
    vectors.Add(std::span(reinterpret_cast<const std::uint8_t*>(vector.data()), sizeof vector));
  }
};

class GroupedWriter final : public RowWriter {
 public:
  explicit GroupedWriter(const std::string& conninfo)
      : session_(conninfo), vector_type_(session_.Ask("SELECT to_regtype('halfvec')::oid")) {
    session_.Prepare("begin", "BEGIN");
    session_.Prepare("keys", kInsertKeys);
    session_.Prepare("records", kInsertRecords);
    session_.Prepare("embeddings", kInsertEmbeddings);
    if (!vector_type_.empty()) {
      session_.Prepare("points", kInsertPoints);
      session_.Prepare("head", kInsertHead);
    }
    session_.Prepare("commit", "COMMIT");
  }

  void Store(std::span<const DrawnRow> rows) override {
    Columns columns;
    for (const DrawnRow& row : rows) columns.Add(row);
    Parameters keys, records, embeddings;
    keys.Add(columns.ids).Add(columns.keys);
    for (ArrayValue* const column : {&columns.ids,
                                     &columns.keys,
                                     &columns.stamps,
                                     &columns.attempts,
                                     &columns.hashes,
                                     &columns.now,
                                     &columns.starts,
                                     &columns.ends,
                                     &columns.durations}) {
      records.Add(*column);
    }
    for (ArrayValue& column : columns.texts) records.Add(column);
    records.Add(columns.word_counts);
    embeddings.Add(std::string_view(kSpace))
        .Add(columns.ids)
        .Add(columns.stamps)
        .Add(columns.hashes)
        .Add(columns.vectors);
    session_.Send("begin", {});
    session_.Send("keys", keys);
    session_.Send("records", records);
    session_.Send("embeddings", embeddings);
    if (!vector_type_.empty()) SendPoints(rows, columns);
    session_.Send("commit", {});
    session_.AwaitSent();
  }

 private:
  void SendPoints(std::span<const DrawnRow> rows, Columns& columns) {
    ArrayValue vectors(static_cast<std::uint32_t>(std::stoul(vector_type_)));
    for (const DrawnRow& row : rows) {
      vectors.Add(std::string_view(postgres::HalfVectorBytes(row.embedding.vector)));
    }
    Parameters points, head;
    points.Add(columns.ids).Add(columns.stamps);
    head.Add(columns.ids).Add(vectors);
    session_.Send("points", points);
    session_.Send("head", head);
  }

  BareSession session_;
  const std::string vector_type_;  // The number of halfvec; empty: the tables are not there.
};

}  // namespace

std::unique_ptr<RowWriter> OpenGrouped(const std::string& conninfo) {
  return std::make_unique<GroupedWriter>(conninfo);
}

}  // namespace datastorage::load
