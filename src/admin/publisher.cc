#include "admin/publisher.h"

namespace gateway::admin {

void Publisher::Publish(const store::StoredConfiguration& stored) {
  const std::lock_guard lock(mutex_);
  if (published_ && stored.counter <= counter_) return;
  registry_.ReplaceStored(*stored.configuration);
  PublishRules(stored.configuration->rules);
  published_ = true;
  counter_ = stored.counter;
}

// Scripts are tried again before they come into force, so only when they have changed.
void Publisher::PublishRules(const std::vector<model::Rule>& stored) {
  if (stored == last_rules_) return;
  last_rules_ = stored;
  const auto taken = rules_.ReplaceStored(rules::RulesOf(stored));
  if (taken) return;
  logger_.Event(
      telemetry::Level::kError, "rules.refused",
      {{"reason", taken.error().message}, {"effect", "the last stored rules stay in force"}});
}

std::uint64_t Publisher::counter() const {
  const std::lock_guard lock(mutex_);
  return counter_;
}

}  // namespace gateway::admin
