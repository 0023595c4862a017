#include "rpc/convert.h"

#include <limits>

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "rpc/convert_backend.h"
#include "rpc/convert_group.h"
#include "rpc/convert_policy.h"
#include "rpc/convert_rule.h"

namespace gateway::rpc {
namespace {

using Existence = admin::Precondition::Existence;

model::Backend AnyBackend() {
  return {.id = "c1",
          .url = Url{true, "trino.example", 8443},
          .external_url = "https://t.example",
          .enabled = false,
          .draining = true,
          .load_limit = 2.5,
          .uptime_schedule = "* 8-18 * * *"};
}

TEST(Convert, KeepsAllThatIsDeclaredOfABackend) {
  EXPECT_EQ(*FromProto(ToProto(AnyBackend()), WhenUnset::kEnabled), AnyBackend());
}

TEST(Convert, KeepsAllThatIsDeclaredOfAGroup) {
  for (const auto strategy : {model::Strategy::kRoundRobin, model::Strategy::kRandom,
                              model::Strategy::kLeastLoad, model::Strategy::kWeightedRoundRobin,
                              model::Strategy::kLeastInFlight, model::Strategy::kHash}) {
    const model::Group group{.id = "g",
                             .backends = {"c2", "c1"},
                             .strategy = strategy,
                             .weights = {{"c1", 0}, {"c2", 7}},
                             .hash_key = model::HashKey::kTables,
                             .slow_start = std::chrono::milliseconds(1500),
                             .fallback_groups = {"x", "y"},
                             .mode = model::Mode::kDirect,
                             .enabled = false};
    EXPECT_EQ(*FromProto(ToProto(group), WhenUnset::kEnabled), group);
  }
}

TEST(Convert, KeepsAllThatIsDeclaredOfAPolicy) {
  for (const auto type : {model::RuleType::kListeningPort, model::RuleType::kHeaderHost,
                          model::RuleType::kHeaderClientTags,
                          model::RuleType::kHeaderConnectionProperties, model::RuleType::kNone}) {
    const model::Policy policy{
        .id = "p",
        .priority = -3,
        .rule_type = type,
        .rule_value = "v",
        .conditions = {{model::ConditionType::kHeader, "X-Team", {"a", "b"}, true},
                       {model::ConditionType::kTimeWindow, "", {"* * * * *"}, false}},
        .group = "g",
        .fallback_group = "f",
        .more_fallback_groups = {"h"},
        .reject_message = "no",
        .set_request_source = "s",
        .headers = {{"X-A", "1"}, {"X-B", std::nullopt}},
        .mode = model::Mode::kDirect,
        .auth_delegated = true,
        .enabled = false};
    EXPECT_EQ(*FromProto(ToProto(policy), WhenUnset::kEnabled), policy);
  }
}

TEST(Convert, KeepsAllThatIsDeclaredOfARule) {
  const model::Rule rule{.id = "r",
                         .script = "return nil",
                         .priority = -3,
                         .instructions = 5'000,
                         .memory_bytes = 65'536,
                         .text = true,
                         .enabled = false};
  EXPECT_EQ(*FromProto(ToProto(rule), WhenUnset::kEnabled), rule);
  const model::Rule usual{.id = "r", .script = "return nil"};
  v1::Rule message;
  message.set_id("r");
  message.set_script("return nil");
  EXPECT_EQ(*FromProto(message, WhenUnset::kEnabled), usual);
  message.set_instructions(-1);
  EXPECT_EQ(CodeOf(FromProto(message, WhenUnset::kEnabled)), ErrorCode::kInvalidArgument);
}

TEST(Convert, TakesAnAddressInEitherForm) {
  v1::Backend message;
  EXPECT_EQ(CodeOf(FromProto(message, WhenUnset::kEnabled)), ErrorCode::kInvalidArgument);
  message.set_hostname("t:81");
  message.set_scheme(v1::Backend::https);
  EXPECT_EQ(FromProto(message, WhenUnset::kEnabled)->url, (Url{true, "t", 81}));
  message.set_url("https://t:81");
  EXPECT_EQ(FromProto(message, WhenUnset::kEnabled)->url, (Url{true, "t", 81}));
  message.set_url("http://t:81");
  EXPECT_EQ(CodeOf(FromProto(message, WhenUnset::kEnabled)), ErrorCode::kInvalidArgument);
  message.clear_hostname();
  EXPECT_EQ(FromProto(message, WhenUnset::kEnabled)->url, (Url{false, "t", 81}));
}

TEST(Convert, TakesALoadLimitInEitherFormButNotTwo) {
  v1::Backend message;
  message.set_url("http://t");
  message.set_threshold_cluster_load(3);
  EXPECT_EQ(FromProto(message, WhenUnset::kEnabled)->load_limit, 3);
  message.set_load_limit(2.5);  // which is 3 in the other form
  EXPECT_EQ(FromProto(message, WhenUnset::kEnabled)->load_limit, 2.5);
  message.set_load_limit(40);
  EXPECT_EQ(CodeOf(FromProto(message, WhenUnset::kEnabled)), ErrorCode::kInvalidArgument);
  message.clear_threshold_cluster_load();
  EXPECT_EQ(FromProto(message, WhenUnset::kEnabled)->load_limit, 40);
}

TEST(Convert, TakesTheFieldThatChangedOfTwoThatContradict) {
  const model::Backend stored{.id = "c1", .url = {false, "t", 81}, .load_limit = 40};
  const auto written = [&](auto change) {
    auto message = ToProto(stored);
    change(message);
    TakeWhatChanged(message, stored);
    return FromProto(message, WhenUnset::kEnabled);
  };
  EXPECT_EQ(written([](v1::Backend& b) { b.set_load_limit(50); })->load_limit, 50);
  EXPECT_EQ(written([](v1::Backend& b) { b.set_threshold_cluster_load(7); })->load_limit, 7);
  EXPECT_EQ(written([](v1::Backend& b) { b.set_url("https://u"); })->url, (Url{true, "u", 443}));
  EXPECT_EQ(written([](v1::Backend& b) { b.set_hostname("u:9"); })->url, (Url{false, "u", 9}));
  const auto both = [](v1::Backend& b) {
    b.set_load_limit(50);
    b.set_threshold_cluster_load(7);
  };
  EXPECT_EQ(CodeOf(written(both)), ErrorCode::kInvalidArgument);
}

TEST(Convert, RefusesNumbersThatNoEnumHas) {
  v1::Backend backend;
  backend.set_hostname("t");
  backend.set_scheme(static_cast<v1::Backend::Scheme>(7));
  EXPECT_EQ(CodeOf(FromProto(backend, WhenUnset::kEnabled)), ErrorCode::kInvalidArgument);
  v1::Group group;
  group.set_strategy(static_cast<v1::Group::RoutingStrategy>(7));
  EXPECT_EQ(CodeOf(FromProto(group, WhenUnset::kEnabled)), ErrorCode::kInvalidArgument);
  v1::Policy policy;
  policy.mutable_rule()->set_type(static_cast<v1::Policy::Rule::RuleType>(7));
  const auto rule = FromProto(policy, WhenUnset::kEnabled);
  ASSERT_EQ(CodeOf(rule), ErrorCode::kInvalidArgument);
  EXPECT_EQ(rule.error().message,
            "field 'rule.type': header_connection_properties, header_client_tags, header_host, "
            "listening_port, none");
  policy.clear_rule();
  policy.add_conditions()->set_type(static_cast<v1::Policy::Condition::ConditionType>(99));
  const auto condition = FromProto(policy, WhenUnset::kEnabled);
  ASSERT_EQ(CodeOf(condition), ErrorCode::kInvalidArgument);
  EXPECT_TRUE(condition.error().message.starts_with(
      "field 'conditions.type': user, user_regex, source, routing_group, client_address,"));
}

TEST(Convert, GivesWhatIsNotSetTheMeaningOfTheMethod) {
  v1::Group group;
  EXPECT_TRUE(FromProto(group, WhenUnset::kEnabled)->enabled);
  EXPECT_EQ(FromProto(group, WhenUnset::kEnabled)->strategy, model::Strategy::kRoundRobin);
  EXPECT_FALSE(FromProto(group, WhenUnset::kDisabled)->enabled);
  EXPECT_EQ(FromProto(group, WhenUnset::kDisabled)->strategy, model::Strategy::kLeastLoad);
  EXPECT_EQ(FromProto(v1::Policy(), WhenUnset::kEnabled)->rule_type, model::RuleType::kNone);
}

TEST(Convert, ShowsWhatIsKnownAboutABackend) {
  admin::BackendView view;
  view.backend = AnyBackend();
  view.backend.version = 5;
  view.status.health = model::Health::kHealthy;
  view.status.version = "476";
  view.status.figures.running = 2;
  view.load = 2.6;
  view.in_flight = 3;
  const auto message = ToProto(view);
  EXPECT_EQ(message.etag(), "5");
  EXPECT_TRUE(message.is_healthy());
  EXPECT_EQ(message.cluster_load(), 3);
  EXPECT_EQ(message.load(), 2.6);
  EXPECT_EQ(message.in_flight(), 3);
  EXPECT_EQ(message.trino_version(), "476");
  EXPECT_EQ(message.running_queries(), 2);
  EXPECT_FALSE(message.has_queued_queries());
  EXPECT_FALSE(message.has_spooling()) << "nobody knows yet";
  view.status.spooling = false;
  EXPECT_TRUE(ToProto(view).has_spooling());
  view.status.spooling = true;
  EXPECT_TRUE(ToProto(view).spooling());
}

TEST(Convert, ShowsNoNumbersThatAreNone) {
  admin::BackendView view;
  view.backend = AnyBackend();
  for (const auto number :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    view.load = number;
    view.status.figures.running = number;
    const auto message = ToProto(view);
    EXPECT_EQ(message.cluster_load(), 0);
    EXPECT_EQ(message.load(), 0);
    EXPECT_EQ(message.running_queries(), 0);
  }
}

TEST(PreconditionOf, ReadsEtags) {
  EXPECT_EQ(PreconditionOf("")->existence, Existence::kAny);
  EXPECT_EQ(PreconditionOf("", Existence::kMustNotExist)->existence, Existence::kMustNotExist);
  EXPECT_EQ(PreconditionOf("*")->existence, Existence::kMustExist);
  EXPECT_EQ(PreconditionOf("7")->versions, (std::vector<std::uint64_t>{7}));
  EXPECT_EQ(PreconditionOf("7,9")->versions, (std::vector<std::uint64_t>{7, 9}));
  EXPECT_EQ(PreconditionOf("7")->existence, Existence::kMustExist);
  for (const auto etag : {"x", "-1", "7 ", "\"7\"", ",", "7,", "7,x", "7,*"}) {
    SCOPED_TRACE(etag);
    EXPECT_EQ(CodeOf(PreconditionOf(etag)), ErrorCode::kInvalidArgument);
  }
}

TEST(ToText, ReplacesWhatIsNotUtf8) {
  const std::string replacement = "\xEF\xBF\xBD";
  const std::pair<std::string, std::string> cases[] = {
      {"plain", "plain"},
      {"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\xB1", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\xB1"},
      {"a\xFFz", "a" + replacement + "z"},
      {"\xC0\x80", replacement + replacement},
      {"\xE2\x82", replacement + replacement},
      {"\xED\xA0\x80", replacement + replacement + replacement},
      {"\xF4\x90\x80\x80", replacement + replacement + replacement + replacement},
  };
  for (const auto& [bytes, text] : cases) EXPECT_EQ(ToText(bytes), text);
}

}  // namespace
}  // namespace gateway::rpc
