// One attempt of an exchange at one backend: the call, what its answer means, who is told of a
// failure.
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "model/client_url.h"
#include "proxy/exchange.h"

namespace gateway::proxy {
namespace {

using protocol::EndpointKind;

// Answers that say "not now" about the cluster rather than about the request.
bool IsTransientStatus(int status) {
  return status == 502 || status == 503 || status == 504 || status == 429;
}

bool IsIdempotent(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "DELETE" || method == "OPTIONS";
}

}  // namespace

Awaitable<Expected<void>> Exchange::Try(const model::BackendState& backend) {
  backend_ = &backend;
  ++attempts_;
  const bool forwarded = backend.status.process_forwarded && !direct_;
  auto called = co_await CallOnce(backend, forwarded);
  if (called && forwarded && call_.head().status == 406 && body_.replayable()) {
    // The cluster was restarted with http-server.process-forwarded=false.
    if (context_.signals.process_forwarded) {
      context_.signals.process_forwarded(backend.backend.id, false);
    }
    co_await relay_.Discard();
    called = co_await CallOnce(backend, false);
  }
  if (called && placement_.kind == PlacementKind::kBalance &&
      IsTransientStatus(call_.head().status)) {
    const auto status = call_.head().status;
    co_await relay_.Discard();
    co_return Fail(ErrorCode::kUnavailable,
                   fmt::format("backend '{}' answered {}", backend.backend.id, status),
                   Origin::kBackend);
  }
  co_return called;
}

Awaitable<Expected<void>> Exchange::CallOnce(const model::BackendState& backend, bool forwarded) {
  const bool submission = request_.endpoint.kind == EndpointKind::kSubmit;
  const bool statement = submission || request_.endpoint.kind == EndpointKind::kPoll;
  const auto& external = session_.listener->external_url;

  UpstreamRequest request;
  request.request = &request_;
  request.backend = &backend;
  request.client = {session_.client_host, external && external->tls, Authority()};
  request.forwarded = forwarded;
  request.tag_uris = placement_.tag_uris && !direct_;
  request.direct = direct_;
  request.changes = all_actions_;
  if (submission) request.source = placement_.choice.set_request_source;

  AnswerOptions answer;
  answer.method = request_.head->method;
  answer.backend = &backend;
  answer.client_is_http10 = request_.head->minor_version == 0;
  answer.is_submission = submission;
  if (direct_) {
    answer.rewrite_origin = model::ClientUrl(backend.backend);
  } else if (statement && !forwarded && external) {
    answer.rewrite_origin = external->ToString();
  }
  answer.finds_end = statement && !submission && backend.backend.draining;
  request.identity_only = submission || answer.finds_end || !answer.rewrite_origin.empty();

  const auto& timeouts = context_.options.timeouts;
  auto called =
      co_await call_.Run(request, submission ? timeouts.submit_head : timeouts.response_head);
  if (!called) co_return called;
  waited_ = call_.waited();
  if (submission && call_.head().status == 200) backend.counters->NoteAnswer(waited_);
  auto inspected = co_await relay_.Inspect(std::move(answer));
  if (!inspected) {
    inspected.error().message =
        fmt::format("backend '{}': {}", backend.backend.id, inspected.error().message);
  }
  co_return inspected;
}

// May the request go to another backend after this failure?
bool Exchange::MayRepeat(const Error& error) const {
  if (error.origin != Origin::kBackend || !body_.replayable()) return false;
  // Nothing was sent, or nothing that has an effect: an unpolled statement does not run.
  return error.code == ErrorCode::kRefused || request_.endpoint.kind == EndpointKind::kSubmit ||
         IsIdempotent(request_.head->method);
}

// Tells the monitor. A cluster that wants fewer queries (429) is none that fails.
void Exchange::ReportFailure(const model::BackendState& backend, const Error& error) {
  if (!context_.signals.backend_failed) return;
  if (error.code != ErrorCode::kUnavailable) {
    context_.signals.backend_failed(backend.backend.id, NameOf(error.code));
  } else if (call_.head().status != 429) {
    context_.signals.backend_failed(backend.backend.id,
                                    fmt::format("http_{}", call_.head().status));
  }
}

void Exchange::NoteFailure(const model::BackendState& backend,
                           const Error& error,
                           bool will_retry) {
  if (error.origin != Origin::kBackend) return;
  call_.Finish(false);
  if (will_retry) context_.metrics.Retried(backend.backend.id, NameOf(error.code));
  ReportFailure(backend, error);
  context_.logger.Event(telemetry::Level::kWarn, "exchange.attempt_failed",
                        {{"backend", backend.backend.id},
                         {"endpoint", protocol::NameOf(request_.endpoint.kind)},
                         {"reason", error.message},
                         {"retried", will_retry}});
}

}  // namespace gateway::proxy
