#include "rpc/login_pages.h"

#include <array>
#include <optional>
#include <utility>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "rpc/rest.h"

namespace gateway::rpc {
namespace {

namespace json = boost::json;

struct Route {
  std::string_view method;
  std::string_view path;
};
constexpr std::array kRoutes = {
    Route{"POST", "/auth/password"},    Route{"POST", "/auth/logout"},
    Route{"GET", identity::kLoginPath}, Route{"GET", identity::kCallbackPath},
    Route{"GET", "/auth/whoami"},
};

std::string_view QueryOf(const Request& request) {
  const std::string_view target = request.target;
  const auto mark = target.find('?');
  return mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
}

// The value of a query parameter that holds a path: percent-encoding is left to who follows it.
std::string_view ReturnTo(std::string_view query) {
  constexpr std::string_view kName = "return_to=";
  if (!query.starts_with(kName)) return {};
  return query.substr(kName.size(), query.find('&') - kName.size());
}

std::optional<identity::Credentials> ParseLogin(const Request& request) {
  boost::system::error_code ec;
  const auto value = json::parse(request.body, ec);
  if (ec || !value.is_object()) return std::nullopt;
  const auto* user = value.as_object().if_contains("user");
  const auto* password = value.as_object().if_contains("password");
  if (!user || !user->is_string() || !password || !password->is_string()) return std::nullopt;
  identity::Credentials credentials;
  credentials.user = user->as_string();
  credentials.password = password->as_string();
  credentials.client = request.client;
  return credentials;
}

Response Show(const identity::Principal& principal) {
  const json::object shown{{"name", principal.name},
                           {"role", std::string(NameOf(principal.role))},
                           {"via", principal.via}};
  Response response;
  response.body = json::serialize(shown) + "\n";
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Response Redirect(const identity::LoginRedirect& redirect) {
  Response response;
  response.status = 303;
  response.headers.emplace_back("Location", redirect.location);
  response.headers.emplace_back("Cache-Control", "no-store");
  for (const auto& cookie : redirect.cookies) response.headers.emplace_back("Set-Cookie", cookie);
  return response;
}

}  // namespace

identity::Waits LoginPages::WaitsFor(const Request& request) const {
  const auto path = request.path();
  if (path == "/auth/password") {
    const auto credentials = ParseLogin(request);
    return credentials ? authenticator_.WaitsFor(*credentials) : identity::Waits::kForNothing;
  }
  if (path == "/auth/whoami") return access_.WaitsFor(access_.CredentialsIn(request));
  const bool provider = path == identity::kLoginPath || path == identity::kCallbackPath;
  return flow_ && provider ? identity::Waits::kForOthers : identity::Waits::kForNothing;
}

Response LoginPages::Handle(const Request& request) const {
  const auto path = request.path();
  const auto method = request.IsRead() ? std::string_view("GET") : std::string_view(request.method);
  for (const auto& route : kRoutes) {
    if (route.path != path) continue;
    if (route.method != method) {
      auto refusal = RestError(405, "method_not_allowed", fmt::format("allowed: {}", route.method));
      refusal.headers.emplace_back("Allow", route.method);
      return refusal;
    }
    // A page of another site must not log its visitor in or out.
    if (!request.IsRead() && access_.IsForeign(request)) {
      return RestError(403, "permission_denied",
                       "changes from pages of other sites are not allowed");
    }
    if (path == "/auth/password") return LogIn(request);
    if (path == "/auth/logout") return LogOut();
    if (path == "/auth/whoami") return WhoAmI(request);
    return path == identity::kLoginPath ? BeginAtProvider(request) : FinishAtProvider(request);
  }
  return RestError(404, "not_found", "there is nothing at this address");
}

Response LoginPages::LogIn(const Request& request) const {
  const auto credentials = ParseLogin(request);
  if (!credentials) {
    return RestError(400, "invalid_argument",
                     R"(send {"user": "...", "password": "..."} as application/json)");
  }
  auto principal = authenticator_.Authenticate(*credentials);
  if (principal) {
    if (auto allowed = Authorize(*principal, identity::Role::kViewer); !allowed) {
      return RestError(allowed.error());
    }
  }
  if (!principal) return RestError(principal.error());
  auto response = Show(*principal);
  response.headers.emplace_back("Set-Cookie", sessions_.Begin(*principal));
  return response;
}

Response LoginPages::BeginAtProvider(const Request& request) const {
  if (!flow_) {
    return RestError(404, "not_found", "no provider for browsers is configured (admin.oidc)");
  }
  const auto begun = flow_->Begin(ReturnTo(QueryOf(request)));
  return begun ? Redirect(*begun) : RestError(begun.error());
}

Response LoginPages::FinishAtProvider(const Request& request) const {
  if (!flow_) {
    return RestError(404, "not_found", "no provider for browsers is configured (admin.oidc)");
  }
  const auto finished = flow_->Finish(QueryOf(request), request.cookie);
  return finished ? Redirect(finished->redirect) : RestError(finished.error());
}

Response LoginPages::LogOut() const {
  Response response;
  response.body = "{}\n";
  response.headers.emplace_back("Set-Cookie", sessions_.End());
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

Response LoginPages::WhoAmI(const Request& request) const {
  const auto principal =
      access_.Admit(access_.CredentialsIn(request), request.sender(), identity::Role::kViewer);
  return principal ? Show(*principal) : RestError(principal.error());
}

}  // namespace gateway::rpc
