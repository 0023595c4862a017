#include "store/settings.h"

#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace gateway::store {
namespace {

namespace json = boost::json;

// --- Writing. Put() leaves out what equals the default.

json::value ToJson(bool value) { return value; }
json::value ToJson(int value) { return value; }
json::value ToJson(double value) { return value; }
json::value ToJson(std::int64_t value) { return value; }
json::value ToJson(std::size_t value) { return value; }
json::value ToJson(const std::string& value) { return json::string(value); }
json::value ToJson(std::chrono::milliseconds value) { return value.count(); }

template <typename T>
  requires std::is_enum_v<T>
json::value ToJson(T value) {
  return json::string(std::string(model::NameOf(value)));
}

json::value ToJson(const model::HeaderAction& action) {
  json::object object;
  object["name"] = ToJson(action.name);
  object["value"] = action.value ? ToJson(*action.value) : json::value(nullptr);
  return object;
}

json::value ToJson(const model::Condition& condition);

json::value ToJson(const std::map<std::string, int>& values) {
  json::object object;
  for (const auto& [name, value] : values) object[name] = value;
  return object;
}

template <typename T>
json::value ToJson(const std::vector<T>& values) {
  json::array array;
  for (const auto& value : values) array.push_back(ToJson(value));
  return array;
}

template <typename T>
void Put(json::object& object, const char* name, const T& value, const T& usual = {}) {
  if (value != usual) object[name] = ToJson(value);
}

json::value ToJson(const model::Condition& condition) {
  json::object object;
  object["type"] = ToJson(condition.type);
  Put(object, "name", condition.name);
  object["values"] = ToJson(condition.values);
  Put(object, "negated", condition.negated);
  return object;
}

// --- Reading. Throws what Boost.JSON throws on a value of another kind, and BadName.

struct BadName : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <typename T>
T Named(Expected<T> parsed) {
  if (!parsed) throw BadName(parsed.error().message);
  return *parsed;
}

void FromJson(const json::value& from, bool& to) { to = from.as_bool(); }
void FromJson(const json::value& from, int& to) { to = from.to_number<int>(); }
void FromJson(const json::value& from, std::int64_t& to) { to = from.to_number<std::int64_t>(); }
void FromJson(const json::value& from, std::size_t& to) { to = from.to_number<std::size_t>(); }
void FromJson(const json::value& from, double& to) { to = from.to_number<double>(); }
void FromJson(const json::value& from, std::string& to) { to = std::string(from.as_string()); }
void FromJson(const json::value& from, std::chrono::milliseconds& to) {
  to = std::chrono::milliseconds(from.to_number<std::int64_t>());
}
void FromJson(const json::value& from, model::HashKey& to) {
  to = Named(model::ParseHashKey(std::string(from.as_string())));
}
void FromJson(const json::value& from, model::Mode& to) {
  to = Named(model::ParseMode(std::string(from.as_string())));
}
void FromJson(const json::value& from, model::ConditionType& to) {
  to = Named(model::ParseConditionType(std::string(from.as_string())));
}

void FromJson(const json::value& from, std::map<std::string, int>& to) {
  for (const auto& [name, value] : from.as_object()) to[std::string(name)] = value.to_number<int>();
}

void FromJson(const json::value& from, model::HeaderAction& to);
void FromJson(const json::value& from, model::Condition& to);

template <typename T>
void FromJson(const json::value& from, std::optional<T>& to) {
  to.reset();
  if (!from.is_null()) FromJson(from, to.emplace());
}

template <typename T>
void FromJson(const json::value& from, std::vector<T>& to) {
  to.clear();
  for (const auto& value : from.as_array()) FromJson(value, to.emplace_back());
}

template <typename T>
void Take(const json::object& object, const char* name, T& to) {
  if (const auto* value = object.if_contains(name)) FromJson(*value, to);
}

void FromJson(const json::value& from, model::HeaderAction& to) {
  const auto& object = from.as_object();
  Take(object, "name", to.name);
  Take(object, "value", to.value);
}

void FromJson(const json::value& from, model::Condition& to) {
  const auto& object = from.as_object();
  Take(object, "type", to.type);
  Take(object, "name", to.name);
  Take(object, "values", to.values);
  Take(object, "negated", to.negated);
}

template <typename Body>
Expected<void> Read(std::string_view text, Body body) {
  if (text.empty()) return {};
  try {
    body(json::parse(json::string_view(text.data(), text.size())).as_object());
    return {};
  } catch (const BadName& error) {
    return Fail(ErrorCode::kInternal, error.what(), Origin::kStore);
  } catch (const std::exception&) {
    // Boost's text names its own source lines.
    return Fail(ErrorCode::kInternal, "the column settings holds something else than expected",
                Origin::kStore);
  }
}

}  // namespace

