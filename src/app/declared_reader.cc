#include "app/declared_reader.h"

#include <set>
#include <utility>

#include "app/config_values.h"
#include "app/monitor_reader.h"

namespace gateway::app {

using model::Source;

DeclaredReader::DeclaredReader(YamlReader& reader) : reader_(reader) {}

void DeclaredReader::ReadBackends(const Value& section, const monitor::ProbeSettings& probe) {
  for (const auto& element : reader_.ReadList(section)) ReadBackend(element, probe);
}

void DeclaredReader::ReadGroups(const Value& section) {
  for (const auto& element : reader_.ReadList(section)) ReadGroup(element);
}

void DeclaredReader::ReadPolicies(const Value& section) {
  for (const auto& element : reader_.ReadList(section)) ReadPolicy(element);
}

void DeclaredReader::SetDefaultGroup(const Value& value, std::string_view id) {
  default_group_ = Reference{value, std::string(id), &groups_};
}

model::Configuration DeclaredReader::Finish() {
  if (default_group_ && !groups_.seen.empty()) references_.push_back(*default_group_);
  for (const auto& reference : references_) CheckReference(reference);
  return std::move(configuration_);
}

void DeclaredReader::ReadBackend(const Value& value, const monitor::ProbeSettings& probe) {
  MapReader map(reader_, value);
  model::Backend backend;
  backend.source = Source::kFile;
  backend.id = ReadNewId(map, backends_);
  if (const auto url = map.Require("url")) {
    if (auto parsed = reader_.Read(*url, ParseUrl)) backend.url = *std::move(parsed);
  }
  map.Read("enabled", backend.enabled, ParseBool);
  if (const auto section = map.Take("monitor")) {
    backend_probes_.insert_or_assign(backend.id, ReadProbeSettings(reader_, *section, probe));
  }
  configuration_.backends.push_back(std::move(backend));
}

void DeclaredReader::ReadGroup(const Value& value) {
  MapReader map(reader_, value);
  model::Group group;
  group.source = Source::kFile;
  group.id = ReadNewId(map, groups_);
  if (const auto members = map.Require("backends")) ReadMembers(*members, group);
  map.Read("strategy", group.strategy, model::ParseStrategy);
  map.Read("enabled", group.enabled, ParseBool);
  configuration_.groups.push_back(std::move(group));
}

void DeclaredReader::ReadPolicy(const Value& value) {
  MapReader map(reader_, value);
  model::Policy policy;
  policy.source = Source::kFile;
  policy.id = ReadNewId(map, policies_);
  if (const auto rule = map.Require("rule")) ReadRule(*rule, policy);
  policy.group = ReadReference(map.Require("group"), groups_);
  policy.fallback_group = ReadReference(map.Take("fallback_group"), groups_);
  map.Read("enabled", policy.enabled, ParseBool);
  configuration_.policies.push_back(std::move(policy));
}

// Empty when it is missing or bad, which was reported.
std::string DeclaredReader::ReadNewId(MapReader& map, Kind& kind) {
  const auto value = map.Require("id");
  if (!value) return {};
  auto id = reader_.Read(*value, ParseId);
  if (!id) return {};
  if (!kind.seen.emplace(*id, value->position.line).second) {
    reader_.Report(*value, fmt::format("another {} has the id '{}' (line {}); each {} needs one of "
                                       "its own",
                                       kind.name, value->node.Scalar(),
                                       kind.seen.find(*id)->second + 1, kind.name));
  } else {
    kind.shown.push_back(value->node.Scalar());
  }
  return *std::move(id);
}

std::string DeclaredReader::ReadReference(const std::optional<Value>& value, const Kind& kind) {
  if (!value) return {};
  auto id = reader_.Read(*value, ParseId);
  if (!id) return {};
  references_.push_back({*value, *id, &kind});
  return *std::move(id);
}

void DeclaredReader::ReadMembers(const Value& list, model::Group& group) {
  std::set<std::string> seen;
  for (const auto& element : reader_.ReadList(list)) {
    auto id = ReadReference(element, backends_);
    if (id.empty()) continue;
    if (!seen.insert(id).second) {
      reader_.Report(element, fmt::format("'{}' is in this list already; name each backend once",
                                          element.node.Scalar()));
    }
    group.backends.push_back(std::move(id));
  }
}

void DeclaredReader::ReadRule(const Value& value, model::Policy& policy) {
  MapReader map(reader_, value);
  std::optional<model::RuleType> type;
  if (const auto name = map.Require("type")) type = reader_.Read(*name, model::ParseRuleType);
  const auto rule_value = map.Require("value");
  if (!rule_value) return;
  // Without a type only the form of the value can be checked: as a rule that takes any text.
  policy.rule_type = type.value_or(model::RuleType::kHeaderHost);
  const auto parse = [&policy](std::string_view text) -> Expected<std::string> {
    model::Policy candidate{.id = "rule",
                            .rule_type = policy.rule_type,
                            .rule_value = std::string(text),
                            .group = "group"};
    if (auto valid = model::Validate(candidate); !valid) {
      return std::unexpected(std::move(valid).error());
    }
    return std::move(candidate.rule_value);
  };
  if (auto parsed = reader_.Read(*rule_value, parse)) policy.rule_value = *std::move(parsed);
}

void DeclaredReader::CheckReference(const Reference& reference) {
  const auto& kind = *reference.kind;
  if (kind.seen.contains(reference.id)) return;
  const auto& written = reference.value.node.Scalar();
  reader_.Report(
      reference.value,
      fmt::format("{} '{}' is not declared in this file;{} declared: {}", kind.name, written,
                  reader_.SuggestIfKept(written, kind.shown), ListOf(kind.shown)));
}

}  // namespace gateway::app
