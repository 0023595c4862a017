#include "rules/external_router.h"

#include <algorithm>
#include <array>
#include <exception>
#include <span>

#include <fmt/format.h>

#include "base/strings.h"
#include "http/head.h"

namespace gateway::rules {
namespace {

constexpr std::size_t kMaxAnswerBytes = 64 * 1024;
constexpr std::chrono::seconds kLogInterval{10};

// Fields of the client's request that describe its body or its connection, not the query.
constexpr std::array<std::string_view, 7> kNotForwarded = {
    "host",   "content-length",  "content-type", "content-encoding",
    "accept", "accept-encoding", "expect"};
constexpr std::array<std::string_view, 7> kCredentials = {"authorization",
                                                          "cookie",
                                                          "x-trino-password",
                                                          "x-presto-password",
                                                          "x-trino-extra-credential",
                                                          "x-presto-extra-credential",
                                                          "proxy-authorization"};

bool ContainsName(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::any_of(names, [&](auto known) { return EqualsIgnoreCase(known, name); });
}

// Is the status an answer to this very request? Too many requests and a timeout (429, 408) are not.
bool RefusesRequest(int status) {
  return status >= 400 && status < 500 && status != 408 && status != 429;
}

std::string JoinErrors(const std::vector<std::string>& errors) {
  auto joined = fmt::format("{}", fmt::join(errors, "; "));
  if (joined.size() > kMaxMessageBytes) joined.resize(kMaxMessageBytes);
  return joined;
}

}  // namespace

Expected<RouterFallback> ParseRouterFallback(std::string_view name) {
  if (name == "policies") return RouterFallback::kPolicies;
  if (name == "default_group") return RouterFallback::kDefaultGroup;
  if (name == "reject") return RouterFallback::kReject;
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is no fallback; allowed: policies, default_group, reject", name));
}

ExternalRouter::ExternalRouter(ExternalRouterOptions options,
                               http::asio::io_context& io,
                               http::Deadlines& deadlines,
                               telemetry::Logger& logger,
                               telemetry::Metrics& metrics)
    : options_(std::move(options)),
      deadlines_(deadlines),
      logger_(logger),
      metrics_(metrics),
      client_(io, deadlines),
      breaker_(options_.breaker_failures, options_.breaker_open_for),
      cache_(options_.cache_entries) {}

Awaitable<Expected<void>> ExternalRouter::Ask(Facts& facts,
                                              const Groups& groups,
                                              Decision& decision) {
  const auto answer = co_await Find(facts);
  if (!answer) co_return FallBack(answer.error(), groups, decision);
  Apply(*answer, groups, decision);
  co_return Expected<void>();
}

// From the cache, from a call under way, or by a call.
Awaitable<ExternalRouter::Answer> ExternalRouter::Find(Facts& facts) {
  if (options_.cache_key.empty()) co_return co_await Fetch(RequestFor(facts));
  const auto key = MakeCacheKey(options_.cache_key, facts);
  if (const auto* known = cache_.Find(key, deadlines_.Now())) co_return *known;
  co_return co_await flights_.Run(key, FetchAndKeep(key, RequestFor(facts)));
}

Awaitable<ExternalRouter::Answer> ExternalRouter::FetchAndKeep(std::string key,
                                                               http::ControlRequest request) {
  auto answer = co_await Fetch(std::move(request));
  if (answer) cache_.Put(std::move(key), *answer, deadlines_.Now() + options_.cache_ttl);
  co_return answer;
}

Awaitable<ExternalRouter::Answer> ExternalRouter::Fetch(http::ControlRequest request) {
  if (calls_ >= kMaxCalls) {
    const auto reason = fmt::format("{} calls of this worker are under way already", kMaxCalls);
    Warn("external_router.busy", reason);
    co_return Fail(ErrorCode::kUnavailable, "the external router is too slow: " + reason,
                   Origin::kBackend);
  }
  if (!breaker_.Allows(deadlines_.Now())) {
    co_return Fail(ErrorCode::kUnavailable, "the external router failed just now and is left alone",
                   Origin::kBackend);
  }
  request.deadline = deadlines_.Now() + options_.timeout;
  ++calls_;
  auto answer = co_await FetchOnce(std::move(request));
  --calls_;
  NoteResult(answer);
  co_return answer;
}

// Throws nothing: the caller counts calls, and has to tell the breaker of the end of each.
Awaitable<ExternalRouter::Answer> ExternalRouter::FetchOnce(http::ControlRequest request) {
  try {
    const auto response = co_await client_.Fetch(std::move(request));
    if (!response) co_return std::unexpected(response.error());
    if (response->status != 200) {
      const auto code =
          RefusesRequest(response->status) ? ErrorCode::kInvalidArgument : ErrorCode::kProtocol;
      co_return Fail(code, fmt::format("the external router answered {}", response->status),
                     Origin::kBackend);
    }
    co_return ParseRouterAnswer(response->body);
  } catch (const std::exception& failure) {
    co_return Fail(ErrorCode::kUnavailable,
                   fmt::format("the external router cannot be asked: {}", failure.what()));
  }
}

void ExternalRouter::GiveUpLookups() { client_.CloseIdle(); }

void ExternalRouter::NoteResult(const Answer& answer) {
  metrics_.ExternalRouterAsked(answer ? std::string_view("ok") : NameOf(answer.error().code));
  if (answer) return breaker_.Succeeded();
  if (answer.error().code == ErrorCode::kInvalidArgument) {
    // It is there and well, and no other query should miss it.
    breaker_.Succeeded();
    return Warn("external_router.refused", answer.error().message);
  }
  const bool was_open = breaker_.open();
  breaker_.Failed(deadlines_.Now());
  logger_.Event(telemetry::Level::kDebug, "external_router.failed",
                {{"reason", answer.error().message}});
  if (was_open || !breaker_.open()) return;
  logger_.Event(
      telemetry::Level::kWarn, "external_router.left_alone",
      {{"reason", answer.error().message}, {"open_for_ms", options_.breaker_open_for.count()}});
}

void ExternalRouter::Warn(std::string_view event, std::string_view reason) {
  if (deadlines_.Now() < quiet_until_) return;
  quiet_until_ = deadlines_.Now() + kLogInterval;
  logger_.Event(telemetry::Level::kWarn, event, {{"reason", reason}});
}

http::ControlRequest ExternalRouter::RequestFor(Facts& facts) const {
  http::ControlRequest request;
  request.method = "POST";
  request.url = options_.location.url;
  request.target = options_.location.target;
  request.body_limit = kMaxAnswerBytes;
  request.fields = options_.headers;
  request.fields.emplace_back("Content-Type", "application/json");
  for (const auto& field : facts.headers()) {
    if (http::IsHopByHop(field.name) || ContainsName(kNotForwarded, field.name)) continue;
    if (!options_.send_credentials && ContainsName(kCredentials, field.name)) continue;
    if (IsExcluded(field.name)) continue;
    request.fields.emplace_back(field.name, field.value);
  }
  request.body = RouterRequestJson(facts, options_.query_properties);
  return request;
}

// What the gateway itself sends to the router is not for the client to add to.
bool ExternalRouter::IsExcluded(std::string_view name) const {
  return std::ranges::any_of(options_.exclude_headers,
                             [&](const auto& known) { return EqualsIgnoreCase(known, name); }) ||
         std::ranges::any_of(options_.headers,
                             [&](const auto& own) { return EqualsIgnoreCase(own.first, name); });
}

void ExternalRouter::Apply(const RouterAnswer& answer,
                           const Groups& groups,
                           Decision& decision) const {
  if (!answer.errors.empty() && options_.propagate_errors) {
    decision.reject = JoinErrors(answer.errors);
    if (decision.reject.empty()) decision.reject = "refused by the external router";
    return decision.Note("external router rejects");
  }
  for (const auto& [name, value] : answer.headers) {
    if (IsExcluded(name) || decision.headers.size() >= kMaxHeaderActions) continue;
    if (const auto checked = CheckHeaderAction(name, &value); !checked) {
      decision.Note(fmt::format("external router: {}", checked.error().message));
      continue;
    }
    decision.headers.push_back({name, value});
  }
  if (answer.group.empty()) return decision.Note("external router leaves it to policies");
  if (!groups.Find(answer.group)) {
    return decision.Note(
        fmt::format("external router -> {}, which is not there", answer.group.substr(0, 64)));
  }
  decision.Note(fmt::format("external router -> {}", answer.group));
  decision.groups.push_back(answer.group);
}

Expected<void> ExternalRouter::FallBack(const Error& error,
                                        const Groups& groups,
                                        Decision& decision) const {
  if (options_.fallback == RouterFallback::kReject) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("the external router gave no answer ({})", error.message));
  }
  decision.Note(fmt::format("external router failed ({})", NameOf(error.code)));
  if (options_.fallback == RouterFallback::kDefaultGroup && !groups.default_group().empty()) {
    decision.groups.emplace_back(groups.default_group());
  }
  return {};
}

}  // namespace gateway::rules
