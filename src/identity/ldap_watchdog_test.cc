#include "identity/ldap_watchdog.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace gateway::identity {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

// A connection between two ends of ours.
class Connected {
 public:
  Connected() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0); }
  ~Connected() {
    for (const int end : ends_) ::close(end);
  }
  Connected(const Connected&) = delete;
  Connected& operator=(const Connected&) = delete;

  int socket() const { return ends_[0]; }
  // Blocks until it is.
  bool WasShutDown() const {
    char byte;
    return ::recv(ends_[1], &byte, 1, 0) == 0;
  }
  bool IsShutDown() const {
    char byte;
    return ::recv(ends_[1], &byte, 1, MSG_DONTWAIT) == 0;
  }

 private:
  int ends_[2] = {-1, -1};
};

TEST(LdapWatchdog, ShutsTheSocketDownWhenAStepTakesTooLong) {
  const Connected connection;
  LdapWatchdog watchdog;
  watchdog.Watch(connection.socket());
  EXPECT_EQ(watchdog.Limit(milliseconds(1), [&] { return connection.WasShutDown() ? 7 : 0; }), 7);
}

TEST(LdapWatchdog, ShutsASocketDownThatIsConnectedWhenTheTimeIsOverAlready) {
  const Connected first;
  const Connected second;
  LdapWatchdog watchdog;
  watchdog.Watch(first.socket());
  watchdog.Limit(milliseconds(1), [&] {
    EXPECT_TRUE(first.WasShutDown());  // the time is over
    watchdog.Watch(-1);
    watchdog.Watch(second.socket());
    EXPECT_TRUE(second.IsShutDown());
    return 0;
  });
}

TEST(LdapWatchdog, GivesTheNextStepTimeOfItsOwn) {
  const Connected first;
  const Connected second;
  LdapWatchdog watchdog;
  watchdog.Watch(first.socket());
  watchdog.Limit(milliseconds(1), [&] { return first.WasShutDown() ? 0 : 1; });
  watchdog.Limit(hours(1), [&] {
    watchdog.Watch(second.socket());
    EXPECT_FALSE(second.IsShutDown());
    return 0;
  });
}

}  // namespace
}  // namespace gateway::identity
