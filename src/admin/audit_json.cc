#include "admin/audit_json.h"

#include <chrono>

#include <boost/json.hpp>

#include "identity/digest.h"

namespace gateway::admin {
namespace {

namespace json = boost::json;

json::string Text(std::string_view text) { return json::string(text.data(), text.size()); }

// In place of what may be long, or hold what only its reader should see.
json::string DigestOf(std::string_view text) {
  return Text(identity::ToHex(identity::Sha256(text)));
}

json::array Texts(const std::vector<std::string>& texts) {
  json::array array;
  for (const auto& text : texts) array.push_back(Text(text));
  return array;
}

json::object ValueOf(const model::Condition& condition) {
  return {{"type", Text(NameOf(condition.type))},
          {"name", Text(condition.name)},
          {"values", Texts(condition.values)},
          {"not", condition.negated}};
}

json::object ValueOf(const model::HeaderAction& action) {
  json::object object{{"name", Text(action.name)}};
  object["value"] = action.value ? json::value(Text(*action.value)) : json::value(nullptr);
  return object;
}

template <typename T>
json::array ArrayOf(const std::vector<T>& objects) {
  json::array array;
  for (const auto& object : objects) array.push_back(ValueOf(object));
  return array;
}

}  // namespace

std::string ToAuditJson(const store::QueryRecord& query) {
  const auto submitted = std::chrono::floor<std::chrono::milliseconds>(query.submitted);
  return json::serialize(json::object{{"id", Text(query.id)},
                                      {"user", Text(query.user)},
                                      {"source", Text(query.source)},
                                      {"client", Text(query.client)},
                                      {"group", Text(query.group_id)},
                                      {"backend", Text(query.backend_id)},
                                      {"server_host", Text(query.server_host)},
                                      {"submitted_ms", submitted.time_since_epoch().count()},
                                      {"text_sha256", DigestOf(query.text)},
                                      {"trace_sha256", DigestOf(query.trace)}});
}

std::string ToAuditJson(const model::Backend& backend) {
  return json::serialize(json::object{{"id", Text(backend.id)},
                                      {"url", Text(backend.url.ToString())},
                                      {"external_url", Text(backend.external_url)},
                                      {"enabled", backend.enabled},
                                      {"draining", backend.draining},
                                      {"load_limit", backend.load_limit},
                                      {"uptime_schedule", Text(backend.uptime_schedule)},
                                      {"version", backend.version}});
}

std::string ToAuditJson(const model::Group& group) {
  json::object weights;
  for (const auto& [id, weight] : group.weights) weights[id] = weight;
  return json::serialize(json::object{{"id", Text(group.id)},
                                      {"backends", Texts(group.backends)},
                                      {"strategy", Text(NameOf(group.strategy))},
                                      {"weights", std::move(weights)},
                                      {"hash_key", Text(NameOf(group.hash_key))},
                                      {"slow_start_ms", group.slow_start.count()},
                                      {"fallback_groups", Texts(group.fallback_groups)},
                                      {"mode", Text(NameOf(group.mode))},
                                      {"enabled", group.enabled},
                                      {"version", group.version}});
}

std::string ToAuditJson(const model::Policy& policy) {
  json::object rule{{"type", Text(NameOf(policy.rule_type))}, {"value", Text(policy.rule_value)}};
  json::object object{{"id", Text(policy.id)},
                      {"priority", policy.priority},
                      {"rule", std::move(rule)},
                      {"conditions", ArrayOf(policy.conditions)},
                      {"group", Text(policy.group)},
                      {"fallback_group", Text(policy.fallback_group)},
                      {"more_fallback_groups", Texts(policy.more_fallback_groups)},
                      {"reject_message", Text(policy.reject_message)},
                      {"set_request_source", Text(policy.set_request_source)},
                      {"headers", ArrayOf(policy.headers)},
                      {"auth_delegated", policy.auth_delegated},
                      {"enabled", policy.enabled},
                      {"version", policy.version}};
  object["mode"] = policy.mode ? json::value(Text(NameOf(*policy.mode))) : json::value(nullptr);
  return json::serialize(object);
}

std::string ToAuditJson(const model::Rule& rule) {
  return json::serialize(json::object{{"id", Text(rule.id)},
                                      {"script", Text(rule.script)},
                                      {"priority", rule.priority},
                                      {"instructions", rule.instructions},
                                      {"memory_bytes", rule.memory_bytes},
                                      {"text", rule.text},
                                      {"enabled", rule.enabled},
                                      {"version", rule.version}});
}

std::string ToAuditJson(const store::BackendMark& mark) {
  json::object object{{"id", Text(mark.backend_id)}};
  object["marked_healthy"] = mark.healthy ? json::value(*mark.healthy) : json::value(nullptr);
  object["marked_load"] = mark.load ? json::value(*mark.load) : json::value(nullptr);
  return json::serialize(object);
}

}  // namespace gateway::admin
