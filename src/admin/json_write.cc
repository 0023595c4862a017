#include <cmath>

#include <boost/json.hpp>

#include "admin/json.h"

namespace gateway::admin {
namespace {

namespace json = boost::json;

json::string Text(std::string_view text) { return json::string(text.data(), text.size()); }

// Boost.JSON writes 2.0 as 2E0, which is valid but not what people expect of a count.
json::value Number(double number) {
  constexpr double kExact = 9007199254740992.0;  // 2^53
  if (std::trunc(number) == number && std::abs(number) < kExact) {
    return static_cast<std::int64_t>(number);
  }
  return number;
}

json::object ValueOf(const BackendView& view) {
  return {{"id", Text(view.backend.id)},
          {"url", Text(view.backend.url.ToString())},
          {"enabled", view.backend.enabled},
          {"source", Text(NameOf(view.backend.source))},
          {"health", Text(NameOf(view.status.health))},
          {"reason", Text(view.status.reason)},
          {"load", Number(view.load)},
          {"in_flight", view.in_flight},
          {"version", Text(view.status.version)},
          {"process_forwarded", view.status.process_forwarded},
          {"coordinator_suffix", Text(view.status.coordinator_suffix)}};
}

json::object ValueOf(const model::Group& group) {
  json::array backends;
  for (const auto& id : group.backends) backends.push_back(Text(id));
  return {{"id", Text(group.id)},
          {"backends", std::move(backends)},
          {"strategy", Text(NameOf(group.strategy))},
          {"enabled", group.enabled},
          {"source", Text(NameOf(group.source))}};
}

json::object ValueOf(const model::Policy& policy) {
  json::object rule{{"type", Text(NameOf(policy.rule_type))}, {"value", Text(policy.rule_value)}};
  return {{"id", Text(policy.id)},       {"rule", std::move(rule)},
          {"group", Text(policy.group)}, {"fallback_group", Text(policy.fallback_group)},
          {"enabled", policy.enabled},   {"source", Text(NameOf(policy.source))}};
}

json::object ValueOf(const MemberView& member) {
  return {{"id", Text(member.id)},
          {"eligible", member.eligible},
          {"why", Text(member.why)},
          {"load", Number(member.load)},
          {"in_flight", member.in_flight}};
}

json::object ValueOf(const GroupRoutingView& group);

template <typename T>
json::array ArrayOf(const std::vector<T>& objects) {
  json::array array;
  for (const auto& object : objects) array.push_back(ValueOf(object));
  return array;
}

json::object ValueOf(const GroupRoutingView& group) {
  return {{"id", Text(group.id)},
          {"strategy", Text(NameOf(group.strategy))},
          {"enabled", group.enabled},
          {"members", ArrayOf(group.members)}};
}

std::string Line(const json::object& object) { return json::serialize(object) + "\n"; }

}  // namespace

std::string ToJson(const BackendView& backend) { return Line(ValueOf(backend)); }
std::string ToJson(const model::Group& group) { return Line(ValueOf(group)); }
std::string ToJson(const model::Policy& policy) { return Line(ValueOf(policy)); }

std::string ToJson(const std::vector<BackendView>& backends) {
  return Line({{"backends", ArrayOf(backends)}});
}

std::string ToJson(const std::vector<model::Group>& groups) {
  return Line({{"groups", ArrayOf(groups)}});
}

std::string ToJson(const std::vector<model::Policy>& policies) {
  return Line({{"policies", ArrayOf(policies)}});
}

std::string ToJson(const HealthView& health) {
  return Line({{"status", Text(NameOf(health.status))}, {"backends", ArrayOf(health.backends)}});
}

std::string ToJson(const RoutingView& routing) {
  return Line({{"default_group", Text(routing.default_group)},
               {"version", routing.version},
               {"groups", ArrayOf(routing.groups)},
               {"policies", ArrayOf(routing.policies)}});
}

std::string ErrorJson(std::string_view code, std::string_view message) {
  json::object error{{"code", Text(code)}, {"message", Text(message)}};
  return Line({{"error", std::move(error)}});
}

}  // namespace gateway::admin
