#include "rpc/twirp.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "rpc/json_reader.h"
#include "rpc/json_writer.h"
#include "rpc/rest.h"
#include "rpc/status.h"
#include "rpc/unknown_fields.h"
#include "telemetry/logger.h"

namespace gateway::rpc {
namespace {

constexpr std::string_view kJson = "application/json";
constexpr std::string_view kProtobuf = "application/protobuf";
constexpr std::string_view kPackages[] = {kPackage, "razorpay.gateway"};

Response ErrorWith(unsigned status,
                   std::string_view code,
                   std::string_view message,
                   std::string_view meta = "") {
  std::string body = "{\"code\":";
  telemetry::AppendJsonString(body, code);
  body += ",\"msg\":";
  telemetry::AppendJsonString(body, message);
  if (!meta.empty()) {
    body += ",\"meta\":{\"twirp_invalid_route\":";
    telemetry::AppendJsonString(body, meta);
    body += '}';
  }
  body += "}";
  Response response{status, std::move(body)};
  AddAdvice(response);
  return response;
}

Response BadRoute(const Request& request, std::string_view message) {
  return ErrorWith(404, "bad_route", message, fmt::format("{} {}", request.method, request.path()));
}

// The type without parameters such as the charset.
std::string_view TypeOf(const Request& request) {
  const std::string_view type = request.content_type;
  return Trim(type.substr(0, type.find(';')));
}

bool IsProtobuf(const Request& request) { return EqualsIgnoreCase(TypeOf(request), kProtobuf); }

// "/twirp/PACKAGE.SERVICE/METHOD" -> SERVICE and METHOD.
std::optional<std::pair<std::string_view, std::string_view>> NamesIn(std::string_view path) {
  if (!path.starts_with(kTwirpPrefix)) return std::nullopt;
  path.remove_prefix(kTwirpPrefix.size());
  const auto slash = path.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto service = path.substr(0, slash);
  for (const auto package : kPackages) {
    if (service.starts_with(package) && service.substr(package.size()).starts_with('.')) {
      return std::pair(service.substr(package.size() + 1), path.substr(slash + 1));
    }
  }
  return std::nullopt;
}

}  // namespace

Response TwirpError(const Error& error) {
  if (error.code == ErrorCode::kProtocol) return ErrorWith(400, "malformed", error.message);
  const auto& status = StatusOf(error.code);
  return ErrorWith(status.twirp_http_status, status.twirp_name, MessageFor(error));
}

Response TwirpError(unsigned status, std::string_view code, std::string_view message) {
  return ErrorWith(status, code, message);
}

const Method* FindTwirpMethod(const MethodTable& table, const Request& request, Response& refusal) {
  const auto names = NamesIn(request.path());
  const auto* method = names ? table.Find(names->first, names->second) : nullptr;
  if (!method) {
    refusal = BadRoute(request, fmt::format("no handler for path \"{}\"", request.path()));
    return nullptr;
  }
  if (request.method != "POST") {
    refusal = BadRoute(
        request, fmt::format("unsupported method \"{}\" (only POST is allowed)", request.method));
    return nullptr;
  }
  if (!IsProtobuf(request) && !EqualsIgnoreCase(TypeOf(request), kJson)) {
    refusal =
        BadRoute(request, fmt::format("unexpected Content-Type: \"{}\"", request.content_type));
    return nullptr;
  }
  return method;
}

Expected<void> DecodeTwirp(const Request& request, google::protobuf::Message& message) {
  if (!IsProtobuf(request)) return ReadJson(request.body, message);
  if (message.ParseFromString(request.body)) return CheckFieldsAreKnown(message);
  return Fail(ErrorCode::kProtocol, "the protobuf request could not be decoded", Origin::kClient);
}

Response EncodeTwirp(const Request& request, const google::protobuf::Message& message) {
  if (IsProtobuf(request)) return {200, message.SerializeAsString(), kProtobuf};
  return {200, WriteJson(message)};
}

}  // namespace gateway::rpc
