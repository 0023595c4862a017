#include "admin/json.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::admin {
namespace {

// The message with which `json` is refused; the code is checked on the way.
template <typename T>
std::string RefusalOf(const Expected<T>& parsed) {
  EXPECT_EQ(CodeOf(parsed), ErrorCode::kInvalidArgument);
  return parsed ? "accepted" : parsed.error().message;
}

TEST(ParseBackend, ReadsAllMembers) {
  const auto backend =
      ParseBackend(R"({"id":"c1","url":"https://t.example:8443","enabled":false})");
  ASSERT_TRUE(backend) << backend.error().message;
  EXPECT_EQ(*backend,
            (model::Backend{.id = "c1", .url = Url{true, "t.example", 8443}, .enabled = false}));
}

TEST(ParseBackend, EnablesWhatDoesNotSayOtherwise) {
  EXPECT_TRUE(ParseBackend(R"({"id":"c1","url":"http://t:8080"})")->enabled);
}

TEST(ParseBackend, NamesTheMemberThatIsWrong) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"([])", "the body must be a JSON object"},
      {R"({"url":"http://t"})", "member 'id' is missing"},
      {R"({"id":"c1"})", "member 'url' is missing"},
      {R"({"id":7,"url":"http://t"})", "member 'id' must be a string"},
      {R"({"id":"c1","url":"http://t","enabled":"no"})", "member 'enabled' must be true or false"},
      {R"({"id":"c1","url":"http://t","enabled":null})", "member 'enabled' must be true or false"},
      {R"({"id":"c1","url":"http://t","uri":"x"})",
       "unknown member 'uri'; allowed: id, url, enabled"},
  };
  for (const auto& [json, message] : cases) {
    SCOPED_TRACE(json);
    EXPECT_EQ(RefusalOf(ParseBackend(json)), message);
  }
}

TEST(ParseBackend, SaysWhatAnAddressLooksLike) {
  const auto message = RefusalOf(ParseBackend(R"({"id":"c1","url":"ftp://t"})"));
  EXPECT_TRUE(message.starts_with("member 'url': ")) << message;
  EXPECT_NE(message.find("http"), std::string::npos) << message;
}

TEST(ParseBackend, TellsWhereTheBodyStopsBeingJson) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "line 1, column 1"},
      {"{\"id\":\n  nope}", "line 2, column 3"},
      {R"({"id":"c1"} x)", "line 1, column 13"},
      {R"({"id":"c1")", "line 1, column 11"},
  };
  for (const auto& [json, where] : cases) {
    SCOPED_TRACE(json);
    const auto message = RefusalOf(ParseBackend(json));
    EXPECT_NE(message.find(where), std::string::npos) << message;
  }
}

TEST(ParseBackend, RefusesDeepNestingAndBytesThatAreNotText) {
  EXPECT_EQ(CodeOf(ParseBackend(std::string(100'000, '['))), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(ParseBackend("{\"id\":\"\xff\",\"url\":\"http://t\"}")),
            ErrorCode::kInvalidArgument);
}

TEST(ParseGroup, ReadsAllMembers) {
  const auto group =
      ParseGroup(R"({"id":"g","backends":["c2","c1"],"strategy":"least_load","enabled":false})");
  ASSERT_TRUE(group) << group.error().message;
  EXPECT_EQ(*group, (model::Group{.id = "g",
                                  .backends = {"c2", "c1"},
                                  .strategy = model::Strategy::kLeastLoad,
                                  .enabled = false}));
}

TEST(ParseGroup, NamesTheMemberThatIsWrong) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"id":"g"})", "member 'backends' is missing"},
      {R"({"id":"g","backends":"c1"})", "member 'backends' must be an array of strings"},
      {R"({"id":"g","backends":["c1",2]})", "member 'backends' must be an array of strings"},
      {R"({"id":"g","backends":[],"strategy":"fastest"})",
       "member 'strategy': unknown strategy 'fastest'; allowed: round_robin, random, least_load, "
       "weighted_round_robin, least_in_flight, hash"},
  };
  for (const auto& [json, message] : cases) {
    SCOPED_TRACE(json);
    EXPECT_EQ(RefusalOf(ParseGroup(json)), message);
  }
}

TEST(ParsePolicy, ReadsAllMembers) {
  const auto policy = ParsePolicy(
      R"({"id":"p","rule":{"type":"header_host","value":"gw"},"group":"a","fallback_group":"b",)"
      R"("enabled":false})");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(*policy, (model::Policy{.id = "p",
                                    .rule_type = model::RuleType::kHeaderHost,
                                    .rule_value = "gw",
                                    .group = "a",
                                    .fallback_group = "b",
                                    .enabled = false}));
}

TEST(ParsePolicy, TakesNullForNoFallback) {
  const auto policy = ParsePolicy(
      R"({"id":"p","rule":{"type":"header_host","value":"gw"},"group":"a","fallback_group":null})");
  ASSERT_TRUE(policy) << policy.error().message;
  EXPECT_EQ(policy->fallback_group, "");
}

TEST(ParsePolicy, NamesTheMemberThatIsWrongAlsoInsideTheRule) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"({"id":"p","group":"a"})", "member 'rule' is missing"},
      {R"({"id":"p","group":"a","rule":"x"})", "rule must be a JSON object"},
      {R"({"id":"p","group":"a","rule":{"type":"header_host"}})", "member 'rule.value' is missing"},
      {R"({"id":"p","group":"a","rule":{"type":"header_host","value":"x","valu":1}})",
       "unknown member 'rule.valu'; allowed: type, value"},
      {R"({"id":"p","group":"a","rule":{"type":"user","value":"x"}})",
       "member 'rule.type': unknown rule type 'user'; allowed: listening_port, header_host, "
       "header_client_tags, header_connection_properties, none"},
  };
  for (const auto& [json, message] : cases) {
    SCOPED_TRACE(json);
    EXPECT_EQ(RefusalOf(ParsePolicy(json)), message);
  }
}

TEST(ToJson, WritesABackendWithWhatIsKnownAboutIt) {
  BackendView view;
  view.backend = {.id = "c1", .url = Url{false, "127.0.0.1", 8080}, .source = model::Source::kFile};
  view.status.health = model::Health::kUnhealthy;
  view.status.reason = "said \"no\"";
  view.status.version = "476";
  view.status.process_forwarded = true;
  view.status.coordinator_suffix = "eif54";
  view.load = 2;
  view.in_flight = 3;
  EXPECT_EQ(ToJson(view),
            R"({"id":"c1","url":"http://127.0.0.1:8080","enabled":true,"source":"file",)"
            R"("health":"unhealthy","reason":"said \"no\"","load":2,"in_flight":3,)"
            R"("version":"476","process_forwarded":true,"coordinator_suffix":"eif54"})"
            "\n");
}