std::string WriteSettings(const model::Backend& backend) {
  json::object object;
  Put(object, "external_url", backend.external_url);
  Put(object, "draining", backend.draining);
  Put(object, "load_limit", backend.load_limit);
  Put(object, "uptime_schedule", backend.uptime_schedule);
  return json::serialize(object);
}

std::string WriteSettings(const model::Group& group) {
  json::object object;
  Put(object, "weights", group.weights);
  Put(object, "hash_key", group.hash_key);
  Put(object, "slow_start_ms", group.slow_start);
  Put(object, "fallback_groups", group.fallback_groups);
  Put(object, "mode", group.mode);
  return json::serialize(object);
}

std::string WriteSettings(const model::Policy& policy) {
  json::object object;
  Put(object, "priority", policy.priority);
  Put(object, "conditions", policy.conditions);
  Put(object, "more_fallback_groups", policy.more_fallback_groups);
  Put(object, "reject_message", policy.reject_message);
  Put(object, "set_request_source", policy.set_request_source);
  Put(object, "headers", policy.headers);
  if (policy.mode) object["mode"] = ToJson(*policy.mode);
  Put(object, "auth_delegated", policy.auth_delegated);
  return json::serialize(object);
}

std::string WriteSettings(const model::Rule& rule) {
  const model::Rule usual;
  json::object object;
  Put(object, "priority", rule.priority);
  Put(object, "instructions", rule.instructions, usual.instructions);
  Put(object, "memory_bytes", rule.memory_bytes, usual.memory_bytes);
  Put(object, "text", rule.text);
  return json::serialize(object);
}

Expected<void> ReadSettings(std::string_view text, model::Backend& backend) {
  return Read(text, [&](const json::object& object) {
    Take(object, "external_url", backend.external_url);
    Take(object, "draining", backend.draining);
    Take(object, "load_limit", backend.load_limit);
    Take(object, "uptime_schedule", backend.uptime_schedule);
  });
}

Expected<void> ReadSettings(std::string_view text, model::Group& group) {
  return Read(text, [&](const json::object& object) {
    Take(object, "weights", group.weights);
    Take(object, "hash_key", group.hash_key);
    Take(object, "slow_start_ms", group.slow_start);
    Take(object, "fallback_groups", group.fallback_groups);
    Take(object, "mode", group.mode);
  });
}

Expected<void> ReadSettings(std::string_view text, model::Policy& policy) {
  return Read(text, [&](const json::object& object) {
    Take(object, "priority", policy.priority);
    Take(object, "conditions", policy.conditions);
    Take(object, "more_fallback_groups", policy.more_fallback_groups);
    Take(object, "reject_message", policy.reject_message);
    Take(object, "set_request_source", policy.set_request_source);
    Take(object, "headers", policy.headers);
    Take(object, "mode", policy.mode);
    Take(object, "auth_delegated", policy.auth_delegated);
  });
}

Expected<void> ReadSettings(std::string_view text, model::Rule& rule) {
  return Read(text, [&](const json::object& object) {
    Take(object, "priority", rule.priority);
    Take(object, "instructions", rule.instructions);
    Take(object, "memory_bytes", rule.memory_bytes);
    Take(object, "text", rule.text);
  });
}

}  // namespace gateway::store
