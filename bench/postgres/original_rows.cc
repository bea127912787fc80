// One record a transaction, its vector on another server before the commit.
#include "bench/postgres/bare_session.h"
#include "bench/postgres/rows.h"

namespace datastorage::load {
namespace {

class OriginalWriter final : public RowWriter {
 public:
  OriginalWriter(const std::string& conninfo, const std::string& vectors)
      : records_(conninfo), vectors_(vectors) {
    records_.Prepare("begin", "BEGIN");
    records_.Prepare("insert",
                     std::string("INSERT INTO audit (") + kAuditMembers + ") VALUES (" +
                         kAuditParameters + ") RETURNING id");
    records_.Prepare("commit", "COMMIT");
    vectors_.Prepare("insert",
                     "INSERT INTO audit_vector (id, embedding) VALUES ($1::bigint, $2::vector)");
  }

  void Store(std::span<const DrawnRow> rows) override {
    for (const DrawnRow& row : rows) StoreOne(row);
  }

 private:
  void StoreOne(const DrawnRow& row) {
    records_.RunPrepared("begin", {});
    postgres::Parameters members;
    AddMembers(row.record, members);
    const std::int64_t id = records_.AskPrepared("insert", members);
    const std::string vector = BinaryVector(row.embedding.vector);
    postgres::Parameters point;
    point.Add(id).Add(std::span<const std::uint8_t>(
        reinterpret_cast<const std::uint8_t*>(vector.data()), vector.size()));
    vectors_.RunPrepared("insert", point);
    records_.RunPrepared("commit", {});
  }

  BareSession records_;
  BareSession vectors_;
};

}  // namespace

std::unique_ptr<RowWriter> OpenOriginal(const std::string& conninfo, const std::string& vectors) {
  return std::make_unique<OriginalWriter>(conninfo, vectors);
}

}  // namespace datastorage::load
