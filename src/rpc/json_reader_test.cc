#include "rpc/json_reader.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "rpc/json_writer.h"
#include "trino/gateway/v1/backend.pb.h"
#include "trino/gateway/v1/group.pb.h"
#include "trino/gateway/v1/policy.pb.h"
#include "trino/gateway/v1/query.pb.h"

namespace gateway::rpc {
namespace {

namespace v1 = ::trino::gateway::v1;

template <typename Message>
std::string RefusalOf(std::string_view json) {
  Message message;
  const auto read = ReadJson(json, message);
  return read ? "accepted" : read.error().message;
}

TEST(ReadJson, TakesFieldsByBothOfTheirNames) {
  for (const auto json : {R"({"id":"g","is_enabled":true,"slow_start_ms":5})",
                          R"({"id":"g","isEnabled":true,"slowStartMs":"5"})"}) {
    SCOPED_TRACE(json);
    v1::Group group;
    ASSERT_TRUE(ReadJson(json, group));
    EXPECT_EQ(group.id(), "g");
    EXPECT_TRUE(group.is_enabled());
    EXPECT_EQ(group.slow_start_ms(), 5);
  }
}

TEST(ReadJson, TakesEnumsByNameInAnyCaseAndByNumber) {
  for (const auto json : {R"({"strategy":"ROUND_ROBIN"})", R"({"strategy":"round_robin"})",
                          R"({"strategy":1})", R"({"strategy":"1"})"}) {
    SCOPED_TRACE(json);
    v1::Group group;
    const auto read = ReadJson(json, group);
    if (std::string_view(json).find("\"1\"") != std::string_view::npos) {
      EXPECT_EQ(CodeOf(read), ErrorCode::kInvalidArgument);
    } else {
      ASSERT_TRUE(read) << read.error().message;
      EXPECT_EQ(group.strategy(), v1::Group::ROUND_ROBIN);
    }
  }
}

TEST(ReadJson, TakesLargeNumbersAsStringsAndAsNumbers) {
  for (const auto json :
       {R"({"submitted_at":"1700000000123"})", R"({"submitted_at":1700000000123})",
        R"({"submitted_at":1.700000000123e12})"}) {
    SCOPED_TRACE(json);
    v1::Query query;
    ASSERT_TRUE(ReadJson(json, query));
    EXPECT_EQ(query.submitted_at(), 1'700'000'000'123);
  }
}

TEST(ReadJson, ReadsNestedMessagesListsAndMaps) {
  v1::Policy policy;
  ASSERT_TRUE(ReadJson(R"({"rule":{"type":"header_host","value":"gw"},
                           "conditions":[{"type":"user","values":["a","b"]},{"type":"table"}]})",
                       policy));
  EXPECT_EQ(policy.rule().type(), v1::Policy::Rule::header_host);
  ASSERT_EQ(policy.conditions_size(), 2);
  EXPECT_EQ(policy.conditions(0).values(1), "b");
  v1::Group group;
  ASSERT_TRUE(ReadJson(R"({"weights":{"c1":3,"c2":0}})", group));
  EXPECT_EQ(group.weights().at("c1"), 3);
  EXPECT_EQ(group.weights().size(), 2U);
}

TEST(ReadJson, LeavesOutWhatIsNull) {
  v1::Policy policy;
  std::vector<std::string> present;
  ASSERT_TRUE(ReadJson(R"({"is_enabled":null,"rule":null,"group":"g"})", policy, &present));
  EXPECT_FALSE(policy.has_is_enabled());
  EXPECT_FALSE(policy.has_rule());
  EXPECT_EQ(present, (std::vector<std::string>{"is_enabled", "rule", "group"}));
}

TEST(ReadJson, NamesWhatIsWrongAndWhatIsAllowed) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {R"([])", "the body must be a JSON object"},
      {R"({"uri":"x"})",
       "unknown field 'uri'; allowed: id, rule, group, fallback_group, is_enabled, "
       "is_auth_delegated, set_request_source, priority, conditions, more_fallback_groups, "
       "reject_message, headers, mode, source, etag"},
      {R"({"rule":{"valu":1}})", "unknown field 'rule.valu'; allowed: type, value"},
      {R"({"rule":"x"})", "field 'rule' must be an object"},
      {R"({"rule":{"type":"colour"}})",
       "field 'rule.type': 'colour' is not known; allowed: header_connection_properties, "
       "header_client_tags, header_host, listening_port, none"},
      {R"({"rule":{"type":7}})",
       "field 'rule.type': '7' is not known; allowed: header_connection_properties, "
       "header_client_tags, header_host, listening_port, none"},
      {R"({"id":7})", "field 'id' must be a string"},
      {R"({"is_enabled":"true"})", "field 'is_enabled' must be true or false"},
      {R"({"priority":1.5})",
       "field 'priority' must be a whole number from -2147483648 to 2147483647"},
      {R"({"priority":2147483648})",
       "field 'priority' must be a whole number from -2147483648 to 2147483647"},
      {R"({"conditions":{}})", "field 'conditions' must be an array"},
  };
  for (const auto& [json, message] : cases) {
    SCOPED_TRACE(json);
    EXPECT_EQ(RefusalOf<v1::Policy>(json), message);
  }
}

