#include "monitor/probe_call.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace gateway::monitor {
namespace {

std::string_view ClassOf(const Error& error) {
  switch (error.code) {
    case ErrorCode::kRefused:
      return "refused";
    case ErrorCode::kTlsVersion:
      return "tls_version";
    case ErrorCode::kTlsCertificate:
      return "tls_certificate";
    case ErrorCode::kTimeout:
      // The message begins with the step: see http::Connector.
      return error.message.starts_with("connect ") ? "connect_timeout" : "timeout";
    case ErrorCode::kProtocol:
    case ErrorCode::kInvalidArgument:
      return "protocol";
    default:
      return "broken";
  }
}

std::string Base64(std::string_view text) {
  std::string encoded((text.size() + 2) / 3 * 4 + 1, '\0');
  const auto size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> UserFields(std::string_view version,
                                                            std::string_view user) {
  constexpr int kFirstTrino = 351;
  int number = 0;
  const auto [end, error] =
      std::from_chars(version.data(), version.data() + version.size(), number);
  const bool readable = error == std::errc();
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [dialect, known] : {std::pair("Trino", !readable || number >= kFirstTrino),
                                       std::pair("Presto", !readable || number < kFirstTrino)}) {
    if (!known) continue;
    fields.emplace_back(fmt::format("X-{}-User", dialect), user);
    fields.emplace_back(fmt::format("X-{}-Source", dialect), kProbeSource);
  }
  return fields;
}

http::ControlRequest ProbeCall::Request(std::string method,
                                        std::string target,
                                        std::chrono::milliseconds timeout,
                                        bool named) const {
  http::ControlRequest request;
  request.method = std::move(method);
  request.url = url_;
  request.target = std::move(target);
  request.tls = tls_;
  request.deadline = Deadline(timeout);
  if (named) request.fields = UserFields(version_, credentials_.user);
  if (!credentials_.token.empty()) {
    request.fields.emplace_back("Authorization", "Bearer " + credentials_.token);
  } else if (!credentials_.password.empty()) {
    request.fields.emplace_back("Authorization",
                                "Basic " + Base64(credentials_.user + ":" + credentials_.password));
  }
  return request;
}

http::Awaitable<Probed<http::ControlResponse>> ProbeCall::Send(std::string what,
                                                               http::ControlRequest request) {
  request.reuse = std::exchange(reuse_, http::Reuse::kAlways);
  auto response = co_await client_.Fetch(std::move(request));
  if (response) co_return std::move(*response);
  Failure failure{std::string(ClassOf(response.error())),
                  fmt::format("{}: {}", what, response.error().message)};
  co_return std::unexpected(std::move(failure));
}

http::Awaitable<Probed<http::ControlResponse>> ProbeCall::Fetch(std::string what,
                                                                http::ControlRequest request) {
  auto response = co_await Send(what, std::move(request));
  if (response && response->status != 200) co_return std::unexpected(FailureOf(what, *response));
  co_return response;
}

Failure FailureOf(std::string_view what, const http::ControlResponse& response) {
  if (!response.location.empty()) {
    return {"redirect",
            fmt::format("{}: redirected to {} (a login?)", what, response.location.substr(0, 200))};
  }
  // What Trino says in plain text is one line; pages are for browsers.
  std::string text;
  if (response.content_type.starts_with("text/plain") && !response.body.empty()) {
    const auto line = response.body.substr(0, response.body.find_first_of("\r\n"));
    text = fmt::format(": {}", line.substr(0, 200));
  }
  if (response.status == 401) text += " (are the monitor's credentials right?)";
  return {fmt::format("http_{}", response.status),
          fmt::format("{}: {}{}", what, response.status, text)};
}

}  // namespace gateway::monitor
