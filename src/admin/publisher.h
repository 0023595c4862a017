// Hands stored configurations to the registry, never an older one after a newer one.
//
// A write of this instance and the follower that waits for writes of others may load at the same
// time; the counter of the database tells which is newer.
// Threads: any.
#pragma once

#include <cstdint>
#include <mutex>

#include "model/registry.h"
#include "store/store.h"

namespace gateway::admin {

class Publisher {
 public:
  // `registry` must outlive the publisher.
  explicit Publisher(model::Registry& registry) : registry_(registry) {}

  // Does nothing when this, or something newer, was published before.
  void Publish(const store::StoredConfiguration& stored);

  // Of what was published last; 0 before.
  std::uint64_t counter() const;

 private:
  model::Registry& registry_;
  mutable std::mutex mutex_;
  bool published_ = false;
  std::uint64_t counter_ = 0;
};

}  // namespace gateway::admin
