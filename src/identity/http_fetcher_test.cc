#include "identity/http_fetcher.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include "identity/endpoint_url.h"

namespace gateway::identity {
namespace {

// No descriptor can be opened while this lives.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::open("/dev/null", O_RDONLY);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

TEST(BlockingFetcher, SaysThatTheProviderCannotBeAskedWhenNoDescriptorsAreLeft) {
  const auto url = ParseEndpointUrl("http://127.0.0.1:1/keys");
  ASSERT_TRUE(url);
  BlockingFetcher fetcher(std::chrono::seconds(20), "");
  const auto answer = [&] {
    const NoDescriptors none;
    return fetcher.Get(*url, {});
  }();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(answer.error().message.starts_with("http://127.0.0.1:1/keys: cannot be asked: "))
      << answer.error().message;
}

}  // namespace
}  // namespace gateway::identity
