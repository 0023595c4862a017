// What other instances have on backends, added up.
//
// A drain ends when they say that nothing is left, and what is lost then is lost: so they have to
// say it twice in a row. Threads: one.
#pragma once

#include <vector>

#include "model/registry.h"
#include "store/shared_state.h"

namespace gateway::admin {

class RemoteLoads {
 public:
  // The sums of what was read now, and what was read before of backends that are not named any
  // more: without the requests in flight, which balance load, so they hold at once.
  model::Registry::LeftByBackend Take(const std::vector<store::InstanceLoad>& loads);

 private:
  model::Registry::LeftByBackend last_;
};

}  // namespace gateway::admin
