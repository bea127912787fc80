// One record a transaction.
#include <bit>

#include "bench/postgres/bare_session.h"
#include "bench/postgres/rows.h"
#include "schema/record_json.h"

namespace datastorage::load {
namespace {

std::span<const std::uint8_t> BytesOf(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class SingleWriter final : public RowWriter {
 public:
  explicit SingleWriter(const std::string& conninfo) : session_(conninfo) {
    session_.Prepare("insert",
                     std::string("INSERT INTO audit (") + kAuditMembers + ", embedding) VALUES (" +
                         kAuditParameters + ", $17::vector)");
    session_.Prepare("begin", "BEGIN");
    session_.Prepare("commit", "COMMIT");
  }

  void Store(std::span<const DrawnRow> rows) override {
    session_.RunPrepared("begin", {});
    for (const DrawnRow& row : rows) Insert(row);
    session_.RunPrepared("commit", {});
  }

 private:
  void Insert(const DrawnRow& row) {
    postgres::Parameters parameters;
    AddMembers(row.record, parameters);
    const std::string vector = BinaryVector(row.embedding.vector);
    parameters.Add(BytesOf(vector));
    session_.RunPrepared("insert", parameters);
  }

  BareSession session_;
};

class EmptyWriter final : public RowWriter {
 public:
  explicit EmptyWriter(const std::string& conninfo) : session_(conninfo) {
    session_.Prepare("begin", "BEGIN");
    session_.Prepare("insert", "INSERT INTO number (value) VALUES (1)");
    session_.Prepare("commit", "COMMIT");
  }

  void Store(std::span<const DrawnRow>) override {
    session_.RunPrepared("begin", {});
    session_.RunPrepared("insert", {});
    session_.RunPrepared("commit", {});
  }

 private:
  BareSession session_;
};

}  // namespace

std::string BinaryVector(const Embedding& embedding) {
  constexpr int kByteBits = 8;
  std::string bytes{static_cast<char>(embedding.size() >> kByteBits),
                    static_cast<char>(embedding.size()),
                    '\0',
                    '\0'};
  for (const float component : embedding) {
    const auto bits = std::bit_cast<std::uint32_t>(component);
    for (int shift = 3 * kByteBits; shift >= 0; shift -= kByteBits) {
      bytes += static_cast<char>(bits >> shift);
    }
  }
  return bytes;
}

void AddMembers(const Remediation& record, postgres::Parameters& parameters) {
  for (const std::string* text :
       {&record.name, &record.namespace_, &record.phase, &record.action_type, &record.status}) {
    parameters.Add(std::string_view(*text));
  }
  parameters.Add(record.start_time).Add(*record.end_time).Add(*record.duration);
  for (const std::string* text : {&record.remediation_request_id,
                                  &*record.alert_fingerprint,
                                  &*record.severity,
                                  &*record.environment,
                                  &*record.cluster_name,
                                  &*record.target_resource,
                                  &*record.summary,
                                  &record.metadata->text}) {
    parameters.Add(std::string_view(*text));
  }
}

DrawnRow DrawRow(std::uint64_t seed, std::uint64_t number) {
  DrawnRow row;
  row.record = DrawRecord(seed, number);
  row.embedding = EmbedRecord(row.record);
  row.body = schema::BodyToStoredText(row.record);
  row.words = postgres::RecordWordsOf(schema::IndexedTextsOf(row.record));
  return row;
}

std::unique_ptr<RowWriter> OpenSingle(const std::string& conninfo) {
  return std::make_unique<SingleWriter>(conninfo);
}

std::unique_ptr<RowWriter> OpenEmpty(const std::string& conninfo) {
  return std::make_unique<EmptyWriter>(conninfo);
}

}  // namespace datastorage::load
