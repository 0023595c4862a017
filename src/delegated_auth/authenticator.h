// Checks the credentials of Trino clients with a service that knows them.
//
// The service gets POST {"email": user, "token": password} with X-Auth-Token and answers
// {"ok": true|false}. Fails closed: what is not clearly accepted is refused or, when the service
// cannot be asked, answered with "later". Results are kept for a fixed time, however often they are
// used, by a salted hash; requests with the same credentials share one call.
// Threads: one worker's event loop; never blocks. Memory: at most `entries` hashes each of accepted
// and of refused credentials.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/expiring_cache.h"
#include "delegated_auth/credentials.h"
#include "delegated_auth/options.h"
#include "http/control_client.h"
#include "http/single_flight.h"
#include "telemetry/logger.h"
#include "telemetry/metrics.h"

namespace gateway::delegated_auth {

using http::Awaitable;

enum class Verdict : std::uint8_t {
  kAccepted,
  kRefused,      // 401: no, other or bad credentials
  kUnavailable,  // 503: could not be checked
};

struct AuthResult {
  Verdict verdict = Verdict::kUnavailable;
  std::string user;     // kAccepted: whom the request is for; the cluster is to see this one
  std::string message;  // otherwise: for the client; no credentials
};

class Authenticator {
 public:
  // All but `options` must outlive the authenticator.
  Authenticator(DelegatedAuthOptions options,
                http::asio::io_context& io,
                http::Deadlines& deadlines,
                telemetry::Logger& logger,
                telemetry::Metrics& metrics);

  // `fields` must live until the result is there.
  Awaitable<AuthResult> Check(std::span<const http::HeaderField> fields);

  // For stopping: closes what is kept, and lets no lookup of the provider's name that has not begun
  // hold the loop.
  void GiveUpLookups() { client_.CloseIdle(); }

  const DelegatedAuthOptions& options() const { return options_; }

 private:
  Awaitable<Verdict> Ask(Credentials credentials);
  Awaitable<Verdict> AskAndKeep(std::string key, std::string user, std::string password);
  Awaitable<Expected<bool>> AskProvider(const std::string& user, const std::string& password);
  void Report(const Error& error);
  std::string KeyOf(const Credentials& credentials) const;
  bool MayActAs(const std::string& user, const std::string& other) const;

  const DelegatedAuthOptions options_;
  http::Deadlines& deadlines_;
  telemetry::Logger& logger_;
  telemetry::Metrics& metrics_;
  http::ControlClient client_;
  std::array<unsigned char, 32> salt_;
  // Apart, so that a flood of bad passwords does not push out the good ones.
  ExpiringCache<bool> accepted_;
  ExpiringCache<bool> refused_;
  http::SingleFlight<Verdict> flights_;
  std::size_t calls_ = 0;                                   // under way
  Clock::TimePoint quiet_until_ = Clock::TimePoint::min();  // of failures in the log
};

}  // namespace gateway::delegated_auth
