#include "rpc/convert_group.h"

#include <chrono>

#include "rpc/convert.h"

namespace gateway::rpc {
namespace {

model::Strategy FromProto(v1::Group::RoutingStrategy strategy) {
  switch (strategy) {
    case v1::Group::ROUND_ROBIN:
      return model::Strategy::kRoundRobin;
    case v1::Group::RANDOM:
      return model::Strategy::kRandom;
    case v1::Group::WEIGHTED_ROUND_ROBIN:
      return model::Strategy::kWeightedRoundRobin;
    case v1::Group::LEAST_IN_FLIGHT:
      return model::Strategy::kLeastInFlight;
    case v1::Group::HASH:
      return model::Strategy::kHash;
    default:
      return model::Strategy::kLeastLoad;
  }
}

// The two enums have the same order.
static_assert(static_cast<int>(model::HashKey::kUser) == v1::Group::USER);
static_assert(static_cast<int>(model::HashKey::kSource) == v1::Group::SOURCE);
static_assert(static_cast<int>(model::HashKey::kSession) == v1::Group::SESSION);
static_assert(static_cast<int>(model::HashKey::kTables) == v1::Group::TABLES);

}  // namespace

v1::Group::RoutingStrategy ToProto(model::Strategy strategy) {
  switch (strategy) {
    case model::Strategy::kRoundRobin:
      return v1::Group::ROUND_ROBIN;
    case model::Strategy::kRandom:
      return v1::Group::RANDOM;
    case model::Strategy::kLeastLoad:
      return v1::Group::LEAST_LOAD;
    case model::Strategy::kWeightedRoundRobin:
      return v1::Group::WEIGHTED_ROUND_ROBIN;
    case model::Strategy::kLeastInFlight:
      return v1::Group::LEAST_IN_FLIGHT;
    case model::Strategy::kHash:
      return v1::Group::HASH;
  }
  return v1::Group::LEAST_LOAD;
}

v1::Group ToProto(const model::Group& group) {
  v1::Group out;
  out.set_id(group.id);
  for (const auto& id : group.backends) out.add_backends(id);
  out.set_strategy(ToProto(group.strategy));
  out.set_is_enabled(group.enabled);
  for (const auto& [id, weight] : group.weights) (*out.mutable_weights())[id] = weight;
  out.set_hash_key(static_cast<v1::Group::HashKey>(group.hash_key));
  out.set_slow_start_ms(static_cast<std::int32_t>(group.slow_start.count()));
  for (const auto& id : group.fallback_groups) out.add_fallback_groups(id);
  out.set_mode(ToProto(group.mode));
  out.set_source(ToProto(group.source));
  out.set_etag(EtagOf(group.version));
  return out;
}

Expected<model::Group> FromProto(const v1::Group& group, WhenUnset when_unset) {
  if (!v1::Group::HashKey_IsValid(group.hash_key())) {
    return InvalidField("hash_key", "USER, SOURCE, SESSION or TABLES");
  }
  if (!v1::Group::RoutingStrategy_IsValid(group.strategy())) {
    return InvalidField(
        "strategy",
        "LEAST_LOAD, ROUND_ROBIN, RANDOM, WEIGHTED_ROUND_ROBIN, LEAST_IN_FLIGHT or HASH");
  }
  if (!v1::Mode_IsValid(group.mode())) return InvalidField("mode", "PROXY or DIRECT");
  const bool enabled = when_unset == WhenUnset::kEnabled;
  model::Group out;
  out.id = group.id();
  out.backends.assign(group.backends().begin(), group.backends().end());
  out.strategy = group.has_strategy() ? FromProto(group.strategy())
                 : enabled            ? model::Strategy::kRoundRobin
                                      : model::Strategy::kLeastLoad;
  out.weights.insert(group.weights().begin(), group.weights().end());
  out.hash_key = static_cast<model::HashKey>(group.hash_key());
  out.slow_start = std::chrono::milliseconds(group.slow_start_ms());
  out.fallback_groups.assign(group.fallback_groups().begin(), group.fallback_groups().end());
  out.mode = FromProto(group.mode());
  out.enabled = group.has_is_enabled() ? group.is_enabled() : enabled;
  return out;
}

}  // namespace gateway::rpc
