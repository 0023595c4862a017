// What the instances on one database know together, beside the configuration.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "model/live_queries.h"

namespace gateway::store {

// A coordinator's suffix and the backend that was seen to answer for it.
struct SuffixSighting {
  std::string suffix;
  std::string backend_id;
  Clock::WallTime seen;

  bool operator==(const SuffixSighting&) const = default;
};

// A sighting is dropped when it was not renewed for this long: no query lives so long.
inline constexpr std::chrono::days kSuffixRetention{30};

// What somebody said about a backend through the API.
struct BackendMark {
  std::string backend_id;
  std::optional<bool> healthy;       // nothing: probes decide
  std::optional<std::int32_t> load;  // nothing: probes decide
  Clock::WallTime at;

  bool operator==(const BackendMark&) const = default;
};

// All marks of one moment.
struct StoredMarks {
  std::vector<BackendMark> marks;  // ordered by backend
  std::uint64_t counter = 0;       // of that moment
};

// What goes through one instance on one backend.
struct InstanceLoad {
  std::string instance_id;
  std::string backend_id;
  model::DrainState left;

  bool operator==(const InstanceLoad&) const = default;
};

}  // namespace gateway::store
