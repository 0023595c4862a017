#include "proxy/replies.h"

#include <fmt/format.h>

#include "proxy/request_facts.h"

namespace gateway::proxy {
namespace {

constexpr std::string_view kRetrySoon = "Retry-After: 1\r\n";

}  // namespace

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 303:
      return "See Other";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";
  }
}

std::string Serialise(const Reply& reply, bool close, bool head_only) {
  return fmt::format(
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\n{}{}\r\n{}",
      reply.status, ReasonPhrase(reply.status), reply.content_type, reply.body.size(),
      reply.extra_fields, close ? "Connection: close\r\n" : "",
      head_only ? std::string_view() : std::string_view(reply.body));
}

Reply MalformedReply(const Error& error, bool parsing_head) {
  Reply reply;
  switch (error.code) {
    case ErrorCode::kTimeout:
      reply.status = 408;
      break;
    case ErrorCode::kTooLarge:
      reply.status = parsing_head ? 431 : 413;
      break;
    case ErrorCode::kUnsupported:
      reply.status = parsing_head ? 505 : 501;
      break;
    default:
      reply.status = 400;
      break;
  }
  reply.body = fmt::format("trino-gateway cannot read this request: {}\n", error.message);
  return reply;
}

Reply UpstreamFailedReply(const Error& error) {
  Reply reply;
  switch (error.code) {
    case ErrorCode::kTimeout:
      reply.status = 504;
      break;
    case ErrorCode::kProtocol:
    case ErrorCode::kTooLarge:
    case ErrorCode::kClosed:
      reply.status = 502;
      break;
    default:
      reply.status = 503;
      break;
  }
  reply.extra_fields = kRetrySoon;
  reply.body = fmt::format("trino-gateway got no answer: {}\n", error.message);
  return reply;
}

Reply UnavailableReply(std::string_view why) {
  Reply reply;
  reply.status = 503;
  reply.extra_fields = kRetrySoon;
  reply.body = fmt::format("trino-gateway has no backend for this request now: {}\n", why);
  return reply;
}

Reply UnauthenticatedReply(std::string_view why) {
  Reply reply;
  reply.status = 401;
  reply.extra_fields = "WWW-Authenticate: Basic realm=\"Trino\"\r\n";
  reply.body = fmt::format("trino-gateway: {}\n", why);
  return reply;
}

Reply UndecidedReply(std::string_view why) {
  Reply reply;
  reply.status = 503;
  reply.extra_fields = kRetrySoon;
  reply.body = fmt::format("trino-gateway: {}\n", why);
  return reply;
}

Reply NotFoundReply(std::string_view target) {
  Reply reply;
  reply.status = 404;
  reply.body = fmt::format(
      "trino-gateway relays Trino's client protocol (/v1/statement, /v1/query/{{id}}, /v1/info, "
      "/v1/status, /v1/spooled, /ui, /oauth2); there is nothing at {}\n",
      target.substr(0, 256));
  return reply;
}

Reply AmbiguousReply(std::string_view why) {
  Reply reply;
  reply.status = 400;
  reply.body = fmt::format("trino-gateway refuses this request: {}\n", why);
  return reply;
}

Reply OwnerGoneReply(std::string_view why) {
  Reply reply;
  reply.status = 404;
  reply.body = fmt::format("trino-gateway: {}\n", why);
  return reply;
}

Reply BadMethodReply(std::string_view allow) {
  Reply reply;
  reply.status = 405;
  reply.extra_fields = fmt::format("Allow: {}\r\n", allow);
  reply.body = fmt::format("trino-gateway: this path takes {}\n", allow);
  return reply;
}

Reply RedirectReply(std::string_view location, std::string_view cookie_backend) {
  Reply reply;
  reply.status = 303;
  reply.extra_fields =
      fmt::format("Location: {}\r\nSet-Cookie: {}={}; Path=/; HttpOnly; SameSite=Lax\r\n", location,
                  kCookieName, cookie_backend);
  return reply;
}

Reply StatementErrorReply(std::string_view query_id,
                          std::string_view origin,
                          const StatementFailure& failure,
                          std::string_view message) {
  Reply reply;
  reply.status = 200;
  reply.content_type = "application/json";
  reply.body = protocol::QueryErrorJson(query_id, origin,
                                        {message, failure.code, failure.name, failure.type});
  return reply;
}

}  // namespace gateway::proxy
