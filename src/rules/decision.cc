#include "rules/decision.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "http/head.h"

namespace gateway::rules {
namespace {

constexpr std::size_t kMaxNameBytes = 128;
constexpr std::size_t kMaxValueBytes = 16 * 1024;

// Fields that frame or describe the body, that route, or that the gateway writes itself.
constexpr std::string_view kReserved[] = {"host",
                                          "content-length",
                                          "content-encoding",
                                          "content-type",
                                          "expect",
                                          "forwarded",
                                          "via",
                                          "x-trino-transaction-id",
                                          "x-presto-transaction-id"};
constexpr std::string_view kReservedPrefixes[] = {"x-forwarded-", "proxy-", "x-trino-gateway-"};

bool IsTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool IsReserved(std::string_view name) {
  const auto lower = ToLower(name);
  return http::IsHopByHop(lower) || std::ranges::find(kReserved, lower) != std::end(kReserved) ||
         std::ranges::any_of(kReservedPrefixes,
                             [&](auto prefix) { return lower.starts_with(prefix); });
}

bool IsValueCharacter(char c) {
  return static_cast<unsigned char>(c) >= 0x20 ? c != '\x7f' : c == '\t';
}

}  // namespace

void Decision::Note(std::string_view text) {
  if (!trace.empty()) trace += "; ";
  trace += text;
}

Expected<void> CheckHeaderAction(std::string_view name, const std::string* value) {
  if (name.empty() || name.size() > kMaxNameBytes || !std::ranges::all_of(name, IsTokenCharacter)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no header name", name.substr(0, kMaxNameBytes)));
  }
  if (IsReserved(name)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("header '{}' is the gateway's own and cannot be changed", name));
  }
  if (value && value->size() > kMaxValueBytes) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the value of header '{}' exceeds {} bytes", name, kMaxValueBytes));
  }
  if (value && !std::ranges::all_of(*value, IsValueCharacter)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the value of header '{}' holds control characters", name));
  }
  return {};
}

}  // namespace gateway::rules
