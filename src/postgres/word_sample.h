// Counts of words in the database, by which all replicas tell common words from rare ones and
// score alike. They are made now and then from records of every age, by whichever replica is first;
// searches only read them.
//
// Threads: none.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "postgres/connection.h"

namespace datastorage::postgres {

struct WordSampleRule {
  int record_count_min = 2'000;          // A smaller store is counted by each search.
  int looked_at_max = 20'000;            // Records, about; fewer are all looked at.
  int documents_min = 4;                 // A word in fewer is not kept: it is rare.
  std::chrono::seconds age_max{5 * 60};  // Where something was written since.
};

// Counts anew where that is due: asked often, it costs a look at the sizes of the tables. Returns
// whether it did. Readers have the old counts or the new ones. One caller at a time does it, the
// others return at once. The session needs no prepared statements. Errors: those of the session.
Result<bool> RefreshWordSample(Connection& session, const WordSampleRule& rule, Deadline deadline);

// The calls that read them for some words, in one snapshot, and what the rows say.
std::vector<Call> WordSampleCalls(std::span<const std::string> words, int small_count);

struct WordSample {
  bool is_small = false;                // The store holds fewer than small_count records.
  double looked_at = 0;                 // Records; 0 where there are no counts yet.
  double record_count = 0;              // All of them, about.
  double mean_length = 0;               // Words a record.
  std::vector<std::int64_t> documents;  // Of looked_at, that hold each of the words; 0: few.
};
// Of the rows of these calls.
WordSample ReadWordSample(std::span<const Rows> rows);

}  // namespace datastorage::postgres
