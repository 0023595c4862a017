// One log line for each exchange: off, a sample, or all.
//
// Threads: Record() from any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/error.h"
#include "telemetry/exchange_record.h"
#include "telemetry/logger.h"

namespace gateway::telemetry {

struct AccessLogOptions {
  enum class Mode : std::uint8_t { kOff, kSampled, kAll } mode = Mode::kSampled;
  std::uint32_t sample_every =
      100;  // kSampled: every n-th exchange, and each one that failed; 0 is 1
};

class AccessLog {
 public:
  // `logger` must outlive this.
  AccessLog(Logger& logger, AccessLogOptions options);

  // Writes "access" at info level when the mode and the sample say so. An exchange failed when its
  // `error` is set or its status is 500 or more. Members without a value are left out.
  void Record(const ExchangeRecord& record);

 private:
  Logger& logger_;
  const AccessLogOptions options_;
  std::atomic<std::uint64_t> seen_{0};
};

}  // namespace gateway::telemetry
