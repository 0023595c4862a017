// A request about a query of which nobody remembers where it runs: the backends are asked.
#include <cstdint>

#include <fmt/format.h>

#include "protocol/query_id.h"
#include "proxy/exchange.h"
#include "proxy/live_tracking.h"

namespace gateway::proxy {
namespace {

using protocol::EndpointKind;

// What a backend's answer says about whose query it is.
enum class Verdict : std::uint8_t {
  kKnown,    // it knows the query; when it is to be cancelled: or it does not
  kUnknown,  // it does not
  kRefused,  // it does not say: who asks may not know, or is sent elsewhere
  kFailed,   // it does not say: it cannot now
};

Verdict VerdictOf(EndpointKind endpoint, int status) {
  if (status < 300) return Verdict::kKnown;
  if (status == 404) return Verdict::kUnknown;
  // Of a page: that was asked for before. Of /v1/query: Trino never heard of it.
  if (status == 410 && endpoint == EndpointKind::kPoll) return Verdict::kKnown;
  // The way to the store, which only the cluster that wrote the segment can tell.
  if (endpoint == EndpointKind::kSpooled && (status == 303 || status == 307)) {
    return Verdict::kKnown;
  }
  // Segments of other clusters cannot even be deciphered.
  if (status == 410 || endpoint == EndpointKind::kSpooled) return Verdict::kUnknown;
  return status == 429 || status >= 500 ? Verdict::kFailed : Verdict::kRefused;
}

}  // namespace

// A backend that could not be asked may be the owner, so what the others say proves nothing. Only
// success teaches an owner: errors and redirections come from whatever stands in front, too.
Awaitable<void> Exchange::ForwardAsking() {
  if (placement_.candidates.empty()) co_return co_await SendUnavailable();
  Expected<void> failure;
  const model::BackendState* refused = nullptr;
  const model::BackendState* done = nullptr;
  for (const auto* candidate : placement_.candidates) {
    auto outcome = co_await Try(*candidate);
    if (!outcome) {
      const bool repeat = MayRepeat(outcome.error());
      const bool another = candidate != placement_.candidates.back();
      NoteFailure(*candidate, outcome.error(), repeat && another);
      if (!repeat) co_return co_await SendFailure(outcome.error());
      failure = std::move(outcome);
      continue;
    }
    const auto status = call_.head().status;
    const auto verdict = VerdictOf(request_.endpoint.kind, status);
    if (verdict == Verdict::kKnown && !placement_.cancels) {
      if (status < 300) {
        context_.sticky.Learn(protocol::CoordinatorSuffix(request_.endpoint.query_id),
                              candidate->backend.id);
      }
      co_return co_await RelayAnswer();
    }
    if (verdict == Verdict::kKnown) done = candidate;
    if (verdict == Verdict::kRefused && !refused) refused = candidate;
    if (verdict == Verdict::kFailed) {
      failure = Fail(ErrorCode::kUnavailable,
                     fmt::format("backend '{}' answered {}", candidate->backend.id, status),
                     Origin::kBackend);
    }
    const auto* speaker = refused ? refused : done;
    const bool last = candidate == placement_.candidates.back();
    if (last && failure && (!speaker || speaker == candidate)) co_return co_await RelayAnswer();
    TrackAnswer(request_, call_.head(), {}, *candidate, context_.clock.Now());
    co_await relay_.Discard();
  }
  if (!failure) co_return co_await SendFailure(failure.error());
  // It was not the last one, and its answer is the one that counts.
  // NOLINTNEXTLINE(clang-analyzer-core.NullDereference): else the last one's answer was relayed.
  const auto& speaker = refused ? *refused : *done;
  const auto again = co_await Try(speaker);
  if (again) co_return co_await RelayAnswer();
  NoteFailure(speaker, again.error(), false);
  co_await SendFailure(again.error());
}

}  // namespace gateway::proxy
