#include "monitor/findings.h"

#include <utility>

#include <fmt/format.h>

namespace gateway::monitor {
namespace {

using model::Health;

// What a probe learned of the cluster, whatever its outcome.
void Learn(const Findings& findings, Memory& memory) {
  auto& status = memory.status;
  if (findings.process_forwarded) status.process_forwarded = *findings.process_forwarded;
  if (!findings.info.version.empty()) status.version = findings.info.version;
  if (!findings.info.environment.empty()) status.environment = findings.info.environment;
  if (!findings.coordinator_suffix.empty()) {
    status.coordinator_suffix = findings.coordinator_suffix;
  }
  if (!findings.coordinator_id.empty()) status.coordinator_id = findings.coordinator_id;
  if (findings.spooling) status.spooling = findings.spooling;
  if (findings.info.uptime) memory.uptime = findings.info.uptime;
  // A probe without a load leaves the last one, until that is too old.
  if (findings.load) {
    status.load = findings.load;
    status.figures = findings.figures;
    status.submissions_seen = findings.submissions_seen;
  }
  if (findings.load || !findings.load_reason.empty()) status.load_reason = findings.load_reason;
}

void BecomeUnhealthy(Memory& memory, std::string_view failure_class, std::string_view reason) {
  auto& status = memory.status;
  status.health = Health::kUnhealthy;
  status.failure_class = failure_class;
  status.reason = reason;
  status.load.reset();
  status.figures = {};
  memory.failure = reason;
  memory.successes = 0;
}

// `news`: it is not what counted last already, found by another instance.
void DigestGood(Memory& memory, int rise, bool news) {
  auto& status = memory.status;
  memory.failures = 0;
  if (news || memory.successes == 0) ++memory.successes;
  if (status.health == Health::kUnhealthy && memory.successes < rise) {
    status.reason = fmt::format("recovering, {} of {} good probes; it was: {}", memory.successes,
                                rise, memory.failure);
    return;
  }
  memory.successes = 0;
  memory.failure.clear();
  status.health = Health::kHealthy;
  status.reason.clear();
  status.failure_class.clear();
}

}  // namespace

bool Memory::Restarted(const Info& info) const {
  return uptime && info.uptime && *info.uptime < *uptime;
}

bool Memory::NeedsQuery(const Info& info) const {
  return doubted || status.health != Health::kHealthy || Restarted(info);
}

bool Memory::BeyondDoubt() const {
  return status.health == Health::kHealthy && failures == 0 && !doubted;
}

bool Applies(const model::ProbeResult& shared,
             const Memory& memory,
             const Info& info,
             Clock::TimePoint now) {
  if (memory.doubted || memory.Restarted(info)) return false;
  const std::chrono::duration<double> age = now - shared.measured;
  return !info.uptime || age.count() < *info.uptime;
}

void TakeOver(const model::ProbeResult& shared, const Memory& memory, Findings& findings) {
  using enum Findings::Outcome;
  findings.outcome = shared.good ? kOk : kFailed;
  findings.failure_class = shared.good ? "ok" : shared.failure_class;
  findings.reason = shared.good ? "" : shared.reason;
  // Only news: it is handed on whenever it is here.
  if (shared.coordinator_suffix != memory.status.coordinator_suffix) {
    findings.coordinator_suffix = shared.coordinator_suffix;
  }
  findings.coordinator_id = shared.coordinator_id;
  findings.spooling = shared.spooling;
  findings.load = shared.load;
  findings.load_reason = shared.load_reason;
  findings.figures = shared.figures;
  findings.shared_at = shared.measured;
}

std::optional<model::ProbeResult> ToShare(const Findings& findings, const Memory& after) {
  const bool info_was_good =
      findings.process_forwarded && findings.outcome != Findings::Outcome::kStarting;
  if (!info_was_good || findings.shared_at) return std::nullopt;
  const auto& status = after.status;
  model::ProbeResult result;
  result.good = findings.outcome == Findings::Outcome::kOk || status.health != Health::kUnhealthy;
  if (!result.good) {
    result.failure_class = findings.failure_class;
    result.reason = findings.reason;
  }
  result.coordinator_suffix = status.coordinator_suffix;
  result.coordinator_id = status.coordinator_id;
  result.spooling = status.spooling;
  result.load = findings.load;
  result.load_reason = findings.load_reason;
  result.figures = findings.figures;
  return result;
}

Memory Digest(const Memory& before, const Findings& findings, const Hysteresis& hysteresis) {
  auto after = before;
  Learn(findings, after);
  after.doubted = after.counted = false;
  if (findings.shared_at) after.taken_over = findings.shared_at;
  switch (findings.outcome) {
    case Findings::Outcome::kOk:
      DigestGood(after, hysteresis.rise,
                 !findings.shared_at || findings.shared_at != before.taken_over);
      break;
    case Findings::Outcome::kStarting:
      BecomeUnhealthy(after, findings.failure_class, findings.reason);
      after.failures = 0;
      after.status.health = Health::kStarting;
      break;
    case Findings::Outcome::kFailed:
      ++after.failures;
      // One slow answer of a busy coordinator is no outage; one that never was healthy has no
      // credit, and one that was restarted has lost it. Another instance has counted already.
      if (findings.shared_at || before.status.health != Health::kHealthy ||
          after.failures >= hysteresis.fall || before.Restarted(findings.info)) {
        BecomeUnhealthy(after, findings.failure_class, findings.reason);
      }
      break;
  }
  return after;
}

Memory DigestFailure(const Memory& before,
                     std::string_view failure_class,
                     const Hysteresis& hysteresis) {
  auto after = before;
  after.doubted = true;
  // A burst of failures may have one cause that is over already: the probe will tell.
  if (before.counted) return after;
  after.counted = true;
  ++after.failures;
  if (before.status.health == Health::kHealthy && after.failures >= hysteresis.fall) {
    BecomeUnhealthy(after, failure_class, fmt::format("queries failed there: {}", failure_class));
  }
  return after;
}

}  // namespace gateway::monitor
