#include "model/configuration.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace gateway::model {
namespace {

template <typename T>
struct Named {
  std::string_view name;
  T value;
};

constexpr std::array kStrategies = {
    Named{"round_robin", Strategy::kRoundRobin},
    Named{"random", Strategy::kRandom},
    Named{"least_load", Strategy::kLeastLoad},
    Named{"weighted_round_robin", Strategy::kWeightedRoundRobin},
    Named{"least_in_flight", Strategy::kLeastInFlight},
    Named{"hash", Strategy::kHash},
};

constexpr std::array kHashKeys = {
    Named{"user", HashKey::kUser},
    Named{"source", HashKey::kSource},
    Named{"session", HashKey::kSession},
    Named{"tables", HashKey::kTables},
};

constexpr std::array kModes = {
    Named{"proxy", Mode::kProxy},
    Named{"direct", Mode::kDirect},
};

constexpr std::array kRuleTypes = {
    Named{"listening_port", RuleType::kListeningPort},
    Named{"header_host", RuleType::kHeaderHost},
    Named{"header_client_tags", RuleType::kHeaderClientTags},
    Named{"header_connection_properties", RuleType::kHeaderConnectionProperties},
    Named{"none", RuleType::kNone},
};

constexpr std::array kConditionTypes = {
    Named{"user", ConditionType::kUser},
    Named{"user_regex", ConditionType::kUserRegex},
    Named{"source", ConditionType::kSource},
    Named{"routing_group", ConditionType::kRoutingGroup},
    Named{"client_address", ConditionType::kClientAddress},
    Named{"header", ConditionType::kHeader},
    Named{"session_property", ConditionType::kSessionProperty},
    Named{"catalog", ConditionType::kCatalog},
    Named{"schema", ConditionType::kSchema},
    Named{"table", ConditionType::kTable},
    Named{"query_type", ConditionType::kQueryType},
    Named{"query_category", ConditionType::kQueryCategory},
    Named{"read_only", ConditionType::kReadOnly},
    Named{"text_size", ConditionType::kTextSize},
    Named{"time_window", ConditionType::kTimeWindow},
};

template <typename Table, typename T>
std::string_view NameIn(const Table& table, T value) {
  return std::ranges::find(table, value, &Table::value_type::value)->name;
}

template <typename Table>
auto ParseIn(const Table& table, std::string_view what, std::string_view name)
    -> Expected<decltype(table[0].value)> {
  const auto found = std::ranges::find(table, name, &Table::value_type::name);
  if (found != table.end()) return found->value;
  std::string allowed;
  for (const auto& entry : table) {
    allowed += allowed.empty() ? "" : ", ";
    allowed += entry.name;
  }
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("unknown {} '{}'; allowed: {}", what, name, allowed), Origin::kClient);
}

}  // namespace

std::string_view NameOf(Strategy strategy) { return NameIn(kStrategies, strategy); }
std::string_view NameOf(HashKey key) { return NameIn(kHashKeys, key); }
std::string_view NameOf(Mode mode) { return NameIn(kModes, mode); }
std::string_view NameOf(RuleType type) { return NameIn(kRuleTypes, type); }
std::string_view NameOf(ConditionType type) { return NameIn(kConditionTypes, type); }
std::string_view NameOf(Source source) { return source == Source::kFile ? "file" : "store"; }

Expected<Strategy> ParseStrategy(std::string_view name) {
  return ParseIn(kStrategies, "strategy", name);
}

Expected<HashKey> ParseHashKey(std::string_view name) {
  return ParseIn(kHashKeys, "hash key", name);
}

Expected<Mode> ParseMode(std::string_view name) { return ParseIn(kModes, "mode", name); }

Expected<RuleType> ParseRuleType(std::string_view name) {
  return ParseIn(kRuleTypes, "rule type", name);
}

Expected<ConditionType> ParseConditionType(std::string_view name) {
  return ParseIn(kConditionTypes, "condition type", name);
}

}  // namespace gateway::model
