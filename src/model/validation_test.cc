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

}  // namespace
}  // namespace gateway::model
