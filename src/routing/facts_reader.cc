#include "routing/facts_reader.h"

#include <algorithm>

#include "base/stable_hash.h"
#include "base/strings.h"

namespace gateway::routing {
namespace {

using model::CompiledCondition;
using model::ConditionType;
using model::RuleType;

constexpr std::size_t kMaxMatchedUser = 1024;

Finding FindingOf(bool holds) { return holds ? Finding::kHolds : Finding::kFails; }

bool MatchesTags(std::string_view header, std::string_view value) {
  if (header == value) return true;
  bool found = false;
  ForEachElement(header, ',', [&](std::string_view tag) { found = found || tag == value; });
  return found;
}

int HexOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Is `encoded`, as clients write values of X-Trino-Session (form encoding), the text `plain`?
bool DecodesTo(std::string_view encoded, std::string_view plain) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < encoded.size(); ++i, ++at) {
    char c = encoded[i] == '+' ? ' ' : encoded[i];
    if (c == '%' && i + 2 < encoded.size()) {
      const int high = HexOf(encoded[i + 1]);
      const int low = HexOf(encoded[i + 2]);
      if (high >= 0 && low >= 0) {
        c = static_cast<char>(high * 16 + low);
        i += 2;
      }
    }
    if (at >= plain.size() || plain[at] != c) return false;
  }
  return at == plain.size();
}

// Holds one line of X-Trino-Session, `name=value,name=value`, what the condition asks for?
bool HasProperty(std::string_view line, const CompiledCondition& condition) {
  bool found = false;
  ForEachElement(line, ',', [&](std::string_view property) {
    const auto equals = property.find('=');
    if (found || equals == std::string_view::npos) return;
    if (Trim(property.substr(0, equals)) != condition.name()) return;
    const auto value = Trim(property.substr(equals + 1));
    found = condition.texts().empty() ||
            std::ranges::any_of(condition.texts(),
                                [&](const auto& text) { return DecodesTo(value, text); });
  });
  return found;
}

bool AnyOf(const CompiledCondition& condition, std::span<const std::string> names) {
  return std::ranges::any_of(names, [&](const auto& name) { return condition.HasText(name); });
}

// Is `text` "catalog.schema", in any case?
bool IsSchema(std::string_view text, std::string_view catalog, std::string_view schema) {
  return text.size() == catalog.size() + 1 + schema.size() && text[catalog.size()] == '.' &&
         EqualsIgnoreCase(text.substr(0, catalog.size()), catalog) &&
         EqualsIgnoreCase(text.substr(catalog.size() + 1), schema);
}

}  // namespace

std::string_view WithoutPort(std::string_view host) {
  const auto colon = host.rfind(':');
  if (colon == std::string_view::npos || host.find(']', colon) != std::string_view::npos) {
    return host;
  }
  return host.substr(0, colon);
}

bool FactsReader::Matches(const model::CompiledPolicy& policy) {
  if (!RuleHolds(policy)) return false;
  return std::ranges::all_of(policy.conditions, [this](const auto& condition) {
    return Ask(condition) == Finding::kHolds;
  });
}

bool FactsReader::RuleHolds(const model::CompiledPolicy& policy) const {
  const std::string_view value = policy.policy->rule_value;
  switch (policy.policy->rule_type) {
    case RuleType::kListeningPort:
      return policy.port == facts_.port;
    case RuleType::kHeaderHost:
      return EqualsIgnoreCase(facts_.host, value) ||
             EqualsIgnoreCase(WithoutPort(facts_.host), value);
    case RuleType::kHeaderClientTags:
      return MatchesTags(facts_.client_tags, value);
    case RuleType::kHeaderConnectionProperties:
      return facts_.connection_properties == value;
    case RuleType::kNone:
      return true;
  }
  return false;
}

Finding FactsReader::Ask(const CompiledCondition& condition) {
  const auto finding = AskPlain(condition);
  if (finding == Finding::kUnknown || !condition.negated()) return finding;
  return FindingOf(finding == Finding::kFails);
}

