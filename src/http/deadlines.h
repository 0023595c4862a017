// Deadlines of many connections, checked by one timer.
//
// A timer for each wait would cost more than the relaying itself. Here a connection only stores its
// deadline, and a sweep ten times a second ends those that are over: deadlines are exact to 100 ms.
// Threads: one event loop only.
#pragma once

#include <chrono>
#include <cstddef>
#include <vector>

#include "base/clock.h"
#include "http/asio.h"

namespace gateway::http {

class Deadlines;

// Something with a deadline. Takes itself out of the list when it is destroyed.
class Expiring {
 public:
  explicit Expiring(Deadlines& deadlines);
  virtual ~Expiring();
  Expiring(const Expiring&) = delete;
  Expiring& operator=(const Expiring&) = delete;

  void SetDeadline(Clock::TimePoint deadline) { deadline_ = deadline; }
  void ClearDeadline() { deadline_ = Clock::TimePoint::max(); }

 protected:
  // Called once when the deadline has passed; it is cleared before.
  virtual void Expire() = 0;

 private:
  friend class Deadlines;
  Deadlines& deadlines_;
  std::size_t index_ = 0;  // in Deadlines::entries_
  Clock::TimePoint deadline_ = Clock::TimePoint::max();
};

class Deadlines {
 public:
  // `clock` must outlive this.
  Deadlines(asio::io_context& io, const Clock& clock) : clock_(clock), timer_(io) {}

  Clock::TimePoint Now() const { return clock_.Now(); }

  // Sweeps until Stop(). To be awaited by an owner.
  Awaitable<void> Run();
  void Stop();

  // Ends what is over now; Run() calls it, and tests do.
  void Sweep();

  // Ends everything that has a deadline, however far, and from now on with each sweep what was
  // given one since: for stopping, when nothing that goes on from here is to wait for anybody.
  void ExpireAll();
  // Was ExpireAll() called? Then nothing new should be begun.
  bool all_over() const { return all_over_; }

 private:
  friend class Expiring;
  void ExpireUntil(Clock::TimePoint time);

  const Clock& clock_;
  Timer timer_;
  bool stopped_ = false;
  bool all_over_ = false;
  std::vector<Expiring*> entries_;
};

}  // namespace gateway::http
