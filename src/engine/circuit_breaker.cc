#include "engine/circuit_breaker.h"

namespace datastorage {

bool CircuitBreaker::WouldAllow() {
  const MutexLock lock(mutex_);
  return state_ == State::kClosed || runtime_.Now() >= retry_at_;
}

bool CircuitBreaker::Allows() {
  const MutexLock lock(mutex_);
  if (state_ == State::kClosed) return true;
  // A probe that never reported must not keep the breaker open for good.
  if (runtime_.Now() < retry_at_) return false;
  state_ = State::kProbing;
  retry_at_ = runtime_.Now() + options_.pause;
  return true;
}

void CircuitBreaker::Succeeded() {
  const MutexLock lock(mutex_);
  state_ = State::kClosed;
  failure_count_ = 0;
}

void CircuitBreaker::Failed() {
  const MutexLock lock(mutex_);
  ++failure_count_;
  if (state_ == State::kClosed && failure_count_ < options_.failure_count_max) return;
  state_ = State::kOpen;
  retry_at_ = runtime_.Now() + options_.pause;
}

void CircuitBreaker::Learn(ErrorCode code, bool had_fair_time) {
  if (code == ErrorCode::kDeadlineExceeded && !had_fair_time) return;
  const bool has_answered = code == ErrorCode::kInternal || code == ErrorCode::kInvalidArgument;
  has_answered ? Succeeded() : Failed();
}

CircuitBreaker::State CircuitBreaker::state() {
  const MutexLock lock(mutex_);
  return state_;
}

}  // namespace datastorage