Finding FactsReader::AskPlain(const CompiledCondition& condition) {
  switch (condition.type()) {
    case ConditionType::kUser:
      return FindingOf(condition.HasText(facts_.user));
    case ConditionType::kUserRegex:
      // Nobody's name, and expressions may take their time over it.
      if (facts_.user.size() > kMaxMatchedUser) return Finding::kUnknown;
      return FindingOf(condition.MatchesExpression(facts_.user));
    case ConditionType::kSource:
      return FindingOf(condition.HasText(facts_.source));
    case ConditionType::kRoutingGroup:
      return FindingOf(condition.HasText(facts_.routing_group));
    case ConditionType::kClientAddress:
      return AskAddress(condition);
    case ConditionType::kHeader:
      return AskHeader(condition);
    case ConditionType::kSessionProperty:
      return AskSessionProperty(condition);
    case ConditionType::kTextSize:
      return facts_.text_bytes ? FindingOf(condition.HoldsSize(*facts_.text_bytes))
                               : Finding::kUnknown;
    case ConditionType::kTimeWindow:
      return FindingOf(condition.HoldsTime(facts_.now));
    case ConditionType::kCatalog:
      return AskCatalog(condition);
    case ConditionType::kSchema:
      return AskSchema(condition);
    default:
      break;
  }
  const auto* query = Query();
  if (!query || query->type.empty()) return Finding::kUnknown;
  switch (condition.type()) {
    case ConditionType::kTable:
      return FindingOf(AnyOf(condition, query->tables));
    case ConditionType::kQueryType:
      return FindingOf(condition.HasText(query->type));
    case ConditionType::kQueryCategory:
      if (query->category.empty()) return Finding::kUnknown;
      return FindingOf(condition.HasText(query->category));
    case ConditionType::kReadOnly:
      if (!query->read_only) return Finding::kUnknown;
      return FindingOf(condition.HasText(*query->read_only ? "true" : "false"));
    default:
      return Finding::kUnknown;
  }
}

Finding FactsReader::AskAddress(const CompiledCondition& condition) {
  if (!address_) address_ = IpAddress::Parse(facts_.client_address);
  if (!*address_) return Finding::kUnknown;
  return FindingOf(condition.HoldsAddress(**address_));
}

Finding FactsReader::AskHeader(const CompiledCondition& condition) const {
  if (!facts_.any_header) return Finding::kFails;
  return FindingOf(facts_.any_header(condition.name(), [&](std::string_view value) {
    return condition.texts().empty() || condition.HasText(value);
  }));
}

Finding FactsReader::AskSessionProperty(const CompiledCondition& condition) const {
  if (!facts_.any_header) return Finding::kFails;
  const auto holds = [&](std::string_view line) { return HasProperty(line, condition); };
  return FindingOf(facts_.any_header("x-trino-session", holds) ||
                   facts_.any_header("x-presto-session", holds));
}

// A statement that names no catalog runs in the default one, if in any.
Finding FactsReader::AskCatalog(const CompiledCondition& condition) {
  const auto* query = Query();
  if (query && !query->catalogs.empty()) return FindingOf(AnyOf(condition, query->catalogs));
  if (facts_.catalog.empty()) return query ? Finding::kFails : Finding::kUnknown;
  return FindingOf(std::ranges::any_of(condition.texts(), [this](const auto& text) {
    return EqualsIgnoreCase(text, facts_.catalog);
  }));
}

Finding FactsReader::AskSchema(const CompiledCondition& condition) {
  const auto* query = Query();
  if (query && !query->schemas.empty()) return FindingOf(AnyOf(condition, query->schemas));
  if (facts_.catalog.empty() || facts_.schema.empty()) {
    return query ? Finding::kFails : Finding::kUnknown;
  }
  return FindingOf(std::ranges::any_of(condition.texts(), [this](const auto& text) {
    return IsSchema(text, facts_.catalog, facts_.schema);
  }));
}

std::uint64_t FactsReader::HashOf(model::HashKey key) {
  const auto* query = key == model::HashKey::kTables ? Query() : nullptr;
  if (query && !query->tables.empty()) {
    std::uint64_t sum = 0;  // the same for every order of the tables
    for (const auto& table : query->tables) sum += StableHash(table);
    return MixBits(sum);
  }
  auto text = key == model::HashKey::kSource    ? facts_.source
              : key == model::HashKey::kSession ? facts_.session
                                                : facts_.user;
  return StableHash(text.empty() ? facts_.user : text);
}

const QueryFacts* FactsReader::Query() {
  if (!query_) query_ = facts_.query ? facts_.query() : nullptr;
  return *query_;
}

}  // namespace gateway::routing
