#include "identity/http_fetcher.h"

#include <exception>

#include <fmt/format.h>

#include "base/clock.h"
#include "http/asio.h"
#include "http/control_client.h"
#include "http/deadlines.h"
#include "http/own_loop.h"

namespace gateway::identity {
namespace {

using Fetched = Expected<http::ControlResponse>;

// Runs one request on an event loop of its own, on the calling thread. The client holds its
// deadline; but the end of the loop waits for a lookup that is under way, as nothing can end that.
// Throws when the system has no descriptors or threads left for the loop.
class OneFetch {
 public:
  Fetched Run(http::ControlRequest request, std::chrono::milliseconds timeout) {
    request.deadline = clock_.Now() + timeout;
    auto fetched = http::RunToEnd(io_, deadlines_, client_.Fetch(std::move(request)));
    if (fetched) return *std::move(fetched);
    return Fail(ErrorCode::kTimeout, "no answer before the deadline", Origin::kBackend);
  }

 private:
  const SystemClock clock_;
  http::asio::io_context io_{1};
  http::Deadlines deadlines_{io_, clock_};
  http::ControlClient client_{io_, deadlines_};
};

Expected<HttpAnswer> Send(http::ControlRequest request,
                          const EndpointUrl& url,
                          std::chrono::milliseconds timeout,
                          const std::string& ca_file) {
  request.url = url.origin;
  request.target = url.target;
  auto tls = http::TlsClient::Create({.ca_file = ca_file});
  if (!tls) return Fail(ErrorCode::kUnavailable, std::move(tls).error().message);
  request.tls = *std::move(tls);
  try {
    auto response = OneFetch().Run(std::move(request), timeout);
    if (response) return HttpAnswer{response->status, std::move(response->body)};
    return Fail(ErrorCode::kUnavailable,
                fmt::format("{}: {}", url.ToString(), response.error().message), Origin::kBackend);
  } catch (const std::exception& failure) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("{}: cannot be asked: {}", url.ToString(), failure.what()));
  }
}

}  // namespace

Expected<HttpAnswer> BlockingFetcher::Get(const EndpointUrl& url, const HttpFields& fields) {
  http::ControlRequest request;
  request.fields = fields;
  return Send(std::move(request), url, timeout_, ca_file_);
}

Expected<HttpAnswer> BlockingFetcher::Post(const EndpointUrl& url,
                                           const HttpFields& fields,
                                           const std::string& form) {
  http::ControlRequest request;
  request.method = "POST";
  request.fields = fields;
  request.fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body = form;
  return Send(std::move(request), url, timeout_, ca_file_);
}

}  // namespace gateway::identity
