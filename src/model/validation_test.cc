#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "model/configuration.h"

namespace gateway::model {
namespace {

Policy TagPolicy() {
  Policy policy;
  policy.id = "p";
  policy.rule_value = "etl";
  policy.group = "adhoc";
  return policy;
}

TEST(Validate, TakesOnlySchedulesThatCronReads) {
  Backend backend;
  backend.id = "c1";
  for (const auto schedule : {"", "* 8-17 * * mon-fri", "@hourly\n30 * * * *"}) {
    SCOPED_TRACE(schedule);
    backend.uptime_schedule = schedule;
    EXPECT_TRUE(Validate(backend));
  }
  backend.uptime_schedule = "always";
  EXPECT_EQ(Validate(backend).error().message,
            "uptime_schedule: cron: 'always' is not allowed as minute: 0 to 59, a range a-b, *, "
            "each maybe with a step /n");
}

TEST(Validate, BoundsTheSlowStart) {
  Group group;
  group.id = "g";
  for (const int hours : {0, 24}) {
    group.slow_start = std::chrono::hours(hours);
    EXPECT_TRUE(Validate(group));
  }
  for (const int hours : {-1, 25}) {
    SCOPED_TRACE(hours);
    group.slow_start = std::chrono::hours(hours);
    EXPECT_EQ(CodeOf(Validate(group)), ErrorCode::kInvalidArgument);
  }
}

TEST(Validate, LetsPoliciesChangeOnlyHeadersThatAreNotTheGateways) {
  auto policy = TagPolicy();
  for (const auto name : {"X-Trino-Source", "x-trino-client-tags", "X-Team", "Authorization"}) {
    SCOPED_TRACE(name);
    policy.headers = {{name, "value"}};
    EXPECT_TRUE(Validate(policy));
  }
  for (const auto name :
       {"", "Host", "content-length", "Transfer-Encoding", "X-Forwarded-For", "Proxy-Authorization",
        "X-Trino-Transaction-Id", "X-Trino-Gateway-Backend", "Accept-Encoding", "X Team", "X-Té",
        "X-Team:", "X\r\nY"}) {
    SCOPED_TRACE(name);
    policy.headers = {{name, "value"}};
    EXPECT_EQ(CodeOf(Validate(policy)), ErrorCode::kInvalidArgument);
  }
  policy.headers = {{"X-Team", "a\r\nX-Evil: 1"}};
  EXPECT_EQ(CodeOf(Validate(policy)), ErrorCode::kInvalidArgument);
}

TEST(Validate, LetsOnlyAPortDelegateAuthentication) {
  auto policy = TagPolicy();
  policy.auth_delegated = true;
  EXPECT_EQ(CodeOf(Validate(policy)), ErrorCode::kInvalidArgument);
  policy.rule_type = RuleType::kListeningPort;
  policy.rule_value = "8080";
  EXPECT_TRUE(Validate(policy));
  policy.conditions = {{.type = ConditionType::kUser, .values = {"ada"}}};
  EXPECT_EQ(CodeOf(Validate(policy)), ErrorCode::kInvalidArgument);
}

TEST(Validate, ChecksTheValuesOfConditions) {
  auto policy = TagPolicy();
  policy.conditions = {{.type = ConditionType::kUserRegex, .values = {"svc-.*", "("}}};
  EXPECT_EQ(Validate(policy).error().message,
            "a condition of type user_regex: '(' is no RE2 expression: missing ): (");
  policy.conditions = {{.type = ConditionType::kHeader, .name = "X Team"}};
  EXPECT_EQ(CodeOf(Validate(policy)), ErrorCode::kInvalidArgument);
}

TEST(Validate, BoundsWhatARuleMayHaveAndTake) {
  const Rule good{.id = "r", .script = "return nil"};
  EXPECT_TRUE(Validate(good));
  const auto with = [&](auto change) {
    auto rule = good;
    change(rule);
    const auto valid = Validate(rule);
    return valid ? std::string("no error") : valid.error().message;
  };
  EXPECT_EQ(with([](Rule& rule) { rule.script = std::string(65'537, ' '); }),
            "script has 65537 bytes; allowed: 1 to 65536");
  EXPECT_EQ(with([](Rule& rule) { rule.priority = -1'000'001; }),
            "priority -1000001 is not allowed: -1000000 to 1000000");
  EXPECT_EQ(with([](Rule& rule) { rule.instructions = 99; }),
            "instructions 99 is not allowed: 100 to 100000000");
  EXPECT_EQ(with([](Rule& rule) { rule.memory_bytes = 16'383; }),
            "memory_bytes 16383 is not allowed: 16384 to 67108864");
  EXPECT_EQ(with([](Rule& rule) { rule.id = "a b"; }).substr(0, 8), "id 'a b'");
}

}  // namespace
}  // namespace gateway::model
