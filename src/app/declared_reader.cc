#include "app/declared_reader.h"

#include <chrono>
#include <set>
#include <utility>

#include "app/config_values.h"
#include "app/monitor_reader.h"
#include "base/cron.h"
#include "base/ranges.h"
#include "base/strings.h"

namespace gateway::app {

using model::Source;

namespace {

constexpr std::uint64_t kMaxWeight = 1000;
constexpr std::uint64_t kMaxLoadLimit = 1'000'000;

Expected<std::string> ParseExternalUrl(std::string_view text) {
  auto url = ParseUrl(text);
  if (!url) return std::unexpected(std::move(url).error());
  return url->ToString();
}

Expected<std::string> ParseSchedule(std::string_view text) {
  auto cron = Cron::Parse(text);
  if (!cron) return std::unexpected(std::move(cron).error());
  if (!cron->HasImpossibleDay()) return std::string(text);
  return Fail(
      ErrorCode::kInvalidArgument,
      fmt::format("'{}' means a day that no year has, so the backend would never be up", text));
}

}  // namespace

DeclaredReader::DeclaredReader(YamlReader& reader) : reader_(reader), policy_reader_(reader) {}

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
  map.Read("external_url", backend.external_url, ParseExternalUrl);
  map.Read("enabled", backend.enabled, ParseBool);
  map.Read("draining", backend.draining, ParseBool);
  map.Read("load_limit", backend.load_limit,
           [](std::string_view text) { return ParseCount(text, 0, kMaxLoadLimit); });
  map.Read("uptime_schedule", backend.uptime_schedule, ParseSchedule);
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
  ReadReferences(map.Require("backends"), backends_, group.backends);
  map.Read("strategy", group.strategy, model::ParseStrategy);
  const auto weights = map.Take("weights");
  if (weights) ReadWeights(*weights, group);
  CheckMatters(weights, group, model::Strategy::kWeightedRoundRobin);
  const auto hash_key = map.Take("hash_key");
  if (hash_key) {
    if (auto key = reader_.Read(*hash_key, model::ParseHashKey)) group.hash_key = *key;
  }
  CheckMatters(hash_key, group, model::Strategy::kHash);
  map.Read("slow_start", group.slow_start,
           [](std::string_view text) { return ParseDuration(text, std::chrono::milliseconds(0)); });
  const auto fallbacks = map.Take("fallback_groups");
  ReadReferences(fallbacks, groups_, group.fallback_groups);
  if (fallbacks && Contains(group.fallback_groups, group.id)) {
    reader_.Report(*fallbacks, "a group cannot be its own fallback");
  }
  map.Read("mode", group.mode, model::ParseMode);
  map.Read("enabled", group.enabled, ParseBool);
  configuration_.groups.push_back(std::move(group));
}

void DeclaredReader::ReadPolicy(const Value& value) {
  MapReader map(reader_, value);
  model::Policy policy;
  policy.source = Source::kFile;
  policy.id = ReadNewId(map, policies_);
  policy_reader_.Read(map, policy);
  const bool rejects = !policy.reject_message.empty();
  policy.group = ReadReference(rejects ? map.Take("group") : map.Require("group"), groups_);
  policy.fallback_group = ReadReference(map.Take("fallback_group"), groups_);
  ReadReferences(map.Take("more_fallback_groups"), groups_, policy.more_fallback_groups);
  map.Read("enabled", policy.enabled, ParseBool);
  if (policy.auth_delegated) CheckDelegation(value, policy);
  configuration_.policies.push_back(std::move(policy));
}

void DeclaredReader::CheckDelegation(const Value& value, const model::Policy& policy) {
  if (policy.rule_type != model::RuleType::kListeningPort || !policy.conditions.empty()) {
    reader_.Report(value, "auth_delegated needs a rule of type listening_port and no conditions");
  } else if (const auto port = ParseDecimal(policy.rule_value); port && policy.enabled) {
    delegations_.push_back({value, *port});
  }
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

void DeclaredReader::ReadReferences(const std::optional<Value>& list,
                                    const Kind& kind,
                                    std::vector<std::string>& ids) {
  if (!list) return;
  std::set<std::string> seen;
  for (const auto& element : reader_.ReadList(*list)) {
    auto id = ReadReference(element, kind);
    if (id.empty()) continue;
    if (!seen.insert(id).second) {
      reader_.Report(element, fmt::format("'{}' is in this list already; name each {} once",
                                          element.node.Scalar(), kind.name));
    }
    ids.push_back(std::move(id));
  }
}

// Whoever wrote a setting that only `needed` looks at, means it to count.
void DeclaredReader::CheckMatters(const std::optional<Value>& setting,
                                  const model::Group& group,
                                  model::Strategy needed) {
  if (!setting || group.strategy == needed) return;
  reader_.Report(*setting, fmt::format("has no effect with the strategy {}; it is for {}",
                                       NameOf(group.strategy), NameOf(needed)));
}

// The keys are the group's backends, so that others are told of as unknown keys.
void DeclaredReader::ReadWeights(const Value& value, model::Group& group) {
  MapReader map(reader_, value);
  for (const auto& id : group.backends) {
    std::optional<std::uint64_t> weight;
    map.Read(id, weight, [](std::string_view text) { return ParseCount(text, 0, kMaxWeight); });
    if (weight) group.weights[id] = static_cast<int>(*weight);
  }
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
