#include "rpc/http_api.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "rpc/guarded.h"
#include "rpc/login_pages.h"
#include "rpc/status.h"
#include "rpc/trino_gateway_api.h"
#include "rpc/twirp.h"

namespace gateway::rpc {

using identity::Role;
using identity::Waits;

namespace {

HttpApi::Thread ThreadFor(Waits waits) {
  switch (waits) {
    case Waits::kForNothing:
      return HttpApi::Thread::kLoop;
    case Waits::kForHashing:
      return HttpApi::Thread::kLogins;
    case Waits::kForOthers:
      return HttpApi::Thread::kOthers;
  }
  return HttpApi::Thread::kOthers;
}

HttpApi::Thread ThreadFor(Blocking blocking) {
  switch (blocking) {
    case Blocking::kNo:
      return HttpApi::Thread::kLoop;
    case Blocking::kLong:
      return HttpApi::Thread::kLists;
    case Blocking::kYes:
      return HttpApi::Thread::kWaiting;
  }
  return HttpApi::Thread::kWaiting;
}

}  // namespace

HttpApi::HttpApi(HttpApiParts parts) : parts_(std::move(parts)), rest_(parts_.table) {}

HttpApi::Plan HttpApi::Prepare(Request request) const {
  const auto shared = std::make_shared<const Request>(std::move(request));
  const auto path = shared->path();
  if (path.starts_with(kTwirpPrefix)) return PrepareTwirp(shared);
  if (parts_.adapter && TrinoGatewayApi::Owns(path)) return PrepareAdapter(shared);
  if (path.starts_with("/api/")) return PrepareRest(shared);
  if (parts_.login && LoginPages::Owns(path)) {
    return {.thread = ThreadFor(parts_.login->WaitsFor(*shared)),
            .run = [this, shared] { return parts_.login->Handle(*shared); }};
  }
  auto page = FindPage(*shared, parts_.pages);
  if (page && !shared->IsRead()) {
    page = RestError(405, "method_not_allowed", "allowed: GET, HEAD");
    page->headers.emplace_back("Allow", "GET, HEAD");
  }
  if (!page) {
    page = RestError(404, "not_found", "there is nothing at this address; GET / lists what is");
  }
  return {.run = [response = *std::move(page)]() mutable { return std::move(response); }};
}

HttpApi::Plan HttpApi::PrepareRest(const SharedRequest& request) const {
  Response refusal;
  auto found = rest_.Find(*request, refusal);
  if (!found) return Nothing(request, std::move(refusal), RestError);
  const auto target = std::make_shared<const Rest::Target>(*std::move(found));
  return PrepareCall(
      request, *target->binding->method,
      {[request, target](auto& message) { return Rest::Decode(*target, *request, message); },
       [request, target](const auto& message) { return Rest::Encode(*target, *request, message); },
       RestError});
}

HttpApi::Plan HttpApi::PrepareTwirp(const SharedRequest& request) const {
  Response refusal;
  const auto* method = FindTwirpMethod(parts_.table, *request, refusal);
  if (!method) return Nothing(request, std::move(refusal), TwirpError);
  return PrepareCall(
      request, *method,
      {[request](auto& message) { return DecodeTwirp(*request, message); },
       [request](const auto& message) { return EncodeTwirp(*request, message); }, TwirpError});
}

HttpApi::Plan HttpApi::PrepareAdapter(const SharedRequest& request) const {
  return PrepareFor(
      request, TrinoGatewayApi::RoleFor(*request), ThreadFor(TrinoGatewayApi::BlockingOf(*request)),
      RestError, [this, request](const Expected<identity::Principal>& principal) {
        if (!principal) return RestError(principal.error());
        return parts_.adapter->Handle(*request, {request->client, *principal, "TrinoGatewayApi"});
      });
}

HttpApi::Plan HttpApi::PrepareCall(const SharedRequest& request,
                                   const Method& method,
                                   Codec codec) const {
  const auto refuse = codec.refuse;
  return PrepareFor(request, method.role, ThreadFor(method.blocking), refuse,
                    [this, request, &method,
                     codec = std::move(codec)](const Expected<identity::Principal>& principal) {
                      return Call(*request, method, codec, principal);
                    });
}

HttpApi::Plan HttpApi::Nothing(const SharedRequest& request,
                               Response refusal,
                               Response (*refuse)(const Error&)) const {
  return PrepareFor(
      request, Role::kViewer, Thread::kLoop, refuse,
      [refusal = std::move(refusal), refuse](const Expected<identity::Principal>& principal) {
        return principal ? refusal : refuse(principal.error());
      });
}

HttpApi::Plan HttpApi::PrepareFor(const SharedRequest& request,
                                  Role role,
                                  Thread thread,
                                  Response (*refuse)(const Error&),
                                  Answer answer) const {
  const auto found = std::make_shared<std::optional<Expected<identity::Principal>>>();
  auto identify = [this, request, role, found] {
    if (!*found) *found = Admit(*request, role);
  };
  Plan plan{.thread = thread, .refuse = refuse};
  const auto waits = role == Role::kNone
                         ? Waits::kForNothing
                         : parts_.access.WaitsFor(parts_.access.CredentialsIn(*request));
  if (waits == Waits::kForNothing) {
    identify();                                 // now, as nobody knows how long that holds
    if (!**found) plan.thread = Thread::kLoop;  // a refusal waits for nothing
  } else {
    plan.identify = identify;
    plan.identify_on = ThreadFor(waits);
  }
  plan.run = [identify, found, answer = std::move(answer)] {
    identify();
    return answer(**found);
  };
  return plan;
}

Response HttpApi::Call(const Request& request,
                       const Method& method,
                       const Codec& codec,
                       const Expected<identity::Principal>& principal) const {
  if (!principal) return codec.refuse(principal.error());
  const auto message = method.NewRequest();
  if (auto decoded = codec.decode(*message); !decoded) return codec.refuse(decoded.error());
  const auto answer = method.NewResponse();
  const auto done = Invoke(method, *message, *answer, {request.client, *principal, method.Title()});
  if (done) return codec.encode(*answer);
  LogFault(parts_.logger, method.Title(), done.error());
  return codec.refuse(done.error());
}

Expected<identity::Principal> HttpApi::Admit(const Request& request, Role role) const {
  Expected<identity::Principal> principal = std::unexpected(Error{});
  if (!request.IsRead() && parts_.access.IsForeign(request)) {
    principal = Fail(ErrorCode::kPermissionDenied,
                     "changes from pages of other sites are not allowed", Origin::kClient);
  } else {
    auto asked = Guarded([&] {
      principal = parts_.access.Admit(parts_.access.CredentialsIn(request), request.sender(), role);
    });
    if (!asked) {
      LogFault(parts_.logger, fmt::format("{} {}", request.method, request.path()), asked.error());
      return std::unexpected(std::move(asked).error());
    }
  }
  if (!principal && !request.IsRead()) {
    parts_.logger.Event(telemetry::Level::kInfo, "admin.refused",
                        {{"method", request.method},
                         {"path", request.path()},
                         {"client", request.client},
                         {"result", NameOf(principal.error().code)}});
  }
  return principal;
}

}  // namespace gateway::rpc
