#include "identity/login_throttle.h"

#include <algorithm>

namespace gateway::identity {

using std::chrono::milliseconds;

std::chrono::milliseconds LoginThrottle::WaitFor(std::string_view user,
                                                 std::string_view client) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(KeyOf(user, client));
  if (found == entries_.end()) return milliseconds(0);
  return std::max(milliseconds(0),
                  std::chrono::ceil<milliseconds>(found->second.until - clock_.Now()));
}

std::chrono::milliseconds LoginThrottle::Failed(std::string_view user, std::string_view client) {
  const auto now = clock_.Now();
  const std::lock_guard lock(mutex_);
  auto key = KeyOf(user, client);
  if (!entries_.contains(key)) MakeRoom(now);
  auto& entry = entries_[std::move(key)];
  if (entry.failures > 0 && now - entry.last > kForgottenAfter) entry = Entry();
  ++entry.failures;
  entry.last = now;
  entry.until = now;
  if (entry.failures < kFreeFailures) return milliseconds(0);
  const int doublings = std::min(entry.failures - kFreeFailures, 16);
  const auto wait = std::min(kFirstWait * (1 << doublings), kLongestWait);
  entry.until = now + wait;
  return wait;
}

void LoginThrottle::Succeeded(std::string_view user, std::string_view client) {
  const std::lock_guard lock(mutex_);
  entries_.erase(KeyOf(user, client));
}

// A name holds no line break, so no other pair has the same key.
std::string LoginThrottle::KeyOf(std::string_view user, std::string_view client) {
  std::string key(user);
  key += '\n';
  key += client.substr(0, 64);  // longer than any address
  return key;
}

void LoginThrottle::MakeRoom(Clock::TimePoint now) {
  if (entries_.size() < kMaxEntries) return;
  std::erase_if(entries_, [now](const auto& e) { return now - e.second.last > kForgottenAfter; });
  if (entries_.size() < kMaxEntries) return;
  const auto oldest =
      std::ranges::min_element(entries_, {}, [](const auto& entry) { return entry.second.last; });
  entries_.erase(oldest);
}

}  // namespace gateway::identity
