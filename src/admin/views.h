// What the admin service shows: objects together with what is known about them now.
//
// Plain values, copied out of one Snapshot, or shared with it; transports turn them into their own
// format.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/configuration.h"
#include "model/snapshot.h"

namespace gateway::admin {

// All objects of a kind, as they were declared at one moment.
template <typename T>
using Objects = std::shared_ptr<const std::vector<T>>;

struct BackendView {
  model::Backend backend;
  model::BackendStatus status;
  double load = 0;             // BackendState::Load()
  std::int64_t in_flight = 0;  // exchanges being relayed now
  model::DrainState left;      // what runs there, through all instances
};

enum class Overall : std::uint8_t {
  kOk,        // every enabled backend is healthy
  kDegraded,  // some are
  kDown,      // none is, or none is enabled: no query can be placed
};
std::string_view NameOf(Overall overall);

struct HealthView {
  Overall status = Overall::kDown;
  std::vector<BackendView> backends;
};

// A backend as the strategy of its group sees it.
struct MemberView {
  std::string id;
  bool eligible = false;
  std::string why;  // why not; empty when eligible
  double load = 0;
  std::int64_t in_flight = 0;
};

struct GroupRoutingView {
  std::string id;
  model::Strategy strategy = model::Strategy::kRoundRobin;
  bool enabled = true;
  std::vector<MemberView> members;  // in declared order
};

// All that decides where a new query goes, as of one snapshot.
struct RoutingView {
  std::string default_group;
  std::uint64_t version = 0;
  std::vector<GroupRoutingView> groups;
  Objects<model::Policy> policies;
};

}  // namespace gateway::admin
