#include "admin/publisher.h"

namespace gateway::admin {

void Publisher::Publish(const store::StoredConfiguration& stored) {
  const std::lock_guard lock(mutex_);
  if (published_ && stored.counter <= counter_) return;
  registry_.ReplaceStored(*stored.configuration);
  published_ = true;
  counter_ = stored.counter;
}

std::uint64_t Publisher::counter() const {
  const std::lock_guard lock(mutex_);
  return counter_;
}

}  // namespace gateway::admin
