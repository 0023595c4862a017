// Hands stored configurations to the registry, and stored rules to those that are in force; never
// an older configuration after a newer one.
//
// A write of this instance and the follower that waits for writes of others may load at the same
// time; the counter of the database tells which is newer. It goes back only when the database was
// restored from a backup: then the older configuration is the right one.
// Threads: any.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "admin/marks.h"
#include "base/error.h"
#include "model/registry.h"
#include "rules/rule_book.h"
#include "store/store.h"
#include "telemetry/logger.h"

namespace gateway::admin {

class Publisher {
 public:
  // All must outlive the publisher.
  Publisher(model::Registry& registry, rules::RuleBook& rules, telemetry::Logger& logger)
      : registry_(registry), rules_(rules), logger_(logger), marks_(registry) {}

  // Does nothing when this, or something newer, was published before. `known`: counter() as it was
  // before `stored` was read. If that is still what was published last, a lower number means that
  // the database was restored, and is published (`store.restored` in the log). Rows that could not
  // be read leave `store.damaged` in the log. Rules that do not run here (stored by a gateway of
  // another version, say) leave the last ones in force and `rules.refused` in the log; they are
  // tried again when the same ones are published for the 1st, 2nd, 4th, 8th time after that, and so
  // on, then with each 64th.
  void Publish(const store::StoredConfiguration& stored, std::uint64_t known = 0);

  // What was said by hand; also stored there, and also read by both.
  Marks& marks() { return marks_; }

  // Of what was published last; 0 before.
  std::uint64_t counter() const;

 private:
  // These need mutex_.
  bool IsNews(std::uint64_t counter, std::uint64_t known);
  void PublishRules(const std::vector<model::Rule>& stored);
  void RetryRules(const std::vector<model::Rule>& stored);
  Expected<void> TakeRules(const std::vector<model::Rule>& stored);
  void ReportDamage(const std::vector<store::Damage>& damaged);

  model::Registry& registry_;
  rules::RuleBook& rules_;
  telemetry::Logger& logger_;
  Marks marks_;
  mutable std::mutex mutex_;
  bool published_ = false;
  std::uint64_t counter_ = 0;
  std::vector<model::Rule> last_rules_;  // in force, unless they were refused
  bool refused_ = false;
  std::uint64_t passed_over_ = 0;  // publications of rules since they were refused
  std::vector<store::Damage> last_damaged_;
};

}  // namespace gateway::admin
