#include "bench/postgres/bare_session.h"

#include "bench/load/stage.h"

namespace datastorage::load {
namespace {

struct Values {
  explicit Values(const postgres::Parameters& parameters) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      pointers.push_back(parameters.Pointer(i));
      lengths.push_back(parameters.Length(i));
    }
    formats.assign(parameters.size(), 1);
  }
  int count() const { return static_cast<int>(pointers.size()); }

  std::vector<const char*> pointers;
  std::vector<int> lengths;
  std::vector<int> formats;
};

}  // namespace

BareSession::BareSession(const std::string& conninfo) : session_(PQconnectdb(conninfo.c_str())) {
  if (PQstatus(session_.get()) != CONNECTION_OK) GiveUp(PQerrorMessage(session_.get()));
}

void BareSession::Check(PGresult* result) {
  const ExecStatusType status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_PIPELINE_SYNC) {
    GiveUp(PQerrorMessage(session_.get()));
  }
  PQclear(result);
}

void BareSession::Run(const char* sql) {
  Check(PQexec(session_.get(), sql));
}

std::string BareSession::Ask(const char* sql) {
  PGresult* const result = PQexec(session_.get(), sql);
  std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
  Check(result);
  return value;
}

void BareSession::Prepare(const char* name, const std::string& sql) {
  Check(PQprepare(session_.get(), name, sql.c_str(), 0, nullptr));
}

PGresult* BareSession::Execute(const char* name, const postgres::Parameters& parameters) {
  const Values values(parameters);
  return PQexecPrepared(session_.get(),
                        name,
                        values.count(),
                        values.pointers.data(),
                        values.lengths.data(),
                        values.formats.data(),
                        1);
}

void BareSession::RunPrepared(const char* name, const postgres::Parameters& parameters) {
  Check(Execute(name, parameters));
}

std::int64_t BareSession::AskPrepared(const char* name, const postgres::Parameters& parameters) {
  constexpr int kByteBits = 8;
  PGresult* const result = Execute(name, parameters);
  std::uint64_t value = 0;
  if (PQntuples(result) == 1 && PQgetlength(result, 0, 0) == sizeof value) {
    const char* const bytes = PQgetvalue(result, 0, 0);  // Big-endian.
    for (std::size_t i = 0; i < sizeof value; ++i) {
      value = value << kByteBits | static_cast<std::uint8_t>(bytes[i]);
    }
  }
  Check(result);
  return static_cast<std::int64_t>(value);
}

void BareSession::Send(const char* name, const postgres::Parameters& parameters) {
  const Values values(parameters);
  if (PQenterPipelineMode(session_.get()) != 1 || PQsendQueryPrepared(session_.get(),
                                                                      name,
                                                                      values.count(),
                                                                      values.pointers.data(),
                                                                      values.lengths.data(),
                                                                      values.formats.data(),
                                                                      1) != 1) {
    GiveUp(PQerrorMessage(session_.get()));
  }
  ++sent_count_;
}

void BareSession::AwaitSent() {
  PQpipelineSync(session_.get());
  for (; sent_count_ > 0; --sent_count_) {
    Check(PQgetResult(session_.get()));
    PQclear(PQgetResult(session_.get()));  // The end of that statement's results.
  }
  Check(PQgetResult(session_.get()));  // The end of the pipeline.
}

}  // namespace datastorage::load
