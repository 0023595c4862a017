// Waits for the news that another instance changed something. Private to this room.
//
// PostgreSQL: LISTEN on a connection of its own, which is opened by the first Wait() and again
// after it was lost. Others: there is nothing to listen to, so Wait() only passes the time.
// Threads: one call at a time.
#pragma once

#include <chrono>
#include <memory>

#include "store/database.h"

namespace gateway::store {

class ChangeListener {
 public:
  // `database` must outlive the listener.
  explicit ChangeListener(Database& database);

  // Is called before the counter is read, so that no change falls between that and Wait().
  // kUnavailable: no connection.
  [[nodiscard]] Expected<void> Listen();

  // Returns when there may be news, at the latest after `timeout`; false: there is none.
  bool Wait(std::chrono::milliseconds timeout);

 private:
  Database& database_;
  std::unique_ptr<soci::session> session_;
};

}  // namespace gateway::store
