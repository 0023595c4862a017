// Requests of one probe to one backend: as whom they are sent, and what is wrong with the answers.
//
// Threads: the event loop of `client`.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "http/asio.h"
#include "http/control_client.h"
#include "monitor/probe_settings.h"

namespace gateway::monitor {

// What the monitor calls itself to coordinators (X-Trino-Source).
inline constexpr std::string_view kProbeSource = "trino-gateway-monitor";

// Why a probe, or a part of it, failed.
struct Failure {
  std::string failure_class;  // for metrics: "refused", "http_503", "redirect", ...
  std::string reason;         // for people
};
template <typename T>
using Probed = std::expected<T, Failure>;

// The fields that name `user` and our source in the dialect of a coordinator of that version:
// PrestoDB (0.x) and PrestoSQL up to 350 know X-Presto-* only, Trino X-Trino-* only, and one that
// is set up for an alternate header name refuses to get both. A version that cannot be read: both.
std::vector<std::pair<std::string, std::string>> UserFields(std::string_view version,
                                                            std::string_view user);

class ProbeCall {
 public:
  // All must outlive the call. `tls` may be null. `connects`: not on the connection of an earlier
  // probe, which may go on when no new one can be made.
  ProbeCall(http::ControlClient& client,
            const Clock& clock,
            const Url& url,
            const Credentials& credentials,
            std::shared_ptr<http::TlsClient> tls,
            bool connects)
      : client_(client),
        clock_(clock),
        url_(url),
        credentials_(credentials),
        tls_(std::move(tls)),
        reuse_(connects ? http::Reuse::kAfter : http::Reuse::kAlways) {}

  // For the dialect of later requests.
  void SetVersion(std::string version) { version_ = std::move(version); }

  // A request with everything but what is special about it. `named`: with user and source.
  http::ControlRequest Request(std::string method,
                               std::string target,
                               std::chrono::milliseconds timeout,
                               bool named = true) const;

  // Any answer. The failure's reason begins with `what`.
  http::Awaitable<Probed<http::ControlResponse>> Send(std::string what,
                                                      http::ControlRequest request);
  // An answer 200. Everything else is a failure.
  http::Awaitable<Probed<http::ControlResponse>> Fetch(std::string what,
                                                       http::ControlRequest request);

  const Credentials& credentials() const { return credentials_; }
  Clock::TimePoint Deadline(std::chrono::milliseconds timeout) const {
    return clock_.Now() + timeout;
  }

 private:
  http::ControlClient& client_;
  const Clock& clock_;
  const Url& url_;
  const Credentials& credentials_;
  const std::shared_ptr<http::TlsClient> tls_;
  http::Reuse reuse_;  // of the next request
  std::string version_;
};

// What an answer that is not 200 says.
Failure FailureOf(std::string_view what, const http::ControlResponse& response);

}  // namespace gateway::monitor
