#include "postgres/segment_loader.h"

#include <algorithm>

#include "base/log.h"
#include "postgres/half_vector.h"
#include "postgres/vector_statements.h"

namespace datastorage::postgres {
namespace {

// In the order of the primary key, page by page: not all rows for each page.
constexpr std::string_view kPageSettings =
    "SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', "
    "true),"
    " set_config('enable_sort', 'off', true),"
    " set_config('max_parallel_workers_per_gather', '0', true)";

}  // namespace

SegmentLoader::SegmentLoader(Runtime& runtime,
                             Sessions& sessions,
                             SegmentCodes& codes,
                             Metrics& metrics,
                             const Options& options)
    : runtime_(runtime),
      sessions_(sessions),
      codes_(codes),
      metrics_(metrics),
      options_(options),
      mutex_(runtime),
      changed_(runtime) {}

SegmentLoader::~SegmentLoader() {
  Stop();
}

void SegmentLoader::Start() {
  task_ = runtime_.Spawn("segment-loader", [this] { Run(); });
}

void SegmentLoader::Stop() {
  {
    const MutexLock lock(mutex_);
    is_stopping_ = true;
  }
  changed_.NotifyAll();
  task_.reset();
}

bool SegmentLoader::IsStopping() {
  const MutexLock lock(mutex_);
  return is_stopping_;
}

void SegmentLoader::Run() {
  while (!IsStopping()) {
    const Result<bool> loaded = LoadOne();
    if (loaded.has_value() && *loaded) continue;
    const MutexLock lock(mutex_);
    if (!loaded.has_value() && !has_failed_ && !is_stopping_) {
      Log(LogLevel::kWarning,
          "reading segments of vectors into memory failed; trying again",
          {{"code", NameOf(loaded.error().code)}});
    }
    has_failed_ = !loaded.has_value();
    const Deadline rest = Deadline::In(options_.pause, runtime_);
    while (!is_stopping_ && !rest.HasPassed(runtime_)) changed_.Wait(mutex_, rest);
  }
}

Result<bool> SegmentLoader::LoadOne() {
  DS_ASSIGN_OR_RETURN(const Rows mark,
                      sessions_.ReadOne("look for segments of vectors",
                                        Unprepared(VectorQuery::kReadVectorMark),
                                        Deadline::In(options_.page_timeout, runtime_)));
  const std::optional<BodySegment> wanted = codes_.Next(MarkOf(mark).segments);
  metrics_.Set(Metric::kVectorCodedRows, static_cast<double>(codes_.RowCount()));
  if (!wanted.has_value()) return false;

  auto segment = std::make_shared<CodedSegment>(wanted->number);
  Uuid after{};
  for (;;) {
    std::vector<Call> calls{
        Unprepared(VectorQuery::kReadVectorMark), Call(), Unprepared(VectorQuery::kReadSegment)};
    calls[1].sql = kPageSettings;
    calls[2].parameters.Add(wanted->number).Add(after).Add(options_.page_row_count);
    DS_ASSIGN_OR_RETURN(
        const std::vector<Rows> rows,
        sessions_.Read(
            "read a segment of vectors", calls, Deadline::In(options_.page_timeout, runtime_)));
    // Merged meanwhile: its rows are gone from this page on.
    const std::vector<BodySegment> live = MarkOf(rows.front()).segments;
    const bool is_live = std::any_of(
        live.begin(), live.end(), [&](const BodySegment& each) { return each.IsSame(*wanted); });
    if (!is_live) return true;
    const Rows& page = rows.back();
    for (int row = 0; row < page.count(); ++row) {
      after = page.Id(row, 0);
      segment->Add(after, EmbeddingOfHalves(page.Bytes(row, 1)));
    }
    if (page.count() < options_.page_row_count) break;
    if (IsStopping()) return false;
  }
  codes_.Add(*wanted, std::move(segment));
  metrics_.Set(Metric::kVectorCodedRows, static_cast<double>(codes_.RowCount()));
  return true;
}

}  // namespace datastorage::postgres
