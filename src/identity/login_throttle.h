// Slows down guessing of passwords, by user and client address together.
//
// After a few wrong passwords the same client must wait before it tries that user again, each time
// twice as long. Another client is not affected, so nobody can lock a user out from elsewhere.
// Failures are counted when they are known: as many guesses as there are threads that check
// passwords may run at once.
// Threads: any. Memory: kMaxEntries pairs; the pair that failed longest ago makes room.
#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"

namespace gateway::identity {

class LoginThrottle {
 public:
  static constexpr int kFreeFailures = 5;
  static constexpr std::chrono::seconds kFirstWait{1};
  static constexpr std::chrono::seconds kLongestWait{60};
  static constexpr std::chrono::minutes kForgottenAfter{15};
  static constexpr std::size_t kMaxEntries = 10'000;

  // `clock` must outlive this.
  explicit LoginThrottle(const Clock& clock) : clock_(clock) {}

  // How long until `user` may be tried from `client` again; zero: now.
  std::chrono::milliseconds WaitFor(std::string_view user, std::string_view client) const;

  // The wait that begins now, for the log; zero while failures are free.
  std::chrono::milliseconds Failed(std::string_view user, std::string_view client);

  void Succeeded(std::string_view user, std::string_view client);

 private:
  struct Entry {
    int failures = 0;
    Clock::TimePoint last;
    Clock::TimePoint until;
  };

  static std::string KeyOf(std::string_view user, std::string_view client);
  void MakeRoom(Clock::TimePoint now);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;  // guarded by mutex_
};

}  // namespace gateway::identity
