#include "protocol/error_answer.h"

#include <chrono>

#include <fmt/format.h>

namespace gateway::protocol {
namespace {

std::string_view NameOf(ErrorType type) {
  switch (type) {
    case ErrorType::kUserError:
      return "USER_ERROR";
    case ErrorType::kInternalError:
      return "INTERNAL_ERROR";
    case ErrorType::kInsufficientResources:
      return "INSUFFICIENT_RESOURCES";
    case ErrorType::kExternal:
      return "EXTERNAL";
  }
  return "INTERNAL_ERROR";
}

// Everything outside of printable ASCII is written as an escape of its byte: the texts are ours and
// English, so whatever else is in them came from a request and need not look nice.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte > 0x7e) {
      fmt::format_to(std::back_inserter(quoted), "\\u{:04x}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted += '"';
}

}  // namespace

std::string QueryErrorJson(std::string_view query_id,
                           std::string_view origin,
                           const QueryError& error) {
  const auto message = Quoted(error.message);
  return fmt::format(
      R"({{"id":{},"infoUri":{},"stats":{{"state":"FAILED","queued":false,"scheduled":false,)"
      R"("nodes":0,"totalSplits":0,"queuedSplits":0,"runningSplits":0,"completedSplits":0,)"
      R"("planningTimeMillis":0,"analysisTimeMillis":0,"cpuTimeMillis":0,"wallTimeMillis":0,)"
      R"("queuedTimeMillis":0,"elapsedTimeMillis":0,"finishingTimeMillis":0,)"
      R"("physicalInputTimeMillis":0,"processedRows":0,"processedBytes":0,)"
      R"("physicalInputBytes":0,"physicalWrittenBytes":0,"internalNetworkInputBytes":0,)"
      R"("peakMemoryBytes":0,"spilledBytes":0}},"error":{{"message":{},"errorCode":{},)"
      R"("errorName":{},"errorType":"{}","failureInfo":{{"type":"trino-gateway","message":{},)"
      R"("suppressed":[],"stack":[]}}}},"warnings":[]}})",
      Quoted(query_id), Quoted(fmt::format("{}/ui/query.html?{}", origin, query_id)), message,
      error.code, Quoted(error.name), NameOf(error.type), message);
}

std::string GatewayQueryId(std::int64_t unix_seconds, std::uint32_t counter) {
  using namespace std::chrono;
  const sys_seconds now{seconds(unix_seconds)};
  const auto day = floor<days>(now);
  const year_month_day date(day);
  const hh_mm_ss time(now - day);
  return fmt::format("{:04}{:02}{:02}_{:02}{:02}{:02}_{:05}_tgate", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     counter % 100000);
}

}  // namespace gateway::protocol