TEST(ReadJson, RefusesNumbersThatAreNone) {
  for (const auto json : {R"({"load_limit":1e999})", R"({"load_limit":-1e999})",
                          R"({"load_limit":"NaN"})", R"({"load_limit":"1"})"}) {
    SCOPED_TRACE(json);
    EXPECT_EQ(RefusalOf<v1::Backend>(json), "field 'load_limit' must be a number");
  }
}

TEST(ReadJson, RefusesWhatIsNoJsonAndSaysWhere) {
  const std::pair<std::string, std::string_view> cases[] = {
      {"", "line 1, column 1"},
      {"{\"id\":\n  nope}", "line 2, column 3"},
      {R"({"id":"c1"} x)", "line 1, column 13"},
      {R"({"id":"c1",})", "line 1, column 12"},
      {R"({'id':'c1'})", "line 1, column 2"},
      {std::string(100'000, '['), "column"},
      {"{\"id\":\"\xff\"}", "line 1"},
  };
  for (const auto& [json, where] : cases) {
    SCOPED_TRACE(json.substr(0, 40));
    v1::Policy policy;
    const auto read = ReadJson(json, policy);
    ASSERT_EQ(CodeOf(read), ErrorCode::kProtocol);
    EXPECT_NE(read.error().message.find(where), std::string::npos) << read.error().message;
  }
}

TEST(ReadParameter, SetsNestedAndRepeatedFields) {
  v1::PutBackendRequest put;
  ASSERT_TRUE(ReadParameter("backend.id", "c1", put));
  ASSERT_TRUE(ReadParameter("backend.load_limit", "2.5", put));
  ASSERT_TRUE(ReadParameter("backend.is_enabled", "false", put));
  ASSERT_TRUE(ReadParameter("backend.scheme", "https", put));
  EXPECT_EQ(put.backend().id(), "c1");
  EXPECT_EQ(put.backend().load_limit(), 2.5);
  EXPECT_TRUE(put.backend().has_is_enabled());
  EXPECT_EQ(put.backend().scheme(), v1::Backend::https);
  v1::EvaluateBackendRequest evaluate;
  ASSERT_TRUE(ReadParameter("group_ids", "a", evaluate));
  ASSERT_TRUE(ReadParameter("group_ids", "b", evaluate));
  EXPECT_EQ(evaluate.group_ids_size(), 2);
  v1::PatchBackendRequest patch;
  ASSERT_TRUE(ReadParameter("update_mask", "is_enabled,loadLimit", patch));
  EXPECT_EQ(patch.update_mask().paths(1), "load_limit");
}

TEST(ReadParameter, RefusesWhatTheMethodDoesNotHave) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"nope", "x"},           {"backend", "x"},           {"backend.nope", "x"},
      {"backend.id.x", "x"},   {"backend.in_flight", "x"}, {"backend.is_enabled", "1"},
      {"backend.scheme", "9"}, {"update_mask.paths", "x"}, {"", ""},
  };
  for (const auto& [path, text] : cases) {
    SCOPED_TRACE(path);
    v1::PatchBackendRequest request;
    EXPECT_EQ(CodeOf(ReadParameter(path, text, request)), ErrorCode::kInvalidArgument);
  }
}

TEST(WriteJson, WritesAllFieldsAsTheSystemThatUsersComeFromDoes) {
  v1::GroupGetResponse response;
  response.mutable_group()->set_id("gq");
  response.mutable_group()->add_backends("b1");
  response.mutable_group()->set_strategy(v1::Group::RANDOM);
  response.mutable_group()->set_is_enabled(true);
  EXPECT_EQ(WriteJson(response),
            R"({"group":{"id":"gq","backends":["b1"],"strategy":"RANDOM","last_routed_backend":"",)"
            R"("is_enabled":true,"weights":{},"hash_key":"USER","slow_start_ms":0,)"
            R"("fallback_groups":[],"mode":"PROXY","source":"store","etag":""}})");
}

TEST(WriteJson, WritesLargeIntegersAsStringsAndLeavesOutWhatIsNotSet) {
  v1::QueryGetResponse response;
  EXPECT_EQ(WriteJson(response), "{}");
  response.mutable_query()->set_submitted_at(1'700'000'000);
  const auto json = WriteJson(response);
  EXPECT_NE(json.find(R"("submitted_at":"1700000000")"), std::string::npos) << json;
  EXPECT_EQ(WriteJson(v1::QueriesListResponse()),
            R"({"Count":0,"items":[],"total":0,"has_more":false})");
}

TEST(WriteJson, EscapesWhatIsNotText) {
  v1::BackendGetRequest request;
  request.set_id("a\"\n\xff");
  v1::BackendGetRequest back;
  EXPECT_TRUE(ReadJson(WriteJson(request), back)) << WriteJson(request);
}

TEST(WriteJson, IsReadBackAsItWas) {
  v1::Backend backend;
  backend.set_id("c1");
  backend.set_url("https://t:1");
  backend.set_load_limit(0.1);
  backend.set_stats_updated_at(-5);
  backend.set_health(v1::Backend::unhealthy);
  v1::Backend back;
  ASSERT_TRUE(ReadJson(WriteJson(backend), back));
  EXPECT_EQ(back.SerializeAsString(), backend.SerializeAsString());
}

}  // namespace
}  // namespace gateway::rpc
