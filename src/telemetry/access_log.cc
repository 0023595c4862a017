#include "telemetry/access_log.h"

#include <algorithm>
#include <array>
#include <span>
#include <variant>

namespace gateway::telemetry {
namespace {

double Milliseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

bool IsEmpty(const Field& field) {
  const auto* text = std::get_if<std::string_view>(&field.value);
  return text && text->empty();
}

}  // namespace

AccessLog::AccessLog(Logger& logger, AccessLogOptions options)
    : logger_(logger), options_{options.mode, std::max<std::uint32_t>(1, options.sample_every)} {}

void AccessLog::Record(const ExchangeRecord& record) {
  if (options_.mode == AccessLogOptions::Mode::kOff || !logger_.Enabled(Level::kInfo)) return;
  const bool failed = !record.error.empty() || record.status >= 500;
  if (options_.mode == AccessLogOptions::Mode::kSampled && !failed &&
      seen_.fetch_add(1, std::memory_order_relaxed) % options_.sample_every != 0) {
    return;
  }
  auto fields = std::to_array<Field>({{"endpoint", record.endpoint},
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
  const auto end = std::remove_if(fields.begin(), fields.end(), IsEmpty);
  logger_.Event(Level::kInfo, "access", std::span<const Field>(fields.begin(), end));
}

}  // namespace gateway::telemetry
