#include "explain/described_query.h"

#include <algorithm>

#include <fmt/format.h>

namespace gateway::explain {
namespace {

constexpr std::size_t kMaxHeaders = 100;
constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
constexpr std::size_t kShownBytes = 64;  // of a bad name

// RFC 9110 §5.6.2.
bool IsTokenCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

bool IsControl(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == '\x7f';
}

}  // namespace

Expected<DescribedHead> DescribedHead::Create(const DescribedQuery& query) {
  DescribedHead made;
  const std::pair<std::string_view, std::string> known[] = {
      {"Host", query.host},
      {"X-Trino-User", query.user},
      {"X-Trino-Source", query.source},
      {"X-Trino-Client-Tags", fmt::format("{}", fmt::join(query.tags, ","))},
      {"X-Trino-Catalog", query.catalog},
      {"X-Trino-Schema", query.schema}};
  for (const auto& [name, value] : known) {
    if (value.empty()) continue;
    if (auto added = made.Add(name, value); !added) return std::unexpected(added.error());
  }
  for (const auto& [name, value] : query.headers) {
    if (auto added = made.Add(name, value); !added) return std::unexpected(added.error());
  }
  made.host_ = query.host;
  return made;
}

Expected<void> DescribedHead::Add(std::string_view name, std::string_view value) {
  if (name.empty() || !std::ranges::all_of(name, IsTokenCharacter)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no name of a header", name.substr(0, kShownBytes)),
                Origin::kClient);
  }
  if (std::ranges::any_of(value, IsControl)) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("the value of header '{}' holds control characters",
                            name.substr(0, kShownBytes)),
                Origin::kClient);
  }
  bytes_ += name.size() + value.size();
  if (fields_.size() == kMaxHeaders || bytes_ > kMaxHeaderBytes) {
    return Fail(
        ErrorCode::kTooLarge,
        fmt::format("more than {} headers, or {} bytes of them", kMaxHeaders, kMaxHeaderBytes),
        Origin::kClient);
  }
  fields_.emplace_back(name, value);
  return {};
}

http::RequestHead DescribedHead::Head() const {
  http::RequestHead head;
  head.method = "POST";
  head.target = "/v1/statement";
  head.host = host_;
  for (const auto& [name, value] : fields_) head.fields.push_back({name, value});
  return head;
}

}  // namespace gateway::explain
