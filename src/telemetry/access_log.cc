#include "telemetry/access_log.h"

namespace gateway::telemetry {
namespace {

double Milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

}  // namespace

AccessLog::AccessLog(Logger& logger, AccessLogOptions options)
    : logger_(logger), options_(options) {}

void AccessLog::Record(const ExchangeRecord& record) {
  if (options_.mode == AccessLogOptions::Mode::kOff || !logger_.Enabled(Level::kInfo)) return;
  const bool failed = !record.error.empty() || record.status >= 500;
  if (options_.mode == AccessLogOptions::Mode::kSampled && !failed &&
      seen_.fetch_add(1, std::memory_order_relaxed) % options_.sample_every != 0) {
    return;
  }
  logger_.Event(Level::kInfo, "access",
                {{"endpoint", record.endpoint},
                 {"method", record.method},
                 {"status", record.status},
                 {"backend", record.backend},
                 {"group", record.group},
                 {"query_id", record.query_id},
                 {"user", record.user},
                 {"source", record.source},
                 {"client", record.client_address},
                 {"bytes_in", record.bytes_in},
                 {"bytes_out", record.bytes_out},
                 {"total_ms", Milliseconds(record.total)},
                 {"upstream_wait_ms", Milliseconds(record.upstream_wait)},
                 {"attempts", record.attempts},
                 {"error", record.error}});
}

}  // namespace gateway::telemetry
