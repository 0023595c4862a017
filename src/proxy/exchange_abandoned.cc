// A submission whose client went away before it had the answer: the query is cancelled. But not
// when we have cut clients off at the end of the gateway, which must not wait for clusters: Trino
// gives up by itself what nobody asks for.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/strings.h"
#include "proxy/exchange.h"

namespace gateway::proxy {
namespace {

// How long a client that ended its direction may take to show that it is gone altogether.
constexpr std::chrono::milliseconds kProofOfReset{200};

// Path and query of an absolute URI, as it stands in JSON.
std::string TargetOf(std::string_view uri) {
  std::string target;
  std::ranges::copy_if(uri, std::back_inserter(target), [](char c) { return c != '\\'; });
  const auto authority = target.find("://");
  if (authority == std::string::npos) return target;
  const auto path = target.find('/', authority + 3);
  return path == std::string::npos ? std::string() : target.substr(path);
}

bool IsOfBody(std::string_view name) {
  return EqualsIgnoreCase(name, "content-length") || EqualsIgnoreCase(name, "transfer-encoding") ||
         EqualsIgnoreCase(name, "content-type") || EqualsIgnoreCase(name, "content-encoding");
}

}  // namespace

Awaitable<void> Exchange::CancelIfAbandoned(const Expected<void>& sent) {
  if (relay_.query_id().empty() || relay_.next_uri().empty()) co_return;
  const bool lost = !sent && sent.error().origin == Origin::kClient;
  if (!lost && !(sent && client_.ended() && co_await client_.ProvesReset(kProofOfReset))) co_return;
  error_ = "client_closed";
  const auto target = TargetOf(relay_.next_uri());
  const auto endpoint = protocol::Classify("DELETE", target);
  // Nothing but that query: what a backend answers is not to be trusted with other paths.
  const bool is_query =
      endpoint.kind == protocol::EndpointKind::kPoll && endpoint.query_id == relay_.query_id();
  const auto outcome = is_query ? co_await Cancel(endpoint)
                                : Expected<int>(Fail(ErrorCode::kProtocol, "no nextUri of it"));
  if (outcome) backend_->counters->live.Ended(relay_.query_id());
  context_.logger.Event(
      telemetry::Level::kInfo, "exchange.abandoned",
      {{"backend", backend_->backend.id},
       {"query_id", relay_.query_id()},
       {"cancelled", outcome.has_value()},
       {"reason", outcome ? std::string_view("the client left before the answer came")
                          : std::string_view(outcome.error().message)}});
}

// As the client itself would: with what it sent, but for the body.
Awaitable<Expected<int>> Exchange::Cancel(const protocol::Endpoint& endpoint) {
  http::RequestHead head;
  head.method = "DELETE";
  head.target = endpoint.target;
  head.host = request_.head->host;
  std::ranges::copy_if(request_.head->fields, std::back_inserter(head.fields),
                       [](const auto& field) { return !IsOfBody(field.name); });
  auto view = request_;
  view.head = &head;
  view.endpoint = endpoint;

  UpstreamRequest request;
  request.request = &view;
  request.backend = backend_;
  request.client = {client_host_,
                    session_.listener->external_url && session_.listener->external_url->tls,
                    Authority()};
  request.forwarded = backend_->status.process_forwarded && !direct_;
  request.direct = direct_;
  request.outlives_client = true;
  request.changes = all_actions_;

  const auto& timeouts = context_.options.timeouts;
  RequestBody nothing(client_, {}, context_.deadlines, timeouts.request_body);
  UpstreamCall call(context_, client_, nothing);
  const auto called = co_await call.Run(request, timeouts.response_head);
  if (!called) co_return std::unexpected(called.error());
  const auto status = call.head().status;
  if (status >= 300 && status != 404) {
    co_return Fail(ErrorCode::kUnavailable, fmt::format("it answered {}", status),
                   Origin::kBackend);
  }
  co_return status;
}

}  // namespace gateway::proxy