TEST(ToJson, WritesGroupsAndPolicies) {
  EXPECT_EQ(ToJson(std::vector<model::Group>{
                {.id = "g", .backends = {"c1"}, .strategy = model::Strategy::kRandom}}),
            R"({"groups":[{"id":"g","backends":["c1"],"strategy":"random","enabled":true,)"
            R"("source":"store"}]})"
            "\n");
  EXPECT_EQ(ToJson(std::vector<model::Policy>{{.id = "p",
                                               .rule_type = model::RuleType::kListeningPort,
                                               .rule_value = "8080",
                                               .group = "g",
                                               .source = model::Source::kFile}}),
            R"({"policies":[{"id":"p","rule":{"type":"listening_port","value":"8080"},)"
            R"("group":"g","fallback_group":"","enabled":true,"source":"file"}]})"
            "\n");
}

TEST(ToJson, WritesTheRoutingState) {
  RoutingView view{"g", 7, {{"g", model::Strategy::kRoundRobin, true, {}}}, {}};
  view.groups[0].members.push_back({"c1", false, "disabled", 0.5, 1});
  EXPECT_EQ(ToJson(view),
            R"({"default_group":"g","version":7,"groups":[{"id":"g","strategy":"round_robin",)"
            R"("enabled":true,"members":[{"id":"c1","eligible":false,"why":"disabled",)"
            R"("load":5E-1,"in_flight":1}]}],"policies":[]})"
            "\n");
}

}  // namespace
}  // namespace gateway::admin
