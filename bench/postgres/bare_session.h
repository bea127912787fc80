// BareSession: libpq and nothing around it, for what the service's own cost is held against. What
// fails ends the program.
//
// Threads: none; one thread a session.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "postgres/values.h"

namespace datastorage::load {

class BareSession {
 public:
  explicit BareSession(const std::string& conninfo);

  void Run(const char* sql);
  // The first value of the first row, "" for NULL.
  std::string Ask(const char* sql);
  void Prepare(const char* name, const std::string& sql);
  // One round trip.
  void RunPrepared(const char* name, const postgres::Parameters& parameters);
  // The same; its first value, a bigint.
  std::int64_t AskPrepared(const char* name, const postgres::Parameters& parameters);

  // Any number of prepared statements, then one round trip for all of them.
  void Send(const char* name, const postgres::Parameters& parameters);
  void AwaitSent();

 private:
  struct Closer {
    void operator()(PGconn* session) const { PQfinish(session); }
  };
  void Check(PGresult* result);
  PGresult* Execute(const char* name, const postgres::Parameters& parameters);

  std::unique_ptr<PGconn, Closer> session_;
  int sent_count_ = 0;
};

}  // namespace datastorage::load
