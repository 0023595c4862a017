#include "base/process_signals.h"

#include <csignal>

namespace gateway {

void IgnoreSignalsOfFailedWrites() {
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_IGN);
}

void IgnoreEarlyReloads() { std::signal(SIGHUP, SIG_IGN); }

}  // namespace gateway
