// Which backends own a query, told by the suffix of its id.
//
// A coordinator draws a suffix at its start and ends each of its query ids with it, so a small
// table routes every later request of every query, on every worker and after any restart. Workers
// read their own copy and take a new one only when something was learned, which happens once for
// each start of a coordinator. Threads: Stickiness from any thread; a StickyView belongs to one
// worker. Memory: at most kMaxSightings short strings.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::proxy {

struct Sighting {
  std::string suffix;
  std::string backend_id;

  bool operator==(const Sighting&) const = default;
};

class Stickiness {
 public:
  static constexpr std::size_t kMaxSightings = 1024;
  using Table = std::vector<Sighting>;  // oldest first

  // `learned` is called outside of any lock, once for each new sighting: to persist it.
  explicit Stickiness(std::function<void(const Sighting&)> learned = {});

  // Notes that `backend_id` gave out ids ending in `suffix`. Known ones cost one lookup. When the
  // table is full the oldest sighting goes.
  void Learn(std::string_view suffix, std::string_view backend_id);

  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::shared_ptr<const Table> table() const;

 private:
  const std::function<void(const Sighting&)> learned_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Table> table_;
  std::atomic<std::uint64_t> version_{1};
};

class StickyView {
 public:
  // `shared` must outlive the view.
  explicit StickyView(Stickiness& shared) : shared_(shared) {}

  // Ids of the backends seen with `suffix`, latest first; several when coordinators happened to
  // draw the same one, or one coordinator stands behind two backends. Views hold until the next
  // call.
  std::vector<std::string_view> Owners(std::string_view suffix);

  // As Stickiness::Learn(). What is known already is found in the worker's own copy.
  void Learn(std::string_view suffix, std::string_view backend_id);

 private:
  void Refresh();

  Stickiness& shared_;
  std::uint64_t version_ = 0;
  std::shared_ptr<const Stickiness::Table> table_;
};

}  // namespace gateway::proxy
