#include "rpc/http_api.h"

#include <utility>

#include "rpc/login_pages.h"
#include "rpc/status.h"
#include "rpc/trino_gateway_api.h"
#include "rpc/twirp.h"

namespace gateway::rpc {

using identity::Role;

HttpApi::HttpApi(HttpApiParts parts) : parts_(std::move(parts)), rest_(parts_.table) {}

HttpApi::Plan HttpApi::Prepare(Request request) const {
  const auto shared = std::make_shared<const Request>(std::move(request));
  const auto path = shared->path();
  if (path.starts_with(kTwirpPrefix)) return PrepareTwirp(shared);
  if (parts_.adapter && TrinoGatewayApi::Owns(path)) return PrepareAdapter(shared);
  if (path.starts_with("/api/")) return PrepareRest(shared);
  if (parts_.login && LoginPages::Owns(path)) {
    return {true, [this, shared] { return parts_.login->Handle(*shared); }};
  }
  auto page = FindPage(*shared, parts_.pages);
  if (page && !shared->IsRead()) {
    page = RestError(405, "method_not_allowed", "allowed: GET, HEAD");
    page->headers.emplace_back("Allow", "GET, HEAD");
  }
  if (!page) {
    page = RestError(404, "not_found", "there is nothing at this address; GET / lists what is");
  }
  return {false, [response = *std::move(page)] { return response; }};
}

HttpApi::Plan HttpApi::PrepareRest(const SharedRequest& request) const {
  Response refusal;
  auto found = rest_.Find(*request, refusal);
  if (!found) return Nothing(request, std::move(refusal), RestError);
  const auto target = std::make_shared<const Rest::Target>(*std::move(found));
  return PrepareCall(
      request, *target->binding->method,
      {[request, target](auto& message) { return Rest::Decode(*target, *request, message); },
       [target](const auto& message) { return Rest::Encode(*target, message); },
       [](const Error& error) { return RestError(error); }});
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
  const auto role = TrinoGatewayApi::RoleFor(*request);
  const bool blocks =
      !request->IsRead() ||
      (role != Role::kNone && parts_.access.Blocks(parts_.access.CredentialsIn(*request)));
  return {blocks, [this, request, role] {
            auto principal = Admit(*request, role);
            if (!principal) return RestError(principal.error());
            return parts_.adapter->Handle(
                *request, {request->client, *std::move(principal), "TrinoGatewayApi"});
          }};
}

HttpApi::Plan HttpApi::PrepareCall(const SharedRequest& request,
                                   const Method& method,
                                   Codec codec) const {
  const bool blocks =
      method.blocking == Blocking::kYes ||
      (method.role != Role::kNone && parts_.access.Blocks(parts_.access.CredentialsIn(*request)));
  return {blocks, [this, request, &method, codec = std::move(codec)] {
            return Call(*request, method, codec);
          }};
}

HttpApi::Plan HttpApi::Nothing(const SharedRequest& request,
                               Response refusal,
                               Response (*refuse)(const Error&)) const {
  const bool blocks = parts_.access.Blocks(parts_.access.CredentialsIn(*request));
  return {blocks, [this, request, refusal = std::move(refusal), refuse] {
            const auto principal = Admit(*request, Role::kViewer);
            return principal ? refusal : refuse(principal.error());
          }};
}

Response HttpApi::Call(const Request& request, const Method& method, const Codec& codec) const {
  auto principal = Admit(request, method.role);
  if (!principal) return codec.refuse(principal.error());
  const auto message = method.NewRequest();
  if (auto decoded = codec.decode(*message); !decoded) return codec.refuse(decoded.error());
  const auto answer = method.NewResponse();
  const auto done =
      Invoke(method, *message, *answer, {request.client, *std::move(principal), method.Title()});
  if (done) return codec.encode(*answer);
  if (done.error().code == ErrorCode::kInternal) {
    parts_.logger.Event(telemetry::Level::kError, "admin.failed",
                        {{"method", method.Title()}, {"reason", done.error().message}});
  }
  return codec.refuse(done.error());
}

Expected<identity::Principal> HttpApi::Admit(const Request& request, Role role) const {
  Expected<identity::Principal> principal = std::unexpected(Error{});
  if (!request.IsRead() && IsForeignOrigin(request)) {
    principal = Fail(ErrorCode::kPermissionDenied,
                     "changes from pages of other sites are not allowed", Origin::kClient);
  } else {
    principal = parts_.access.Admit(parts_.access.CredentialsIn(request), request.host, role);
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
