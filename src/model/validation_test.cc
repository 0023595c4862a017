#include <chrono>
#include <limits>
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
  backend.uptime_schedule = "* * 30 2 *";
  EXPECT_EQ(Validate(backend).error().message,
            "uptime_schedule: '* * 30 2 *' means a day that no year has");
}

TEST(Validate, TakesOnlyLoadLimitsThatCanBeReachedAndUrlsThatCanBeFollowed) {
  Backend backend;
  backend.id = "c1";
  backend.url = {false, "trino", 8080};
  EXPECT_TRUE(Validate(backend));
  for (const auto limit :
       {-1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    backend.load_limit = limit;
    EXPECT_EQ(CodeOf(Validate(backend)), ErrorCode::kInvalidArgument);
  }
  backend.load_limit = 2.5;
  backend.external_url = "trino.example:8080";
  EXPECT_TRUE(Validate(backend));
  backend.external_url = "https://user@trino.example";
  EXPECT_EQ(CodeOf(Validate(backend)), ErrorCode::kInvalidArgument);
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

TEST(Validate, RefusesConditionsThatCouldNeverHold) {
  using enum ConditionType;
  const struct {
    Condition condition;
    std::string_view complaint;
  } cases[] = {
      {{.type = kQueryType, .values = {"Select"}},
       "a condition of type query_type: 'Select' is no statement class; allowed: AddColumn, "},
      {{.type = kQueryType, .values = {"Query", "Createtable"}},
       "a condition of type query_type: 'Createtable' is no statement class; allowed: "},
      {{.type = kQueryCategory, .values = {"select"}},
       "a condition of type query_category: 'select' is no query category; allowed: SELECT, "},
      {{.type = kClientAddress, .values = {"10.1.2.3/8"}},
       "a condition of type client_address: '10.1.2.3/8' has bits behind its prefix"},
      {{.type = kTextSize, .values = {"10-9"}},
       "a condition of type text_size: '10-9' is no range"},
      {{.type = kTimeWindow, .values = {"* * 31 6 *"}},
       "a condition of type time_window: '* * 31 6 *' means a day that no year has"},
      {{.type = kUser, .values = {"ada "}},
       "a condition of type user: 'ada ' has blanks at an end"},
      {{.type = kHeader, .name = "X-Team", .values = {" bi"}},
       "a condition of type header: ' bi' has blanks at an end"},
      {{.type = kHeader, .name = "X-Team:"}, "'X-Team:' is no header name"},
      {{.type = kSessionProperty, .name = "a=b"},
       "a condition of type session_property: 'a=b' is no name of a session property"},
      {{.type = kUser}, "a condition of type user needs at least one value"},
      {{.type = kCatalog, .values = {""}}, "a condition of type catalog: '' is no catalog"},
  };
  for (const auto& [condition, complaint] : cases) {
    SCOPED_TRACE(complaint);
    auto policy = TagPolicy();
    policy.conditions = {condition};
    const auto valid = Validate(policy);
    ASSERT_EQ(CodeOf(valid), ErrorCode::kInvalidArgument);
    EXPECT_TRUE(valid.error().message.starts_with(complaint)) << valid.error().message;
  }
}

TEST(Validate, TakesConditionsThatCanHold) {
  using enum ConditionType;
  const Condition conditions[] = {
      {.type = kQueryType, .values = {"Query", "CreateTableAsSelect", "Use"}},
      {.type = kQueryCategory, .values = {"SELECT", "UNKNOWN"}},
      {.type = kTimeWindow, .values = {"* * 29 2 *", "* 9-17 * * mon-fri"}},
      {.type = kUser, .values = {"", "ada lovelace"}},
      {.type = kHeader, .name = "X-Team"},
      {.type = kSessionProperty, .name = "hive.compression_codec", .values = {" x "}},
      {.type = kCatalog, .values = {"Hive"}},  // compared in lower case, as Trino has its names
  };
  for (const auto& condition : conditions) {
    SCOPED_TRACE(NameOf(condition.type));
    auto policy = TagPolicy();
    policy.conditions = {condition};
    const auto valid = Validate(policy);
    EXPECT_TRUE(valid) << valid.error().message;
  }
}

TEST(Validate, BoundsTheListsOfIds) {
  auto policy = TagPolicy();
  for (int i = 0; i < 1000; ++i) policy.more_fallback_groups.push_back("g" + std::to_string(i));
  EXPECT_TRUE(Validate(policy));
  policy.more_fallback_groups.push_back("g");
  EXPECT_EQ(Validate(policy).error().message, "more_fallback_groups has 1001 ids; allowed: 1000");
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
  EXPECT_EQ(with([](Rule& rule) { rule.priority = std::numeric_limits<int>::min(); }),
            "priority -2147483648 is not allowed: -1000000 to 1000000");
  EXPECT_EQ(with([](Rule& rule) { rule.instructions = 99; }),
            "instructions 99 is not allowed: 100 to 100000000");
  EXPECT_EQ(with([](Rule& rule) { rule.memory_bytes = 16'383; }),
            "memory_bytes 16383 is not allowed: 16384 to 67108864");
  EXPECT_EQ(with([](Rule& rule) { rule.id = "a b"; }).substr(0, 8), "id 'a b'");
}

TEST(Validate, TakesLoadLimitsThatCanBeStoredAndReached) {
  const auto valid = [](double limit) {
    return Validate(Backend{.id = "c1", .url = Url{false, "127.0.0.1", 8080}, .load_limit = limit})
        .has_value();
  };
  for (const double limit : {0.0, 0.1, 40.0, 1'000'000.0}) EXPECT_TRUE(valid(limit)) << limit;
  using Limits = std::numeric_limits<double>;
  for (const double limit :
       {-0.1, 1'000'000.5, 1e300, Limits::infinity(), -Limits::infinity(), Limits::quiet_NaN()}) {
    EXPECT_FALSE(valid(limit)) << limit;
  }
}

}  // namespace
}  // namespace gateway::model
