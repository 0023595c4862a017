#include "admin/remote_loads.h"

#include <utility>

namespace gateway::admin {
namespace {

void Add(const model::DrainState& more, model::DrainState& sum) {
  sum.queries += more.queries;
  sum.transactions += more.transactions;
  sum.exchanges += more.exchanges;
  sum.spooled = sum.spooled || more.spooled;
}

}  // namespace

model::Registry::LeftByBackend RemoteLoads::Take(const std::vector<store::InstanceLoad>& loads) {
  model::Registry::LeftByBackend sums;
  for (const auto& load : loads) Add(load.left, sums[load.backend_id]);
  auto told = sums;
  for (auto& [id, left] : last_) {
    left.exchanges = 0;
    told.try_emplace(id, left);
  }
  last_ = std::move(sums);
  return told;
}

}  // namespace gateway::admin
