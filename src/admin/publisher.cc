#include "admin/publisher.h"

#include <bit>

namespace gateway::admin {

using telemetry::Level;

namespace {

// The follower publishes about once a second: at least once a minute.
constexpr std::uint64_t kRarestTrial = 64;

}  // namespace

void Publisher::Publish(const store::StoredConfiguration& stored, std::uint64_t known) {
  const std::lock_guard lock(mutex_);
  if (published_ && !IsNews(stored.counter, known)) {
    if (stored.counter == counter_) PublishRules(stored.configuration->rules);
    return;
  }
  ReportDamage(stored.damaged);
  registry_.ReplaceStored(*stored.configuration);
  PublishRules(stored.configuration->rules);
  published_ = true;
  counter_ = stored.counter;
}

bool Publisher::IsNews(std::uint64_t counter, std::uint64_t known) {
  if (counter >= counter_) return counter > counter_;
  // What was read before the last publication is old; what was read after it is not.
  if (known != counter_) return false;
  marks_.ForgetCounters();
  logger_.Event(Level::kWarn, "store.restored",
                {{"counter", counter},
                 {"before", counter_},
                 {"effect",
                  "the database went back, as a restored backup does; what it holds now "
                  "is in force"}});
  return true;
}

void Publisher::ReportDamage(const std::vector<store::Damage>& damaged) {
  if (damaged == last_damaged_) return;
  last_damaged_ = damaged;
  for (const auto& row : damaged) {
    logger_.Event(Level::kError, "store.damaged",
                  {{"kind", NameOf(row.kind)},
                   {"id", row.id},
                   {"reason", row.reason},
                   {"effect", row.disabled ? "it is disabled; correct it and enable it"
                                           : "it is left out; put it anew or delete it"}});
  }
}

// Scripts are tried before they come into force, so only when they have changed, or when they were
// refused.
void Publisher::PublishRules(const std::vector<model::Rule>& stored) {
  if (stored == last_rules_) {
    if (refused_) RetryRules(stored);
    return;
  }
  const auto taken = TakeRules(stored);
  passed_over_ = 0;
  if (taken) return;
  logger_.Event(
      Level::kError, "rules.refused",
      {{"reason", taken.error().message}, {"effect", "the last stored rules stay in force"}});
}

// A trial may fail for lack of time, as on a machine that is busy for a moment: without this the
// rules would stay out of force until somebody writes something. Their refusal is in the log. Those
// that never run must not keep this machine busy, so they are tried ever more rarely.
void Publisher::RetryRules(const std::vector<model::Rule>& stored) {
  ++passed_over_;
  if (!std::has_single_bit(passed_over_) && passed_over_ % kRarestTrial != 0) return;
  if (TakeRules(stored)) logger_.Event(Level::kInfo, "rules.taken_again", {});
}

Expected<void> Publisher::TakeRules(const std::vector<model::Rule>& stored) {
  auto taken = rules_.ReplaceStored(rules::RulesOf(stored));
  last_rules_ = stored;
  refused_ = !taken;
  return taken;
}

std::uint64_t Publisher::counter() const {
  const std::lock_guard lock(mutex_);
  return counter_;
}

}  // namespace gateway::admin
