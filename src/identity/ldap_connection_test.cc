#include "identity/ldap_connection.h"

#include <gtest/gtest.h>
#include <pthread.h>

namespace gateway::identity {
namespace {

// No thread can be begun while this lives: their stacks would be larger than the address space.
class NoThreads {
 public:
  NoThreads() {
    ::pthread_attr_init(&before_);
    ::pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    ::pthread_attr_init(&huge);
    ::pthread_attr_setstacksize(&huge, std::size_t{1} << 50);
    ::pthread_setattr_default_np(&huge);
    ::pthread_attr_destroy(&huge);
  }
  ~NoThreads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

TEST(LdapConnection, SaysThatTheDirectoryCannotBeAskedWhenNoThreadsAreLeft) {
  const NoThreads none;
  const auto opened = LdapConnection::Open({.url = "ldap://127.0.0.1:1"});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(
      opened.error().message.starts_with("ldap ldap://127.0.0.1:1: cannot be asked: no thread"))
      << opened.error().message;
}

}  // namespace
}  // namespace gateway::identity
