#include "model/declared.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "base/stable_hash.h"

namespace gateway::model {
namespace {

// Ordered by id; of two with one id the first of `file`, else of `stored`, is left.
template <typename T>
std::vector<T> Overlay(const std::vector<T>& file, const std::vector<T>& stored) {
  std::map<std::string_view, const T*> by_id;
  for (const auto* objects : {&file, &stored}) {
    for (const auto& object : *objects) by_id.emplace(object.id, &object);
  }
  std::vector<T> merged;
  merged.reserve(by_id.size());
  for (const auto& [id, object] : by_id) merged.push_back(*object);
  return merged;
}

template <typename T>
const T* FindById(const std::vector<T>& objects, std::string_view id) {
  const auto found = std::ranges::lower_bound(objects, id, {}, &T::id);
  return found == objects.end() || found->id != id ? nullptr : &*found;
}

GroupPlan PlanOf(const Group& group, const Declared& declared) {
  GroupPlan plan;
  std::vector<std::string> ids;
  for (const auto& id : group.backends) {
    const auto* backend = FindById(declared.backends, id);
    if (!backend) continue;
    const auto weight = group.weights.find(id);
    ids.push_back(id);
    plan.members.push_back(static_cast<std::uint32_t>(backend - declared.backends.data()));
    plan.weights.push_back(weight == group.weights.end() ? 1 : weight->second);
    plan.layout = MixBits(plan.layout ^ StableHash(id));
  }
  if (group.strategy == Strategy::kHash) plan.ring = HashRing(ids);
  return plan;
}

}  // namespace

std::shared_ptr<const Declared> Declared::Build(const Configuration& file,
                                                const Configuration& stored,
                                                std::string default_group) {
  auto declared = std::make_shared<Declared>();
  declared->backends = Overlay(file.backends, stored.backends);
  declared->groups = Overlay(file.groups, stored.groups);
  declared->policies = Overlay(file.policies, stored.policies);
  declared->rules = Overlay(file.rules, stored.rules);
  declared->default_group = std::move(default_group);
  for (const auto& group : declared->groups) declared->plans.push_back(PlanOf(group, *declared));
  declared->index = PolicyIndex(declared->policies);
  return declared;
}

}  // namespace gateway::model
