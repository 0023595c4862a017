// A method table whose handlers need no service, for tests of the transports. For *_test.cc only.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rpc/access.h"
#include "rpc/method_table.h"
#include "trino/gateway/v1/backend.pb.h"
#include "trino/gateway/v1/group.pb.h"
#include "trino/gateway/v1/health.pb.h"

namespace gateway::rpc {

namespace v1 = ::trino::gateway::v1;

// Who called last.
struct LastCall {
  admin::Caller caller;
};

// Answers with what it was asked, so that tests see what arrived. The backend `c1` exists, `used`
// cannot be deleted, the database of the group `down` is away.
inline MethodTable FakeMethods(LastCall& last) {
  using identity::Role;
  MethodTable table;
  const auto echo = [&last](const auto& request, auto& response, const admin::Caller& caller) {
    last.caller = caller;
    response = request.backend();
    return Expected<void>();
  };
  table.Add<v1::HealthCheckRequest, v1::HealthCheckResponse>(
      "HealthCheckAPI.Check", Role::kNone, Blocking::kNo,
      [](const auto&, auto& response, const auto&) -> Expected<void> {
        response.set_serving_status(v1::HealthCheckResponse::SERVING_STATUS_SERVING);
        return {};
      });
  table.Add<v1::BackendGetRequest, v1::BackendGetResponse>(
      "BackendApi.GetBackend", Role::kViewer, Blocking::kNo,
      [](const auto& request, auto& response, const auto&) -> Expected<void> {
        if (request.id() != "c1") {
          return Fail(ErrorCode::kNotFound,
                      fmt::format("backend '{}' does not exist", request.id()));
        }
        response.mutable_backend()->set_id("c1");
        response.mutable_backend()->set_etag("5");
        return {};
      });
  table.Add<v1::ListBackendsRequest, v1::ListBackendsResponse>(
      "BackendApi.ListBackends", Role::kViewer, Blocking::kLong,
      [](const auto& request, auto& response, const auto&) -> Expected<void> {
        response.set_total_size(request.page_size());
        response.set_next_page_token(request.filter());
        return {};
      });
  table.Add<v1::CreateBackendRequest, v1::Backend>("BackendApi.CreateBackend", Role::kAdmin,
                                                   Blocking::kYes, echo);
  table.Add<v1::PutBackendRequest, v1::Backend>("BackendApi.PutBackend", Role::kAdmin,
                                                Blocking::kYes, echo);
  table.Add<v1::PatchBackendRequest, v1::Backend>(
      "BackendApi.PatchBackend", Role::kAdmin, Blocking::kYes,
      [](const auto& request, auto& response, const auto&) -> Expected<void> {
        response = request.backend();
        response.set_health_reason(
            fmt::format("{}", fmt::join(request.update_mask().paths(), "+")));
        return {};
      });
  table.Add<v1::BackendDeleteRequest, v1::Empty>(
      "BackendApi.DeleteBackend", Role::kAdmin, Blocking::kYes,
      [](const auto& request, auto&, const auto&) -> Expected<void> {
        if (request.etag() == "4") return Fail(ErrorCode::kAborted, "it was changed meanwhile");
        if (request.id() == "used") return Fail(ErrorCode::kConflict, "group 'g' refers to it");
        return {};
      });
  table.Add<v1::BackendEnableRequest, v1::Empty>(
      "BackendApi.EnableBackend", Role::kOperator, Blocking::kYes,
      [](const auto&, auto&, const auto&) -> Expected<void> { return {}; });
  table.Add<v1::DrainBackendRequest, v1::DrainBackendResponse>(
      "BackendApi.DrainBackend", Role::kOperator, Blocking::kYes,
      [](const auto& request, auto& response, const auto&) -> Expected<void> {
        response.set_in_flight(request.timeout_seconds());
        return {};
      });
  table.Add<v1::GroupGetRequest, v1::GroupGetResponse>(
      "GroupApi.GetGroup", Role::kViewer, Blocking::kNo,
      [](const auto& request, auto& response, const auto&) -> Expected<void> {
        if (request.id() == "down") return Fail(ErrorCode::kUnavailable, "the database is away");
        if (request.id() == "adhoc") {
          response.mutable_group()->set_id("adhoc");
          response.mutable_group()->set_etag("5");
          return {};
        }
        return Fail(ErrorCode::kInternal, "SELECT secret FROM x");
      });
  return table;
}

// Tokens are names of roles; without one everybody may read. Looking up the user `faulty` throws,
// and so does the token `faulty`.
inline AccessHooks FakeAccess() {
  AccessHooks hooks;
  hooks.authenticate =
      [](const identity::Credentials& credentials) -> Expected<identity::Principal> {
    if (credentials.user == "faulty" || credentials.token == "faulty") {
      throw std::runtime_error("no descriptors are left");
    }
    const auto role =
        identity::ParseRole(credentials.token.empty() ? credentials.password : credentials.token);
    if (!role) return Fail(ErrorCode::kUnauthenticated, "the token is wrong");
    return identity::Principal{credentials.user.empty() ? "someone" : credentials.user, *role,
                               "token"};
  };
  // Users have to be looked up; `ldap` in a directory.
  hooks.waits = [](const identity::Credentials& credentials) {
    if (credentials.user.empty()) return identity::Waits::kForNothing;
    return credentials.user == "ldap" ? identity::Waits::kForOthers : identity::Waits::kForHashing;
  };
  hooks.anonymous = [](const identity::Sender&, identity::Role) {
    return identity::Principal{"anonymous", identity::Role::kViewer, "anonymous"};
  };
  hooks.session_cookie = "session";
  hooks.external_url = Url{true, "gw.example.org", 443};
  return hooks;
}

}  // namespace gateway::rpc
