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

// Is its answer the coordinator's? Of spooled segments, it may be that of a store; of the UI, that
// of whoever checks logins.
bool IsAboutQuery(EndpointKind kind) {
  return kind == EndpointKind::kSubmit || kind == EndpointKind::kPoll ||
         kind == EndpointKind::kQuery;
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
    called = co_await CallUnforwarded(backend);
  }
  if (!called || !IsTransientStatus(call_.head().status)) co_return called;
  auto failure =
      Fail(ErrorCode::kUnavailable,
           fmt::format("backend '{}' answered {}", backend.backend.id, call_.head().status),
           Origin::kBackend);
  if (placement_.kind == PlacementKind::kBalance) {
    co_await relay_.Discard();
    co_return failure;
  }
  // The client is told so itself.
  ReportDoubt(backend, failure.error());
  co_return called;
}

// A cluster that was restarted with http-server.process-forwarded=false says 406 to X-Forwarded-*;
// but any cluster says so to an Accept that it cannot satisfy, and then it does so again.
Awaitable<Expected<void>> Exchange::CallUnforwarded(const model::BackendState& backend) {
  co_await relay_.Discard();
  auto called = co_await CallOnce(backend, false);
  const bool took = called && call_.head().status != 406 && !IsTransientStatus(call_.head().status);
  if (took && context_.signals.process_forwarded) {
    context_.signals.process_forwarded(backend.backend.id, false);
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
  request.client = {client_host_, external && external->tls, Authority()};
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
  } else if (statement && !forwarded && !Authority().empty() &&
             (external || backend.backend.url.tls)) {
    // It names the scheme on which it was asked, which need not be that of clients.
    answer.rewrite_origin = OriginUrl();
  }
  answer.finds_end = statement && !submission && backend.backend.draining;
  request.outlives_client = submission;
  request.identity_only = submission || answer.finds_end || !answer.rewrite_origin.empty();

  const auto& timeouts = context_.options.timeouts;
  auto called =
      co_await call_.Run(request, submission ? timeouts.submit_head : timeouts.response_head);
  if (called) {
    waited_ = call_.waited();
    called = UnlessCutOff(context_, co_await relay_.Inspect(std::move(answer)));
    if (!called) {
      called.error().message =
          fmt::format("backend '{}': {}", backend.backend.id, called.error().message);
    }
  }
  if (submission) CountAnswer(*backend.counters, called);
  co_return called;
}

// How the backend does with statements. Failures of the client's side say nothing of that.
void Exchange::CountAnswer(model::BackendCounters& counters, const Expected<void>& called) const {
  if (called) {
    counters.NoteStatus(call_.head().status);
    if (call_.head().status == 200) counters.NoteAnswer(waited_);
  } else if (called.error().origin == Origin::kBackend) {
    counters.NoteNoAnswer();
  }
}

// May the request go to another backend after this failure?
bool Exchange::MayRepeat(const Error& error) const {
  if (error.origin != Origin::kBackend || !body_.replayable() || client_.reset()) return false;
  // Nothing was sent, or nothing that has an effect: an unpolled statement does not run.
  return error.code == ErrorCode::kRefused || request_.endpoint.kind == EndpointKind::kSubmit ||
         IsIdempotent(request_.head->method);
}

// Was no connection made, and is that known to last? One that takes too long may be a moment's
// congestion: probes must have met it as well.
bool Exchange::IsGone(const model::BackendState& owner, const Error& error) const {
  if (error.origin != Origin::kBackend || call_.connected()) return false;
  if (error.code == ErrorCode::kRefused) return !owner.Eligible();
  return error.code == ErrorCode::kTimeout && owner.status.health == model::Health::kUnhealthy &&
         owner.status.Unreachable();
}

// Empty: a cluster that wants fewer queries (429) is none that fails.
std::string Exchange::FailureClass(const Error& error) const {
  if (error.code != ErrorCode::kUnavailable) return std::string(NameOf(error.code));
  const int status = call_.head().status;
  return status == 429 ? "" : fmt::format("http_{}", status);
}

// Tells the monitor.
void Exchange::ReportFailure(const model::BackendState& backend, const Error& error) {
  const auto failure_class = FailureClass(error);
  if (failure_class.empty() || !context_.signals.backend_failed) return;
  context_.signals.backend_failed(backend.backend.id, failure_class);
}

// Asks the monitor to look.
void Exchange::ReportDoubt(const model::BackendState& backend, const Error& error) {
  const auto failure_class = FailureClass(error);
  if (failure_class.empty() || !context_.signals.backend_doubted) return;
  if (!IsAboutQuery(request_.endpoint.kind)) return;
  context_.signals.backend_doubted(backend.backend.id, failure_class);
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
