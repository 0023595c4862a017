#include "rpc/guarded.h"

namespace gateway::rpc {

void LogFault(telemetry::Logger& logger, std::string_view method, const Error& error) {
  if (error.code != ErrorCode::kInternal) return;
  logger.Event(telemetry::Level::kError, "admin.failed",
               {{"method", method}, {"reason", error.message}});
}

}  // namespace gateway::rpc
