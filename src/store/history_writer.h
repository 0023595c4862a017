// Writes the history of queries behind the backs of those who record it.
//
// Record() never waits: rows go through a bounded queue to a thread that writes them in batches.
// While the database is away the rows wait; when the queue is full new ones are dropped and
// counted.
// Threads: Record() and the counters from any thread.
// Memory: at most `capacity` rows, and `max_bytes`, wait; while a batch is written, its rows are
// held twice.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "store/store.h"
#include "telemetry/logger.h"

namespace gateway::store {

struct HistoryOptions {
  bool enabled = true;
  unsigned retention_days = 7;       // see Purger
  std::size_t capacity = 10'000;     // rows that may wait
  std::size_t max_text = 64 * 1024;  // bytes of SQL that are kept of one query; 0: none
  // Of all rows that are not written yet, those that are being written included.
  std::size_t max_bytes = 64 * 1024 * 1024;

  bool operator==(const HistoryOptions&) const = default;
};

class HistoryWriter {
 public:
  // Both must outlive the writer.
  HistoryWriter(HistoryOptions options, Store& store, telemetry::Logger& logger);
  // Writes what waits, if the database takes it at once.
  ~HistoryWriter();

  // A text that is too long is cut, at a character, and ends in "…" then.
  void Record(QueryRecord query);

  // Rows that were dropped since the start.
  std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  void Run();
  // Takes what waits; nothing: the writer stops.
  std::vector<QueryRecord> Take();
  // Takes off `rest` what need not be written again. False: the database is away.
  bool Write(std::span<const QueryRecord>& rest);
  // These rows are held no longer.
  void Release(std::span<const QueryRecord> done);

  const HistoryOptions options_;
  Store& store_;
  telemetry::Logger& logger_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<QueryRecord> waiting_;  // guarded by mutex_
  std::size_t held_bytes_ = 0;        // guarded by mutex_; waiting_ and what is being written
  bool stopping_ = false;             // guarded by mutex_
  std::atomic<std::uint64_t> dropped_{0};
  bool failing_ = false;
  std::jthread thread_;
};

}  // namespace gateway::store
