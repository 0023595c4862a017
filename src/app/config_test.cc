#include "app/config.h"

#include <gtest/gtest.h>

namespace gateway::app {
namespace {

using namespace std::chrono_literals;

TEST(ImmutableChanges, AreNoneForEqualConfigurations) {
  EXPECT_TRUE(ImmutableChanges(AppConfig(), AppConfig()).empty());
}

TEST(ImmutableChanges, LeaveOutWhatAReloadTakesOver) {
  AppConfig next;
  next.default_group = "adhoc";
  next.declared.backends.push_back({.id = "c1", .url = {false, "c1", 80}});
  next.declared.groups.push_back({});
  next.declared.policies.push_back({});
  EXPECT_TRUE(ImmutableChanges(AppConfig(), next).empty());
}

TEST(ImmutableChanges, NameEachSectionThatNeedsARestart) {
  const std::pair<const char*, void (*)(AppConfig&)> cases[] = {
      {"listeners", [](AppConfig& c) { c.proxy.listeners.emplace_back(); }},
      {"admin", [](AppConfig& c) { c.admin.token = "t"; }},
      {"admin", [](AppConfig& c) { c.admin.grpc = Address{"::1", 1}; }},
      {"store", [](AppConfig& c) { c.store.url = "sqlite:gateway.db"; }},
      {"routing.backend_header", [](AppConfig& c) { c.proxy.backend_header = false; }},
      {"routing.transactions", [](AppConfig& c) { c.proxy.refuse_transactions = true; }},
      {"routing.session_header", [](AppConfig& c) { c.proxy.session_header = "X-Session"; }},
      {"monitor", [](AppConfig& c) { c.monitor.fall = 9; }},
      {"timeouts", [](AppConfig& c) { c.proxy.timeouts.shutdown_grace = 1s; }},
      {"limits", [](AppConfig& c) { c.proxy.limits.upstream_idle_per_backend = 1; }},
      {"workers", [](AppConfig& c) { c.proxy.workers = 2; }},
      {"log", [](AppConfig& c) { c.log.access.sample_every = 1; }},
  };
  for (const auto& [name, change] : cases) {
    SCOPED_TRACE(name);
    AppConfig next;
    change(next);
    EXPECT_EQ(ImmutableChanges(AppConfig(), next), std::vector<std::string>{name});
  }
}

TEST(ImmutableChanges, NoticeAChangedListener) {
  AppConfig old;
  old.proxy.listeners.push_back({.host = "127.0.0.1", .port = 8080});
  auto next = old;
  next.proxy.listeners[0].external_url = Url{true, "trino.example.com", 443};
  EXPECT_EQ(ImmutableChanges(old, next), std::vector<std::string>{"listeners"});
  next = old;
  next.proxy.listeners[0].trusted_proxies.push_back(*AddressBlock::Parse("10.0.0.0/8"));
  EXPECT_EQ(ImmutableChanges(old, next), std::vector<std::string>{"listeners"});
}

}  // namespace
}  // namespace gateway::app
