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
#include "postgres/values.h"

namespace datastorage::load {

// All that is sent of a record, made before the clock starts.
struct DrawnRow {
  Remediation record;
  DrawnEmbedding embedding;
  std::string body;  // JSON
  postgres::RecordWords words;
};
DrawnRow DrawRow(std::uint64_t seed, std::uint64_t number);

// Of the table `audit`, all but the vector, in the order of kAuditMembers.
void AddMembers(const Remediation& record, postgres::Parameters& parameters);
inline constexpr const char* kAuditMembers =
    "name, namespace, phase, action_type, status, start_time, end_time, duration,"
    " remediation_request_id, alert_fingerprint, severity, environment, cluster_name,"
    " target_resource, summary, metadata";
inline constexpr const char* kAuditParameters =
    "$1::text, $2::text, $3::text, $4::text, $5::text, $6::timestamptz, $7::timestamptz,"
    " $8::bigint, $9::text, $10::text, $11::text, $12::text, $13::text, $14::text, $15::text,"
    " $16::text";
// As pgvector sends and receives a vector: the count of dimensions, nothing, big-endian floats.
std::string BinaryVector(const Embedding& embedding);

class RowWriter {
 public:
  virtual ~RowWriter() = default;
  // In one transaction, durable when it returns.
  virtual void Store(std::span<const DrawnRow> rows) = 0;
};

// BEGIN, INSERT, COMMIT a record, three round trips, into the table `audit` (see ways.py).
std::unique_ptr<RowWriter> OpenSingle(const std::string& conninfo);
// The order of the Go original, on two servers: BEGIN, INSERT without the vector, the vector on the
// other server under the row's serial id, COMMIT. The vectors are in a table of two columns, which
// two_servers.py makes.
std::unique_ptr<RowWriter> OpenOriginal(const std::string& conninfo, const std::string& vectors);
// BEGIN, an unnest for each table that the service fills, COMMIT: one round trip a span. Nothing is
// looked up and nothing locked: the least that stores the same rows.
std::unique_ptr<RowWriter> OpenGrouped(const std::string& conninfo);
// The service's own commit of a span, with all that it looks up and locks, into the same tables.
std::unique_ptr<RowWriter> OpenStore(const std::string& conninfo);
// BEGIN, INSERT of a number, COMMIT: the least that is durable, whatever the rows are.
std::unique_ptr<RowWriter> OpenEmpty(const std::string& conninfo);

}  // namespace datastorage::load
