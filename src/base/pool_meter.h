// PoolMeter: what /metrics tells of one pool of database connections.
//
// Threads:   safe to call concurrently.
// Ownership: keeps a reference to the metrics, and to the names, which must be literals.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/clock.h"
#include "base/metrics.h"

namespace datastorage {

class PoolMeter {
 public:
  // Tells nobody.
  PoolMeter() = default;
  // `metrics` may be null: then likewise.
  PoolMeter(Metrics* metrics, std::string_view database, std::string_view pool)
      : metrics_(metrics), database_(database), pool_(pool) {}

  // A caller got a connection after that time, or none.
  void Waited(Duration time) const {
    if (metrics_ == nullptr) return;
    metrics_->Observe(
        Metric::kDatabaseWait, std::chrono::duration<double>(time).count(), {database_, pool_});
  }

  // `open_count` counts the lent ones too.
  void Hold(std::size_t open_count, std::size_t lent_count) const {
    if (metrics_ == nullptr) return;
    metrics_->Set(
        Metric::kDatabaseConnections, static_cast<double>(open_count), {database_, pool_});
    metrics_->Set(
        Metric::kDatabaseConnectionsLent, static_cast<double>(lent_count), {database_, pool_});
  }

 private:
  Metrics* metrics_ = nullptr;
  std::string_view database_;
  std::string_view pool_;
};

}  // namespace datastorage
