// What a search asks, from a query or from a JSON body.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/search_service.h"
#include "http/problem.h"
#include "http/query_parameters.h"
#include "schema/json.h"

namespace datastorage::http {

struct SearchQuestion {
  SearchRequest request;
  bool explains = false;
  std::vector<std::string> fields;             // Of each hit's record; empty: all.
  std::optional<std::int64_t> byte_count_max;  // Of the hits, as text.
};

// What is bad goes to `query`.
SearchQuestion TakeSearch(QueryParameters& query, WallTime now);

// What searches and similar share: filters, limit, min_similarity, explain, fields.
SearchQuestion TakeHitOptions(QueryParameters& query, bool allow_words, WallTime now);

// What is bad goes to `errors`. REQUIRES: the body is an object.
SearchQuestion ReadSearch(const schema::ParsedJson& body,
                          WallTime now,
                          std::vector<ProblemError>& errors);

}  // namespace datastorage::http
