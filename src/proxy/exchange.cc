#include "proxy/exchange.h"

#include <algorithm>

#include <fmt/format.h>

#include "protocol/error_answer.h"
#include "protocol/query_id.h"
#include "proxy/live_tracking.h"
#include "proxy/rule_facts.h"
#include "routing/balancer.h"

namespace gateway::proxy {
namespace {

using protocol::EndpointKind;

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
  const bool guarded =
      session_.listener->delegated_auth || snapshot_->index().DelegatesAuth(session_.listener_port);
  admission_ = co_await Admit(context_, request_, guarded);
  if (admission_.refusal) {
    co_await Send(*std::move(admission_.refusal), admission_.label);
  } else {
    if (!admission_.user.empty()) request_.user = admission_.user;
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

// kUnavailable: nobody can say now where it is to go.
Awaitable<Expected<void>> Exchange::PlaceRequest() {
  const bool submission = request_.endpoint.kind == EndpointKind::kSubmit;
  const HeaderLookup headers(*request_.head);
  auto facts = FactsOf(request_, headers, context_.options.session_header);
  facts.port = session_.listener_port;
  facts.client_address = session_.client_host;
  facts.now = context_.clock.WallNow();
  if (submission) {
    // Of a chunked body that is not kept whole, at least what has come so far.
    const bool announced = framing_.kind == http::BodyKind::kLength;
    facts.text_bytes = announced ? framing_.length : body_.bytes();
  }
  std::string buffer;
  const auto text = submission ? body_.Content(buffer) : std::nullopt;
  if (submission && !context_.rules->idle()) {
    StatementFacts statement(request_, text, context_.statement_scratch);
    const auto ask = [&statement] { return statement.Query(); };
    facts.query = ask;
    RuleFacts rule_facts(request_, facts, std::string(text.value_or("")));
    const RuleGroups groups(*snapshot_);
    auto decided = co_await context_.rules->Decide(rule_facts, groups);
    if (!decided) co_return std::unexpected(std::move(decided).error());
    decision_ = *std::move(decided);
  }
  // Other exchanges may have used the scratch while rules were asked.
  StatementFacts statement(request_, text, context_.statement_scratch);
  const auto ask = [&statement] { return statement.Query(); };
  facts.query = ask;
  placement_ = Place(request_, facts,
                     {*snapshot_, context_.sticky, context_.chooser, decision_,
                      statement.KillTarget(), context_.options.refuse_transactions});
  for (const auto& action : admission_.headers) all_actions_.push_back(&action);
  if (submission) {
    all_actions_.insert(all_actions_.end(), placement_.choice.headers.begin(),
                        placement_.choice.headers.end());
  }
  co_return Expected<void>();
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
  std::vector<const model::BackendState*> tried;
  Expected<void> outcome;
  context_.retries.Deposit();
  while (true) {
    const auto pick = context_.balancer.Choose(placement_.choice, tried);
    if (!pick.backend) break;
    const auto& group = pick.group->group;
    group_ = group.id;
    direct_ = request_.endpoint.kind == EndpointKind::kSubmit &&
              placement_.choice.mode.value_or(group.mode) == model::Mode::kDirect;
    tried.push_back(pick.backend);
    outcome = co_await Try(*pick.backend);
    if (outcome) co_return co_await RelayAnswer();
    const bool repeat = MayRepeat(outcome.error()) && context_.retries.Take();
    NoteFailure(*pick.backend, outcome.error(), repeat);
    if (!repeat) break;
  }
  if (tried.empty()) co_return co_await SendUnavailable();
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
  // Its cluster is gone, not just slow: no repeat will bring the transaction back.
  const bool lost = request_.endpoint.kind == EndpointKind::kSubmit &&
                    outcome.error().code == ErrorCode::kRefused && !owner.Eligible();
  if (lost) {
    const auto message = fmt::format(
        "The cluster '{}' on which this transaction was started cannot be reached ({}). Start a "
        "new transaction.",
        owner.backend.id, owner.IneligibleReason());
    co_return co_await Send(Refusal(kTransactionLost, message), kTransactionLost.label);
  }
  co_await SendFailure(outcome.error());
}

// Nobody remembers whose query this is: those that do not know it answer 404.
Awaitable<void> Exchange::ForwardAsking() {
  if (placement_.candidates.empty()) co_return co_await SendUnavailable();
  Expected<void> failure;
  for (const auto* candidate : placement_.candidates) {
    auto outcome = co_await Try(*candidate);
    if (outcome) {
      const bool last = candidate == placement_.candidates.back();
      const bool unknown = call_.head().status >= 400 && call_.head().status != 410;
      // A backend that could not be asked may be the owner, so a 404 of the others proves nothing.
      if (!unknown || (last && failure)) {
        if (!unknown) {
          context_.sticky.Learn(protocol::CoordinatorSuffix(request_.endpoint.query_id),
                                candidate->backend.id);
        }
        co_return co_await RelayAnswer();
      }
      co_await relay_.Discard();
      continue;
    }
    NoteFailure(*candidate, outcome.error(), true);
    if (!MayRepeat(outcome.error())) co_return co_await SendFailure(outcome.error());
    failure = std::move(outcome);
  }
  co_await SendFailure(failure.error());
}

Awaitable<void> Exchange::RelayAnswer() {
  status_ = call_.head().status;
  TrackAnswer(request_, call_.head(), {relay_.query_id(), relay_.last_page()}, *backend_,
              context_.clock.Now());
  ClientResponse response;
  response.head = &call_.head();
  response.backend_id = backend_->backend.id;
  response.announce_backend =
      request_.endpoint.kind == EndpointKind::kSubmit && context_.options.backend_header;
  response.set_cookie = placement_.set_cookie;
  response.close = !keep_alive_ || !body_.received() || context_.stopping;
  auto sent = co_await relay_.SendTo(client_, response);
  bytes_out_ = relay_.bytes();
  keep_alive_ = !response.close;
  if (sent) co_return;
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
  submission.client = session_.client_host;
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
  record.client_address = session_.client_address;
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
