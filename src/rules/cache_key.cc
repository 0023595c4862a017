#include "rules/cache_key.h"

#include <array>

#include <fmt/format.h>

#include "base/strings.h"

namespace gateway::rules {
namespace {

using Kind = CacheKeyPart::Kind;

struct NamedKind {
  std::string_view name;
  Kind kind;
};

constexpr std::array kKinds = {
    NamedKind{"user", Kind::kUser},
    NamedKind{"source", Kind::kSource},
    NamedKind{"client_tags", Kind::kClientTags},
    NamedKind{"client_address", Kind::kClientAddress},
    NamedKind{"host", Kind::kHost},
    NamedKind{"port", Kind::kPort},
    NamedKind{"query_type", Kind::kQueryType},
    NamedKind{"query_category", Kind::kQueryCategory},
    NamedKind{"tables", Kind::kTables},
    NamedKind{"catalogs", Kind::kCatalogs},
    NamedKind{"text", Kind::kText},
};
constexpr std::string_view kHeaderPrefix = "header:";

// With its length in front, so that no two lists of values make the same key.
void Append(std::string& key, std::string_view value) {
  fmt::format_to(std::back_inserter(key), "{}:", value.size());
  key.append(value);
}

template <typename Texts>
void AppendAll(std::string& key, const Texts& texts) {
  fmt::format_to(std::back_inserter(key), "{}[", texts.size());
  for (const std::string_view text : texts) Append(key, text);
}

void AppendPart(std::string& key, const CacheKeyPart& part, Facts& facts) {
  const auto& request = facts.request();
  switch (part.kind) {
    case Kind::kUser:
      return Append(key, request.user);
    case Kind::kSource:
      return Append(key, request.source);
    case Kind::kClientTags:
      return Append(key, request.client_tags);
    case Kind::kClientAddress:
      return Append(key, request.client_address);
    case Kind::kHost:
      return Append(key, request.host);
    case Kind::kPort:
      return Append(key, fmt::format_int(request.port).str());
    case Kind::kQueryType:
      return Append(key, facts.statement().type);
    case Kind::kQueryCategory:
      return Append(key, facts.statement().category);
    case Kind::kTables:
      return AppendAll(key, facts.statement().tables);
    case Kind::kCatalogs:
      return AppendAll(key, facts.statement().catalogs);
    case Kind::kText:
      return Append(key, facts.text());
    case Kind::kHeader: {
      const auto value = facts.Header(part.header);
      key += value ? '=' : '-';
      return Append(key, value.value_or(std::string_view()));
    }
  }
}

}  // namespace

Expected<CacheKeyPart> ParseCacheKeyPart(std::string_view text) {
  for (const auto& [name, kind] : kKinds) {
    if (text == name) return CacheKeyPart{kind, {}};
  }
  if (text.starts_with(kHeaderPrefix) && text.size() > kHeaderPrefix.size()) {
    return CacheKeyPart{Kind::kHeader, std::string(text.substr(kHeaderPrefix.size()))};
  }
  std::string allowed;
  for (const auto& [name, kind] : kKinds) allowed.append(name).append(", ");
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("'{}' is no part of a cache key; allowed: {}header:NAME", text, allowed));
}

std::string MakeCacheKey(const std::vector<CacheKeyPart>& parts, Facts& facts) {
  std::string key;
  for (const auto& part : parts) AppendPart(key, part, facts);
  return key;
}

}  // namespace gateway::rules
