// Hands stored configurations to the registry, and stored rules to those that are in force; never
// an older configuration after a newer one.
//
// A write of this instance and the follower that waits for writes of others may load at the same
// time; the counter of the database tells which is newer.
// Threads: any.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "model/registry.h"
#include "rules/rule_book.h"
#include "store/store.h"
#include "telemetry/logger.h"

namespace gateway::admin {

class Publisher {
 public:
  // All must outlive the publisher.
  Publisher(model::Registry& registry, rules::RuleBook& rules, telemetry::Logger& logger)
      : registry_(registry), rules_(rules), logger_(logger) {}

  // Does nothing when this, or something newer, was published before. Rules that do not run here
  // (stored by a gateway of another version, say) leave the last ones in force and `rules.refused`
  // in the log.
  void Publish(const store::StoredConfiguration& stored);

  // Of what was published last; 0 before.
  std::uint64_t counter() const;

 private:
  void PublishRules(const std::vector<model::Rule>& stored);

  model::Registry& registry_;
  rules::RuleBook& rules_;
  telemetry::Logger& logger_;
  mutable std::mutex mutex_;
  bool published_ = false;
  std::uint64_t counter_ = 0;
  std::vector<model::Rule> last_rules_;
};

}  // namespace gateway::admin
