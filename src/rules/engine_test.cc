#include "rules/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"
#include "http/fake_server.h"
#include "rules/fake_facts.h"

namespace gateway::rules {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

class EngineTest : public testing::Test {
 protected:
  ~EngineTest() override {
    server_.Stop();
    deadlines_.ExpireAll();
    io_.restart();
    io_.run_for(10s);
  }

  void SetRule(std::string source) {
    Rule rule;
    rule.id = "test";
    rule.file = "test.lua";
    rule.source = std::move(source);
    ASSERT_TRUE(book_.ReplaceFile({rule}));
  }

  void UseRouter(RouterFallback fallback = RouterFallback::kPolicies) {
    ExternalRouterOptions options;
    options.location.url = server_.url();
    options.fallback = fallback;
    engine_.emplace(book_, options, io_, deadlines_, clock_, logger_, metrics_);
  }

  // Adds to `decision_`.
  Expected<void> Ask() {
    if (!engine_) engine_.emplace(book_, std::nullopt, io_, deadlines_, clock_, logger_, metrics_);
    std::optional<Expected<void>> decided;
    http::asio::co_spawn(
        io_, engine_->Decide(facts_, groups_, decision_),
        [&](const std::exception_ptr&, Expected<void> asked) { decided = std::move(asked); });
    const auto patience = std::chrono::steady_clock::now() + 30s;
    while (!decided && std::chrono::steady_clock::now() < patience) {
      io_.restart();
      io_.run_one_for(100ms);
    }
    return decided ? *std::move(decided) : Fail(ErrorCode::kInternal, "the call never ended");
  }

  Decision Decide() {
    decision_ = {};
    const auto asked = Ask();
    EXPECT_TRUE(asked) << asked.error().message;
    return decision_;
  }

  Decision decision_;
  FakeClock clock_;
  http::asio::io_context io_{1};
  http::Deadlines deadlines_{io_, clock_};
  telemetry::Logger logger_{telemetry::Level::kError};
  telemetry::Metrics metrics_;
  RuleBook book_{clock_};
  FakeFacts facts_;
  FakeGroups groups_;
  std::string answer_ = http::Answer(200, R"({"routingGroup": "etl"})");
  http::FakeServer server_{io_, [this](const http::FakeRequest&) { return answer_; }};
  std::optional<Engine> engine_;
};

TEST_F(EngineTest, HasNothingToAskWithoutRulesAndRouter) {
  EXPECT_FALSE(Decide().final());
  EXPECT_TRUE(engine_->idle());
  SetRule("return 'adhoc'");
  EXPECT_FALSE(engine_->idle());
  UseRouter();
  ASSERT_TRUE(book_.ReplaceFile({}));
  EXPECT_FALSE(engine_->idle());
}

TEST_F(EngineTest, AsksTheRouterOnlyWhenNoRuleDecides) {
  UseRouter();
  SetRule("return 'adhoc'");
  EXPECT_THAT(Decide().groups, ElementsAre("adhoc"));
  SetRule("return {reject = 'no'}");
  EXPECT_EQ(Decide().reject, "no");
  EXPECT_TRUE(server_.requests().empty());
  SetRule("return {source = 'seen'}");
  const auto decision = Decide();
  EXPECT_THAT(decision.groups, ElementsAre("etl"));
  EXPECT_EQ(decision.source, "seen");
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(EngineTest, PassesOnThatNoDecisionCanBeMadeAndKeepsWhatRulesSaid) {
  answer_ = http::Answer(500, "");
  UseRouter(RouterFallback::kReject);
  SetRule("return {source = 'seen'}");
  EXPECT_EQ(CodeOf(Ask()), ErrorCode::kUnavailable);
  EXPECT_EQ(decision_.source, "seen");
}

}  // namespace
}  // namespace gateway::rules
