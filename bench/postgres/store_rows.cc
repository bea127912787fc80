// Many records a transaction, by the service's own write path and without its HTTP.
#include "bench/load/stage.h"
#include "bench/postgres/rows.h"
#include "postgres/committer.h"
#include "postgres/sessions.h"

namespace datastorage::load {
namespace {

constexpr const char* kSpace = "lexical-load/t1";

class StoreWriter final : public RowWriter {
 public:
  explicit StoreWriter(const std::string& conninfo)
      : pool_(1, postgres::WriterOpener({.conninfo = conninfo}, true)) {
    const auto lease = pool_.Acquire(Deadline::In(std::chrono::seconds(30)));
    if (!lease.has_value()) GiveUp(lease.error().message);
  }

  void Store(std::span<const DrawnRow> rows) override {
    std::vector<WriteOp> operations;
    operations.reserve(rows.size());
    for (const DrawnRow& row : rows) operations.emplace_back(CreationOf(row));
    const auto outcomes = committer_.Commit(
        operations, CommitMode::kEachForItself, Deadline::In(std::chrono::seconds(30)));
    if (!outcomes.has_value()) GiveUp(outcomes.error().message);
    for (const WriteOutcome& outcome : *outcomes) {
      if (outcome.status != WriteStatus::kCreated) GiveUp("a record was not created");
    }
  }

 private:
  static CreateOp CreationOf(const DrawnRow& row) {
    CreateOp create;
    create.id = SystemUuidSource().MakeVersion7();
    create.attempt = SystemUuidSource().MakeVersion4();
    create.body = row.record;
    create.content_hash = row.embedding.text_hash;
    create.text_hash = row.embedding.text_hash;
    create.now = SystemClock().WallNow();
    SpacedEmbedding embedding;
    embedding.space = kSpace;
    embedding.text_hash = row.embedding.text_hash;
    embedding.vector = row.embedding.vector;
    create.embeddings.push_back(embedding);
    return create;
  }

  postgres::ConnectionPool pool_;
  postgres::Committer committer_{pool_, SystemClock()};
};

}  // namespace

std::unique_ptr<RowWriter> OpenStore(const std::string& conninfo) {
  return std::make_unique<StoreWriter>(conninfo);
}

}  // namespace datastorage::load
