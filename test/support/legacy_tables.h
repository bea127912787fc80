// The tables of the Go original, as its schema makes them, for a database of a test.
#pragma once

#include <string>

namespace datastorage::test {

// With a type `vector` where the server offers the extension, as the original demands.
inline std::string LegacyTables(bool has_vectors) {
  const std::string common =
      " metadata text NOT NULL DEFAULT '{}',"
      " created_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP";
  return std::string(has_vectors ? "CREATE EXTENSION vector;" : "") +
         "CREATE TABLE remediation_audit (id bigserial PRIMARY KEY,"
         " name varchar(255) NOT NULL, namespace varchar(255) NOT NULL,"
         " phase varchar(50) NOT NULL, action_type varchar(100) NOT NULL,"
         " status varchar(50) NOT NULL, start_time timestamptz NOT NULL, end_time timestamptz,"
         " duration bigint, remediation_request_id varchar(255) NOT NULL UNIQUE,"
         " alert_fingerprint varchar(255) NOT NULL, severity varchar(50) NOT NULL,"
         " environment varchar(50) NOT NULL, cluster_name varchar(255) NOT NULL,"
         " target_resource varchar(512) NOT NULL, error_message text, embedding " +
         (has_vectors ? "vector(384)" : "real[]") + "," + common +
         ", updated_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP);"
         "CREATE TABLE ai_analysis_audit (id bigserial PRIMARY KEY,"
         " remediation_request_id varchar(255) NOT NULL,"
         " analysis_id varchar(255) NOT NULL UNIQUE, provider varchar(100) NOT NULL,"
         " model varchar(255) NOT NULL, confidence_score double precision NOT NULL"
         " CHECK (confidence_score >= 0 AND confidence_score <= 1),"
         " tokens_used integer NOT NULL CHECK (tokens_used >= 0),"
         " analysis_duration bigint NOT NULL CHECK (analysis_duration >= 0)," +
         common +
         ");"
         "CREATE TABLE workflow_audit (id bigserial PRIMARY KEY,"
         " remediation_request_id varchar(255) NOT NULL,"
         " workflow_id varchar(255) NOT NULL UNIQUE, phase varchar(50) NOT NULL,"
         " total_steps integer NOT NULL CHECK (total_steps >= 0),"
         " completed_steps integer NOT NULL CHECK (completed_steps >= 0),"
         " start_time timestamptz NOT NULL, end_time timestamptz," +
         common +
         ");"
         "CREATE TABLE execution_audit (id bigserial PRIMARY KEY,"
         " workflow_id varchar(255) NOT NULL, execution_id varchar(255) NOT NULL UNIQUE,"
         " action_type varchar(100) NOT NULL, target_resource varchar(512) NOT NULL,"
         " cluster_name varchar(255) NOT NULL, success boolean NOT NULL,"
         " start_time timestamptz NOT NULL, end_time timestamptz,"
         " execution_time bigint NOT NULL CHECK (execution_time >= 0), error_message text," +
         common + ");";
}

}  // namespace datastorage::test
