// Everything that is declared at one moment, laid out for routing: immutable, and shared by all
// snapshots until the configuration changes.
//
// Objects are ordered by id, so that all instances decide alike, whatever the order of storage.
// Threads: immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/configuration.h"
#include "model/hash_ring.h"
#include "model/policy_index.h"

namespace gateway::model {

// What a group's strategy needs, worked out beforehand.
struct GroupPlan {
  std::vector<std::uint32_t> members;  // positions in Declared::backends, in the group's order,
                                       // without those that are not declared
  std::vector<std::int64_t> weights;   // of `members`
  HashRing ring;                       // over `members`, for Strategy::kHash
  std::uint64_t layout = 0;            // differs when `members` does
};

struct Declared {
  // `stored` objects whose id the file has, too, are left out.
  static std::shared_ptr<const Declared> Build(const Configuration& file,
                                               const Configuration& stored,
                                               std::string default_group);

  Declared() = default;
  Declared(const Declared&) = delete;  // the index points into it
  Declared& operator=(const Declared&) = delete;

  std::vector<Backend> backends;
  std::vector<Group> groups;
  std::vector<Policy> policies;
  std::vector<Rule> rules;
  std::string default_group;
  std::vector<GroupPlan> plans;  // of `groups`
  PolicyIndex index;
};

}  // namespace gateway::model
