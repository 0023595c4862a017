#include "app/rules_reader.h"

#include <algorithm>
#include <utility>

#include "app/config_values.h"
#include "rules/decision.h"
#include "rules/rule_book.h"

namespace gateway::app {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kMaxEntries = 1'000'000;

Expected<milliseconds> ParseTimeout(std::string_view text) {
  return ParseDuration(text, milliseconds(10));
}

Expected<milliseconds> ParseTtl(std::string_view text) {
  return ParseDuration(text, milliseconds(0));
}

Expected<std::uint64_t> ParseEntries(std::string_view text) {
  return ParseCount(text, 0, kMaxEntries);
}

Expected<int> ParsePriority(std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto number = ParseCount(negative ? text.substr(1) : text, 0, 1'000'000);
  if (!number) {
    return Fail(ErrorCode::kInvalidArgument,
                fmt::format("'{}' is no priority; allowed: -1000000 to 1000000", text));
  }
  return negative ? -static_cast<int>(*number) : static_cast<int>(*number);
}

Expected<std::string> ParseChangedHeader(std::string_view text) {
  if (auto checked = rules::CheckHeaderAction(text, nullptr); !checked) {
    return std::unexpected(std::move(checked).error());
  }
  return std::string(text);
}

}  // namespace

RulesReader::RulesReader(YamlReader& reader, const SubstitutionSources& sources)
    : reader_(reader), sources_(sources) {}

std::vector<model::Rule> RulesReader::ReadRules(const Value& section) {
  std::vector<model::Rule> rules;
  for (const auto& element : reader_.ReadList(section)) {
    if (rules.size() == model::kMaxRules) {
      reader_.Report(element, fmt::format("there are more than {} rules", model::kMaxRules));
      break;
    }
    if (auto rule = ReadRule(element, rules)) rules.push_back(*std::move(rule));
  }
  return rules;
}

std::optional<model::Rule> RulesReader::ReadRule(const Value& value,
                                                 const std::vector<model::Rule>& others) {
  MapReader map(reader_, value);
  model::Rule rule;
  rule.source = model::Source::kFile;
  const auto id = map.Require("id");
  if (id) rule.id = reader_.Read(*id, ParseId).value_or("");
  const auto file = map.Require("file");
  map.Read("priority", rule.priority, ParsePriority);
  map.Read("instructions", rule.instructions,
           [](std::string_view text) { return ParseCount(text, 100, 100'000'000); });
  map.Read("memory", rule.memory_bytes,
           [](std::string_view text) { return ParseSize(text, 16 * kKiB, 64 * kMiB); });
  map.Read("text", rule.text, ParseBool);
  if (std::ranges::any_of(others, [&](const auto& other) { return other.id == rule.id; })) {
    reader_.Report(*id, fmt::format("another rule has the id '{}'", rule.id));
    return std::nullopt;
  }
  if (rule.id.empty() || !file || !LoadScript(*file, rule)) return std::nullopt;
  if (const auto valid = rules::Validate(rules::RuleOf(rule), clock_); !valid) {
    reader_.Report(*file, valid.error().message);
    return std::nullopt;
  }
  return rule;
}

bool RulesReader::LoadScript(const Value& file, model::Rule& rule) {
  const auto path = reader_.Read(file, ParseText);
  if (!path) return false;
  auto content = sources_.file(*path);
  if (!content) {
    reader_.Report(file, fmt::format("the script '{}' cannot be read: {}", file.node.Scalar(),
                                     content.error().message));
    return false;
  }
  rule.file = *path;
  rule.script = *std::move(content);
  return true;
}

rules::ExternalRouterOptions RulesReader::ReadExternal(const Value& section) {
  MapReader map(reader_, section);
  rules::ExternalRouterOptions options;
  if (const auto url = map.Require("url")) {
    if (auto location = reader_.Read(*url, ParseHttpLocation)) {
      options.location = *std::move(location);
    }
  }
  map.Read("timeout", options.timeout, ParseTimeout);
  if (const auto headers = map.Take("headers")) {
    for (const auto& header : reader_.ReadList(*headers)) ReadHeader(header, options);
  }
  if (const auto names = map.Take("exclude_headers")) {
    for (const auto& name : reader_.ReadList(*names)) {
      if (auto text = reader_.Read(name, ParseText)) options.exclude_headers.push_back(*text);
    }
  }
  map.Read("send_credentials", options.send_credentials, ParseBool);
  map.Read("query_properties", options.query_properties, ParseBool);
  map.Read("propagate_errors", options.propagate_errors, ParseBool);
  map.Read("fallback", options.fallback, rules::ParseRouterFallback);
  if (const auto cache = map.Take("cache")) ReadCache(*cache, options);
  if (const auto breaker = map.Take("circuit_breaker")) ReadBreaker(*breaker, options);
  return options;
}

void RulesReader::ReadHeader(const Value& value, rules::ExternalRouterOptions& options) {
  MapReader map(reader_, value);
  const auto name = map.Require("name");
  const auto text = map.Require("value");
  if (!name || !text) return;
  auto parsed_name = reader_.Read(*name, ParseChangedHeader);
  auto parsed_value = reader_.Read(*text, ParseUser);
  if (!parsed_name || !parsed_value) return;
  options.headers.emplace_back(*std::move(parsed_name), *std::move(parsed_value));
}

void RulesReader::ReadCache(const Value& section, rules::ExternalRouterOptions& options) {
  MapReader map(reader_, section);
  map.Read("ttl", options.cache_ttl, ParseTtl);
  map.Read("entries", options.cache_entries, ParseEntries);
  const auto key = map.Require("key");
  if (!key) return;
  const auto parts = reader_.ReadList(*key);
  for (const auto& part : parts) {
    if (auto parsed = reader_.Read(part, rules::ParseCacheKeyPart)) {
      options.cache_key.push_back(*std::move(parsed));
    }
  }
  if (key->node.IsSequence() && parts.empty()) {
    reader_.Report(*key, "the list is empty: all queries would share one answer");
  }
}

void RulesReader::ReadBreaker(const Value& section, rules::ExternalRouterOptions& options) {
  MapReader map(reader_, section);
  map.Read("failures", options.breaker_failures,
           [](std::string_view text) { return ParseCount(text, 1, 1'000); });
  map.Read("open_for", options.breaker_open_for, ParseTimeout);
}

delegated_auth::DelegatedAuthOptions RulesReader::ReadDelegatedAuth(const Value& section) {
  MapReader map(reader_, section);
  delegated_auth::DelegatedAuthOptions options;
  if (const auto url = map.Require("url")) {
    if (auto location = reader_.Read(*url, ParseHttpLocation)) {
      options.location = *std::move(location);
    }
  }
  map.Read("token", options.token, ParseToken);
  map.Read("timeout", options.timeout, ParseTimeout);
  map.Read("cache_ttl", options.cache_ttl, ParseTtl);
  map.Read("failure_ttl", options.failure_ttl, ParseTtl);
  map.Read("entries", options.entries, ParseEntries);
  map.Read("check_polls", options.check_polls, ParseBool);
  if (const auto users = map.Take("impersonators")) {
    for (const auto& user : reader_.ReadList(*users)) {
      if (auto text = reader_.Read(user, ParseUser)) options.impersonators.push_back(*text);
    }
  }
  return options;
}

}  // namespace gateway::app
