// Many records made by the server itself: spread over twenty months, of four kinds, with twelve
// words each, "w0" in half of the records, "w4999" in few; every tenth with an embedding.
#pragma once

#include <string>

#include "postgres/search_session.h"

namespace datastorage::postgres {

inline void GenerateRecords(SearchSession& store, int count) {
  store.Ask("SELECT make_partitions('2024-01-01Z', 21)");
  store.Ask(
      "SELECT setseed(0.5); INSERT INTO record (id, kind, version, stamp, attempt,"
      " content_hash, text_hash, created_at, updated_at, name, namespace, phase, action_type,"
      " status, start_time, remediation_request_id, analysis_id, provider, model,"
      " workflow_id, total_steps, completed_steps, execution_id, target_resource,"
      " cluster_name, success, metadata_scalars, words, word_count, body)"
      " SELECT (lpad(to_hex((extract(epoch FROM moment) * 1000)::bigint), 12, '0')"
      "  || '7' || substr(hash, 1, 3) || '8' || substr(hash, 4, 15))::uuid,"
      " (ARRAY['remediation', 'aianalysis', 'workflow', 'execution'])[g % 4 + 1], 1, g,"
      " hash::uuid, sha256(hash::bytea), sha256(hash::bytea), moment, moment, 'name' || g,"
      " 'namespace' || g % 50, 'completed', 'restart', 'success', moment, 'request' || g / 4,"
      " 'analysis' || g, 'provider', 'model', 'workflow' || g / 10, 3, 3, 'execution' || g,"
      " 'target' || g % 500, 'cluster' || g % 5, true, ARRAY['4:teamred' || g % 7],"
      " setweight(to_tsvector('simple', (SELECT string_agg("
      "  'w' || floor(power(random(), 3) * 5000)::int, ' ')"
      "  FROM generate_series(1, 12) WHERE g > 0)), 'A'), 12,"
      " ('{\"filler\":\"' || repeat(hash, 20) || '\"}')::json"
      " FROM (SELECT g, md5(g::text) AS hash,"
      "  timestamptz '2024-01-15Z' + g * (interval '600 days' / " +
      std::to_string(count) + ") AS moment FROM generate_series(1, " + std::to_string(count) +
      ") AS g) AS made");
  store.Ask(
      "INSERT INTO embedding (record_id, space, stamp, text_hash, v)"
      " SELECT id, '" +
      std::string(kSearchSpace) +
      "', stamp, text_hash, decode(repeat(md5(stamp::text), 96), 'hex')"
      " FROM record WHERE stamp % 10 = 0");
  store.Ask("VACUUM (ANALYZE) record");
  store.Ask("VACUUM (ANALYZE) embedding");
}

}  // namespace datastorage::postgres
