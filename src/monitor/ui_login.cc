#include "monitor/ui_login.h"

#include <cctype>

#include <fmt/format.h>

namespace gateway::monitor {
namespace {

constexpr std::string_view kCookie = "Trino-UI-Token=";

std::string FormEncoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((std::isalnum(byte) != 0 && byte < 0x80) || c == '-' || c == '.' || c == '_') {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", byte);
    }
  }
  return encoded;
}

// The cookie that the form gives.
http::Awaitable<Probed<std::string>> Login(ProbeCall& call, std::chrono::milliseconds timeout) {
  auto request = call.Request("POST", "/ui/login", timeout, false);
  request.fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body = fmt::format("username={}&password={}", FormEncoded(call.credentials().user),
                             FormEncoded(call.credentials().password));
  const auto response = co_await call.Send("POST /ui/login", std::move(request));
  if (!response) co_return std::unexpected(response.error());
  const std::string_view cookie = response->set_cookie;
  if (cookie.starts_with(kCookie)) co_return std::string(cookie.substr(0, cookie.find(';')));
  if (response->location.ends_with("/ui/login.html")) {
    Failure refused{"ui_login", fmt::format("POST /ui/login: the user '{}' is refused",
                                            call.credentials().user)};
    co_return std::unexpected(std::move(refused));
  }
  co_return std::unexpected(FailureOf("POST /ui/login", *response));
}

}  // namespace

http::Awaitable<Probed<http::ControlResponse>> FetchFromUi(ProbeCall& call,
                                                           std::string target,
                                                           std::chrono::milliseconds timeout) {
  const auto what = "GET " + target;
  // Without a login first: some clusters have a fixed user, or none.
  auto response = co_await call.Send(what, call.Request("GET", target, timeout));
  if (response && response->status == 401) {
    const auto cookie = co_await Login(call, timeout);
    if (!cookie) co_return std::unexpected(cookie.error());
    auto request = call.Request("GET", target, timeout);
    request.fields.emplace_back("Cookie", *cookie);
    response = co_await call.Send(what, std::move(request));
  }
  if (response && response->status != 200) co_return std::unexpected(FailureOf(what, *response));
  co_return response;
}

}  // namespace gateway::monitor
