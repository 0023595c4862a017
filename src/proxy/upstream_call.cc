#include "proxy/upstream_call.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace gateway::proxy {
namespace {

Expected<void> CutOff() {
  return Fail(ErrorCode::kCancelled, "the gateway ends, and has cut off its clients",
              Origin::kClient);
}

}  // namespace

Expected<void> UnlessCutOff(const WorkerContext& context, Expected<void> outcome) {
  return !outcome && context.deadlines.all_over() ? CutOff() : std::move(outcome);
}

UpstreamCall::UpstreamCall(WorkerContext& context, http::Connection& client, RequestBody& body)
    : context_(context), client_(client), body_(body) {}

UpstreamCall::~UpstreamCall() { Finish(false); }

void UpstreamCall::Finish(bool reusable) {
  client_.OnPeerGone(nullptr);
  if (std::exchange(counted_, false)) {
    backend_->counters->in_flight.fetch_sub(1, std::memory_order_relaxed);
  }
  if (!connection_) return;
  auto connection = std::move(connection_);
  if (reusable) {
    context_.upstreams.Release(backend_->backend.url, std::move(connection));
  } else {
    connection->Close();
  }
}

Awaitable<Expected<void>> UpstreamCall::Run(const UpstreamRequest& request,
                                            std::chrono::milliseconds head_timeout) {
  backend_ = request.backend;
  auto called = co_await Attempt(request, head_timeout, false);
  // An idle connection may have been closed while our request was on its way. Every request that
  // can be sent again may be: polls repeat a token, an unpolled statement does not run.
  if (!called && reused_ && called.error().code == ErrorCode::kClosed && head_text_.empty() &&
      body_.replayable() && called.error().origin == Origin::kBackend) {
    called = co_await Attempt(request, head_timeout, true);
  }
  called = UnlessCutOff(context_, std::move(called));
  if (!called) {
    called.error().message =
        fmt::format("backend '{}': {}", backend_->backend.id, called.error().message);
  }
  co_return called;
}

Awaitable<Expected<void>> UpstreamCall::Attempt(const UpstreamRequest& request,
                                                std::chrono::milliseconds head_timeout,
                                                bool fresh) {
  Finish(false);
  head_text_.clear();
  early_answer_ = false;
  connected_ = false;
  if (context_.deadlines.all_over()) co_return CutOff();
  // From before there is a connection: who drains the backend waits for it.
  backend_->counters->in_flight.fetch_add(1, std::memory_order_relaxed);
  counted_ = true;
  auto lease = co_await context_.upstreams.Acquire(backend_->backend.url, fresh);
  if (!lease) {
    reused_ = false;
    Finish(false);
    co_return std::unexpected(std::move(lease).error());
  }
  connection_ = std::move(lease->connection);
  // It may have taken until after the end: a statement sent now would run for nobody.
  if (context_.deadlines.all_over()) co_return CutOff();
  reused_ = lease->reused;
  connected_ = true;

  request_text_.clear();
  AppendRequestHead(request_text_, request);
  auto sent = co_await body_.SendTo(*connection_, request_text_, early_answer_);
  if (!sent) co_return sent;
  outlives_client_ = request.outlives_client;
  co_return co_await ReceiveHead(head_timeout);
}

Awaitable<Expected<void>> UpstreamCall::ReceiveHead(std::chrono::milliseconds head_timeout) {
  const auto begin = context_.clock.Now();
  connection_->SetDeadline(begin + head_timeout);
  WatchClient();
  auto received = co_await ReceiveHeadText();
  client_.OnPeerGone(nullptr);
  connection_->ClearDeadline();
  if (!received) co_return std::unexpected(Blame(std::move(received).error()));
  waited_ = context_.clock.Now() - begin;
  co_return Expected<void>();
}

// Reads and parses heads until one is final: 1xx are for us alone.
Awaitable<Expected<void>> UpstreamCall::ReceiveHeadText() {
  const auto& limits = context_.options.limits;
  std::size_t searched = 0;
  while (true) {
    const auto arrived = connection_->unread();
    const auto end = http::FindHeadEnd(arrived, searched);
    if (end == std::string_view::npos) {
      searched = arrived.size();
      auto filled = co_await connection_->Fill(limits.head_bytes);
      if (!filled) co_return filled;
      continue;
    }
    head_text_.assign(arrived.substr(0, end));
    connection_->Consume(end);
    auto parsed = http::ParseResponseHead(head_text_, limits.header_count, head_);
    if (!parsed || head_.status >= 200) co_return parsed;
    if (head_.status == 101) {
      co_return Fail(ErrorCode::kProtocol, "switched protocols without being asked",
                     Origin::kBackend);
    }
    searched = 0;
  }
}

void UpstreamCall::WatchClient() {
  const auto half_closed = context_.options.timeouts.half_closed;
  if (outlives_client_) return client_.Watch();
  if (client_.reset()) {
    connection_->Close();
    return;
  }
  if (client_.ended()) {
    connection_->SetDeadline(context_.clock.Now() + half_closed);
    return;
  }
  client_.OnPeerGone([this, half_closed](bool reset) {
    if (reset) {
      connection_->Close();
    } else {
      connection_->SetDeadline(context_.clock.Now() + half_closed);
    }
  });
  client_.Watch();
}

// Tells a backend that failed from a client that left.
Error UpstreamCall::Blame(Error error) const {
  const bool gave_up = error.code == ErrorCode::kCancelled || error.code == ErrorCode::kTimeout;
  if (gave_up && client_.ended()) {
    return {ErrorCode::kCancelled, Origin::kClient, "the client closed its connection"};
  }
  return error;
}

}  // namespace gateway::proxy
