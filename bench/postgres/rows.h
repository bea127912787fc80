// The ways in which records are stored without HTTP: one a transaction with its vector, as the Go
// original did, or many a transaction into the tables of the service.
//
// Threads: none; each thread has a writer of its own. What fails ends the program.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "bench/load/drawn_records.h"
#include "postgres/text_words.h"

namespace datastorage::load {

// All that is sent of a record, made before the clock starts.
struct DrawnRow {
  Remediation record;
  DrawnEmbedding embedding;
  std::string body;  // JSON
  postgres::RecordWords words;
};
DrawnRow DrawRow(std::uint64_t seed, std::uint64_t number);

class RowWriter {
 public:
  virtual ~RowWriter() = default;
  // In one transaction, durable when it returns.
  virtual void Store(std::span<const DrawnRow> rows) = 0;
};

// BEGIN, INSERT, COMMIT a record, three round trips, into the table `audit` (see ways.py).
std::unique_ptr<RowWriter> OpenSingle(const std::string& conninfo);
// BEGIN, an unnest for each table that the service fills, COMMIT: one round trip a span. Nothing is
// looked up and nothing locked: the least that stores the same rows.
std::unique_ptr<RowWriter> OpenGrouped(const std::string& conninfo);
// The service's own commit of a span, with all that it looks up and locks, into the same tables.
std::unique_ptr<RowWriter> OpenStore(const std::string& conninfo);
// BEGIN, INSERT of a number, COMMIT: the least that is durable, whatever the rows are.
std::unique_ptr<RowWriter> OpenEmpty(const std::string& conninfo);

}  // namespace datastorage::load
