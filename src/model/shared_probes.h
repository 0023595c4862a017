// What instances of the gateway on one database tell each other about probes.
//
// One instance leads: it does the expensive steps of probes (queries, loads, JMX, the UI) for all
// and publishes what it finds; the others take that over while it is fresh, and ask clusters only
// whether they are there. Who leads is agreed on elsewhere, and for a limited time: an instance
// that hears nothing any more neither leads nor follows, and probes for itself. Threads: all calls
// from any thread; a lock is held for a look-up. Memory: a few hundred bytes for each backend.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/url.h"
#include "model/snapshot.h"

namespace gateway::model {

// What the expensive steps of a probe found, after rise and fall were counted.
struct ProbeResult {
  std::string backend_id;
  std::string url;            // of the backend; at another address it is another cluster
  bool good = false;          // do they hold?
  std::string failure_class;  // if not: BackendStatus::failure_class
  std::string reason;         // if not, for people
  std::string coordinator_suffix;
  std::string coordinator_id;
  std::optional<bool> spooling;
  std::optional<double> load;
  std::string load_reason;  // why there is none
  ClusterFigures figures;
  Clock::TimePoint measured{};

  bool operator==(const ProbeResult&) const = default;
};

class SharedProbes {
 public:
  // Older results than `valid_for` count as unknown. `clock` must outlive this.
  SharedProbes(const Clock& clock, std::chrono::milliseconds valid_for);

  // --- For the monitor.

  // Does this instance probe for all?
  bool Leads() const;
  // What the leader found. Nothing: this instance has to find out for itself.
  std::optional<ProbeResult> Find(std::string_view backend_id, const Url& url) const;
  // To be told to the others, if this instance leads. The last one for each backend is kept.
  void Publish(ProbeResult result);
  // Grows when results of another instance come.
  std::uint64_t version() const;

  // --- For who brings it to the others.

  std::chrono::milliseconds valid_for() const { return valid_for_; }
  // This instance leads until then, unless it is said anew.
  void Lead(Clock::TimePoint until);
  // Another one leads; what it found.
  void Follow(std::vector<ProbeResult> results);
  // What was published since the last call, each once.
  std::vector<ProbeResult> TakePublished();

 private:
  using Results = std::map<std::string, ProbeResult, std::less<>>;

  bool LeadsNow() const;  // needs mutex_

  const Clock& clock_;
  const std::chrono::milliseconds valid_for_;
  mutable std::mutex mutex_;
  std::optional<Clock::TimePoint> leads_until_;
  Results followed_;   // of the leader
  Results published_;  // of this instance, not taken yet
  std::uint64_t version_ = 0;
};

}  // namespace gateway::model
