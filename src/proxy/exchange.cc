#include "proxy/exchange.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ranges.h"
#include "delegated_auth/credentials.h"
#include "http/client_address.h"
#include "protocol/error_answer.h"
#include "proxy/live_tracking.h"
#include "routing/balancer.h"

namespace gateway::proxy {
namespace {

using protocol::EndpointKind;

// Adds to `excluded` those of the groups that were up and, by the newest snapshot, are no more.
void LeaveOutWhatWentDown(const routing::GroupChoice& choice,
                          const model::Snapshot& newest,
                          std::vector<const model::BackendState*>& excluded) {
  for (const auto* group : choice.groups) {
    for (const auto position : group->up) {
      const auto* member = group->members[position];
      const auto* now = newest.FindBackend(member->backend.id);
      if ((!now || !now->Up()) && !Contains(excluded, member)) excluded.push_back(member);
    }
  }
}

}  // namespace

Exchange::Exchange(WorkerContext& context,
                   const SessionFacts& session,
                   http::Connection& client,
                   const http::RequestHead& head,
                   http::BodyFraming framing)
    : context_(context),
      session_(session),
      client_(client),
      snapshot_(context.snapshot),
      request_(ViewRequest(head)),
      basic_user_(request_.user.empty() ? delegated_auth::BasicUser(head.fields) : std::string()),
      client_host_(
          http::ClientAddress(session.client_host, session.listener->trusted_proxies, head.fields)),
      framing_(framing),
      external_authority_(session.listener->external_url
                              ? session.listener->external_url->Authority()
                              : std::string()),
      body_(client, framing, context.deadlines, context.options.timeouts.request_body),
      call_(context, client, body_),
      relay_(context, call_),
      begin_(context.clock.Now()),
      keep_alive_(http::KeepsAlive(head.minor_version, head.fields)) {}

Awaitable<bool> Exchange::Run() {
  if (const auto why = WhyAmbiguous(request_); !why.empty()) {
    co_await Send(AmbiguousReply(why), "ambiguous_headers");
    Record();
    co_return keep_alive_&& body_.received() && client_.open();
  }
  guarded_ = IsGuarded();
  admission_ = co_await Admit(context_, request_, guarded_);
  if (admission_.refusal) {
    co_await Send(*std::move(admission_.refusal), admission_.label);
  } else {
    if (!admission_.user.empty()) request_.user = admission_.user;
    if (request_.user.empty()) request_.user = basic_user_;
    co_await Serve();
  }
  Record();
  co_return keep_alive_&& body_.received() && client_.open();
}

Awaitable<void> Exchange::Serve() {
  auto kept = co_await body_.Keep(context_.options.limits.replay_bytes, request_.expects_continue);
  if (kept) {
    const auto placed = co_await PlaceRequest();
    if (placed) co_return co_await Answer();
    co_await Send(UndecidedReply(placed.error().message), "no_decision");
  } else if (kept.error().code == ErrorCode::kClosed ||
             kept.error().code == ErrorCode::kCancelled) {
    error_ = "client_closed";
    keep_alive_ = false;
  } else {
    keep_alive_ = false;
    co_await Send(MalformedReply(kept.error(), false), "bad_request_body");
  }
}

Awaitable<void> Exchange::Answer() {
  switch (placement_.kind) {
    case PlacementKind::kBalance:
      co_return co_await ForwardBalanced();
    case PlacementKind::kOwner:
      co_return co_await ForwardToOwner();
    case PlacementKind::kAsk:
      co_return co_await ForwardAsking();
    case PlacementKind::kRedirect:
      co_return co_await Send(
          RedirectReply(request_.endpoint.target, placement_.candidates.front()->backend.id), "");
    case PlacementKind::kOwnerGone:
      co_return co_await Send(OwnerGoneReply(placement_.refusal), "owner_gone");
    case PlacementKind::kRefuse:
      co_return co_await Send(Refusal(placement_.failure, placement_.refusal),
                              placement_.failure.label);
    case PlacementKind::kBadMethod:
      co_return co_await Send(BadMethodReply(request_.endpoint.allow), "bad_method");
    case PlacementKind::kNotFound:
      co_return co_await Send(NotFoundReply(request_.head->target), "not_found");
  }
}

// A request that any backend of a group may take: the next one is tried while that is safe.
Awaitable<void> Exchange::ForwardBalanced() {
  std::vector<const model::BackendState*> excluded;
  Expected<void> outcome;
  bool tried = false;
  const bool submission = request_.endpoint.kind == EndpointKind::kSubmit;
  if (submission) context_.retries.Deposit();
  while (true) {
    const auto pick = submission ? context_.balancer.Choose(placement_.choice, excluded)
                                 : context_.balancer.ChooseAny(placement_.choice, excluded);
    if (!pick.backend) break;
    tried = true;
    excluded.push_back(pick.backend);
    const auto& group = pick.group->group;
    group_ = group.id;
    direct_ = submission && placement_.choice.mode.value_or(group.mode) == model::Mode::kDirect;
    outcome = co_await Try(*pick.backend);
    if (outcome) co_return co_await RelayAnswer();
    // While one was tried, others may have been drained, or failed.
    LeaveOutWhatWentDown(placement_.choice, *context_.snapshot, excluded);
    // The budget is that of submissions: what else there is changes nothing at a cluster.
    const bool repeat = MayRepeat(outcome.error()) &&
                        context_.balancer.HasAny(placement_.choice, excluded) &&
                        (!submission || context_.retries.Take());
    NoteFailure(*pick.backend, outcome.error(), repeat);
    if (!repeat) break;
  }
  if (!tried) co_return co_await SendUnavailable();
  co_await SendFailure(outcome.error());
}

Awaitable<void> Exchange::ForwardToOwner() {
  const auto& owner = *placement_.candidates.front();
  if (request_.endpoint.kind == EndpointKind::kSubmit) {
    owner.counters->submissions.fetch_add(1, std::memory_order_relaxed);
  }
  auto outcome = co_await Try(owner);
  if (outcome) co_return co_await RelayAnswer();
  NoteFailure(owner, outcome.error(), false);
  // Its cluster is gone, not just slow: no repeat will bring the transaction or the query back.
  const bool lost =
      request_.endpoint.kind == EndpointKind::kSubmit && IsGone(owner, outcome.error());
  if (lost && placement_.kills) {
    const auto message = fmt::format(
        "The cluster '{}', on which the query was started, cannot be reached ({}). Nothing was "
        "killed.",
        owner.backend.id, owner.IneligibleReason());
    co_return co_await Send(Refusal(kKillFailed, message), kKillFailed.label);
  }
  if (lost) {
    const auto message = fmt::format(
        "The cluster '{}' on which this transaction was started cannot be reached ({}). Start a "
        "new transaction.",
        owner.backend.id, owner.IneligibleReason());
    co_return co_await Send(Refusal(kTransactionLost, message), kTransactionLost.label);
  }
  co_await SendFailure(outcome.error());
}

Awaitable<void> Exchange::RelayAnswer() {
  status_ = call_.head().status;
  const bool submission = request_.endpoint.kind == EndpointKind::kSubmit;
  TrackAnswer(request_, call_.head(), {relay_.query_id(), relay_.last_page(), direct_}, *backend_,
              context_.clock.Now());
  ClientResponse response;
  response.head = &call_.head();
  response.backend_id = backend_->backend.id;
  response.announce_backend = submission && context_.options.backend_header;
  response.set_cookie = placement_.set_cookie;
  response.close = !keep_alive_ || !body_.received() || context_.stopping;
  auto sent = UnlessCutOff(context_, co_await relay_.SendTo(client_, response));
  bytes_out_ = relay_.bytes();
  keep_alive_ = !response.close;
  if (submission) co_await CancelIfAbandoned(sent);
  if (sent) co_return;
  if (sent.error().origin == Origin::kBackend) ReportDoubt(*backend_, sent.error());
  keep_alive_ = false;
  error_ = sent.error().origin == Origin::kClient ? "client_closed" : "backend_broke_off";
  client_.Abort();
}

Awaitable<void> Exchange::SendUnavailable() {
  const auto why = placement_.kind == PlacementKind::kAsk
                       ? std::string("no backends are configured")
                       : routing::ExplainUnavailable(placement_.choice);
  context_.logger.Event(telemetry::Level::kWarn, "exchange.no_backend",
                        {{"endpoint", protocol::NameOf(request_.endpoint.kind)}, {"why", why}});
  co_await Send(UnavailableReply(why), "no_backend");
}

Awaitable<void> Exchange::SendFailure(const Error& error) {
  if (error.code == ErrorCode::kCancelled) {
    error_ = "client_closed";
    keep_alive_ = false;
    client_.Close();
    co_return;
  }
  if (error.origin == Origin::kClient) {
    keep_alive_ = false;
    co_return co_await Send(MalformedReply(error, false), "bad_request_body");
  }
  auto reply = UpstreamFailedReply(error);
  // Whatever went wrong, "later" is the answer that makes every client submit again.
  if (placement_.kind == PlacementKind::kBalance) reply.status = 503;
  co_await Send(std::move(reply), NameOf(error.code));
}

Reply Exchange::Refusal(const StatementFailure& failure, std::string_view message) {
  const auto now = context_.clock.WallNow().time_since_epoch();
  const auto id = protocol::GatewayQueryId(
      std::chrono::duration_cast<std::chrono::seconds>(now).count(), ++context_.own_answers);
  return StatementErrorReply(id, OriginUrl(), failure, message);
}

Awaitable<void> Exchange::Send(Reply reply, std::string_view error_name) {
  status_ = reply.status;
  error_ = error_name;
  keep_alive_ = keep_alive_ && body_.received() && !context_.stopping;
  const auto text = Serialise(reply, !keep_alive_, request_.head->method == "HEAD");
  client_.SetDeadline(context_.clock.Now() + context_.options.timeouts.response_body);
  const auto written = co_await client_.Write(text);
  client_.ClearDeadline();
  bytes_out_ = reply.body.size();
  if (!written) keep_alive_ = false;
}

std::string_view Exchange::Authority() const {
  return external_authority_.empty() ? request_.head->host : std::string_view(external_authority_);
}

std::string Exchange::OriginUrl() const {
  const bool tls = session_.listener->external_url && session_.listener->external_url->tls;
  return fmt::format("{}://{}", tls ? "https" : "http", Authority());
}

void Exchange::TellSubmission() {
  if (!context_.signals.submitted || !backend_ || relay_.query_id().empty() ||
      request_.endpoint.kind != EndpointKind::kSubmit) {
    return;
  }
  ProxySignals::Submission submission;
  submission.query_id = relay_.query_id();
  submission.user = request_.user;
  submission.source = request_.source;
  submission.client = client_host_;
  submission.host = request_.head->host;
  submission.group_id = group_;
  submission.backend_id = backend_->backend.id;
  submission.trace = placement_.choice.trace;
  std::string buffer;
  submission.text = body_.Content(buffer);
  context_.signals.submitted(submission);
}

void Exchange::Record() {
  TellSubmission();
  telemetry::ExchangeRecord record;
  record.endpoint = protocol::NameOf(request_.endpoint.kind);
  record.method = request_.head->method;
  const bool forwarded = client_host_ != session_.client_host;
  record.client_address = forwarded ? client_host_ : session_.client_address;
  record.user = request_.user;
  record.source = request_.source;
  record.query_id = relay_.query_id().empty() ? request_.endpoint.query_id : relay_.query_id();
  record.group = group_;
  record.backend = backend_ ? std::string_view(backend_->backend.id) : std::string_view();
  record.error = error_;
  record.status = status_;
  record.attempts = attempts_;
  record.bytes_in = body_.bytes();
  record.bytes_out = bytes_out_;
  record.total = context_.clock.Now() - begin_;
  record.upstream_wait = waited_;
  context_.metrics.ExchangeEnded(record);
  context_.access_log.Record(record);
}

}  // namespace gateway::proxy
