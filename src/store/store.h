// What must survive a restart: the objects that the API created, and which coordinator owns which
// query-id suffix.
//
// Each call is one transaction and blocks on the disk, so workers and the control thread never
// call it themselves: a database thread does.
// Errors have Origin::kStore: kUnavailable (locked, full, read-only, damaged, I/O error),
// kAlreadyExists, kNotFound, kInternal (rows that this program did not write).
// Threads: all calls from any thread; one runs at a time.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/configuration.h"

namespace gateway::store {

class Database;

// A coordinator's suffix and the backend that was seen to answer for it.
struct SuffixSighting {
  std::string suffix;
  std::string backend_id;
  Clock::WallTime seen;

  bool operator==(const SuffixSighting&) const = default;
};

// A sighting is dropped when it was not renewed for this long: no query lives so long.
inline constexpr std::chrono::days kSuffixRetention{30};

class Store {
 public:
  // Opens `sqlite:PATH` or `sqlite::memory:`, creates the file and brings its schema up to date.
  // `clock` must outlive the store; `busy_timeout`: how long to wait for another process's write.
  // kUnsupported: another scheme, or a schema newer than this binary.
  static Expected<std::unique_ptr<Store>> Open(
      std::string_view url,
      const Clock& clock,
      std::chrono::milliseconds busy_timeout = std::chrono::seconds(5));
  ~Store();

  // All stored objects as of one moment, with source kStore, ordered by id.
  Expected<model::Configuration> LoadConfiguration();

  // kAlreadyExists: the id is taken. Nothing else is checked here: references may lead to objects
  // of the file, so the admin service checks them.
  [[nodiscard]] Expected<void> CreateBackend(const model::Backend& backend);
  [[nodiscard]] Expected<void> CreateGroup(const model::Group& group);
  [[nodiscard]] Expected<void> CreatePolicy(const model::Policy& policy);

  // kNotFound: no such stored object. With a backend go its suffixes: another cluster may get the
  // same id later.
  [[nodiscard]] Expected<void> DeleteBackend(std::string_view id);
  [[nodiscard]] Expected<void> DeleteGroup(std::string_view id);
  [[nodiscard]] Expected<void> DeletePolicy(std::string_view id);

  // Remembers, or renews, that `backend_id` answers for `suffix`; drops outlived sightings.
  [[nodiscard]] Expected<void> SaveSuffix(std::string_view suffix, std::string_view backend_id);
  // Those within the retention, oldest first.
  Expected<std::vector<SuffixSighting>> LoadSuffixes();

 private:
  Store(std::unique_ptr<Database> database, const Clock& clock);

  const Clock& clock_;
  std::mutex mutex_;
  std::unique_ptr<Database> database_;  // guarded by mutex_
};

}  // namespace gateway::store
