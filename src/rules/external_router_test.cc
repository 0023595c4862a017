#include "rules/external_router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "base/result_testing.h"
#include "http/fake_server.h"
#include "rules/fake_facts.h"

namespace gateway::rules {
namespace {

using namespace std::chrono_literals;
using http::Answer;
using http::FakeRequest;
using testing::ElementsAre;
using testing::HasSubstr;

// The clock stands still, so nothing ends by itself.
class ExternalRouterTest : public testing::Test {
 protected:
  struct Asked {
    FakeFacts facts;
    Decision decision;
    std::optional<Expected<void>> result;
  };

  ExternalRouterTest() { options_.location.target = "/route?v=1"; }
  ~ExternalRouterTest() override {
    server_.Stop();
    deadlines_.ExpireAll();
    io_.restart();
    io_.run_for(10s);
  }

  // Begins to ask for `user`; Settle() waits for the end.
  std::shared_ptr<Asked> Begin(std::string_view user = "alice") {
    if (!router_) {
      options_.location.url = server_.url();
      router_.emplace(options_, io_, deadlines_, logger_, metrics_);
    }
    const auto asked = std::make_shared<Asked>();
    asked->facts.request_facts.user = user;
    http::asio::co_spawn(io_, router_->Ask(asked->facts, groups_, asked->decision),
                         [asked](const std::exception_ptr&, Expected<void> result) {
                           asked->result = std::move(result);
                         });
    return asked;
  }

  bool Settle(const std::shared_ptr<Asked>& asked) {
    const auto patience = std::chrono::steady_clock::now() + 30s;
    while (!asked->result && std::chrono::steady_clock::now() < patience) {
      io_.restart();
      io_.run_one_for(100ms);
    }
    return asked->result.has_value();
  }

  std::shared_ptr<Asked> Ask(std::string_view user = "alice") {
    auto asked = Begin(user);
    EXPECT_TRUE(Settle(asked)) << "the call never ended";
    return asked;
  }

  std::string TraceOf(const std::string& body) {
    answer_ = Answer(200, body);
    return Ask()->decision.trace;
  }

  // Runs what is ready, until `count` requests have arrived.
  void WaitForRequests(std::size_t count) {
    const auto patience = std::chrono::steady_clock::now() + 30s;
    while (server_.requests().size() < count && std::chrono::steady_clock::now() < patience) {
      io_.restart();
      io_.run_one_for(100ms);
    }
    ASSERT_EQ(server_.requests().size(), count);
  }

  FakeClock clock_;
  http::asio::io_context io_{1};
  http::Deadlines deadlines_{io_, clock_};
  telemetry::Logger logger_{telemetry::Level::kError};
  telemetry::Metrics metrics_;
  std::optional<std::string> answer_ = Answer(200, R"({"routingGroup": "etl"})");
  http::FakeServer server_{io_, [this](const FakeRequest&) { return answer_; }};
  ExternalRouterOptions options_;
  FakeGroups groups_;
  std::optional<ExternalRouter> router_;
};

TEST_F(ExternalRouterTest, SendsTheRequestAndTakesTheGroup) {
  options_.headers = {{"X-Router-Key", "secret"}};
  options_.exclude_headers = {"x-trino-catalog"};
  const auto asked = Ask();
  ASSERT_TRUE(*asked->result);
  EXPECT_THAT(asked->decision.groups, ElementsAre("etl"));
  EXPECT_EQ(asked->decision.trace, "external router -> etl");
  ASSERT_EQ(server_.requests().size(), 1U);
  const auto& sent = server_.requests().front();
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.target, "/route?v=1");
  EXPECT_EQ(sent.Field("Content-Type"), "application/json");
  EXPECT_EQ(sent.Field("X-Router-Key"), "secret");
  EXPECT_EQ(sent.Field("X-Trino-User"), "alice");
  EXPECT_EQ(sent.Field("X-Trino-Catalog"), "");
  EXPECT_THAT(sent.body, HasSubstr(R"("requestURI":"/v1/statement")"));
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(external_router_calls_total{result="ok"} 1)"));
}

TEST_F(ExternalRouterTest, SendsCredentialsOnlyWhenToldTo) {
  const auto send = [this] {
    const auto asked = Begin();
    asked->facts.fields = {{"Authorization", "Basic eDp5"}, {"Cookie", "c=1"},
                           {"X-Trino-Password", "p"},       {"X-Trino-Extra-Credential", "e=1"},
                           {"Connection", "close"},         {"Content-Length", "999"},
                           {"X-Router-Key", "forged"},      {"User-Agent", "cli/476"}};
    EXPECT_TRUE(Settle(asked));
    return server_.requests().back();
  };
  options_.headers = {{"X-Router-Key", "own"}};
  const auto without = send();
  for (const auto* name :
       {"Authorization", "Cookie", "X-Trino-Password", "X-Trino-Extra-Credential"}) {
    EXPECT_EQ(without.Field(name), "") << name;
  }
  EXPECT_EQ(without.Field("X-Router-Key"), "own");
  EXPECT_EQ(without.Field("User-Agent"), "cli/476");
  EXPECT_EQ(without.Field("Content-Length"), std::to_string(without.body.size()));
  router_.reset();
  options_.send_credentials = true;
  EXPECT_EQ(send().Field("Authorization"), "Basic eDp5");
}

TEST_F(ExternalRouterTest, SaysWhatBecameOfTheAnswer) {
  EXPECT_EQ(TraceOf(R"({"routingGroup": ""})"), "external router leaves it to policies");
  EXPECT_EQ(TraceOf(R"({"routingGroup": "gone"})"), "external router -> gone, which is not there");
  EXPECT_EQ(TraceOf(R"({"errors": ["bad"], "routingGroup": "etl"})"), "external router -> etl");
  EXPECT_EQ(TraceOf("nonsense"), "external router failed (protocol)");
}

TEST_F(ExternalRouterTest, RefusesTheQueryForErrorsWhenTheyArePropagated) {
  options_.propagate_errors = true;
  answer_ = Answer(200, R"({"routingGroup": "etl", "errors": ["no quota", "try later"]})");
  const auto asked = Ask();
  EXPECT_EQ(asked->decision.reject, "no quota; try later");
  EXPECT_TRUE(asked->decision.groups.empty());
}

TEST_F(ExternalRouterTest, SetsHeadersButNeverThoseThatAreTheGatewaysOwn) {
  options_.exclude_headers = {"X-Secret"};
  answer_ = Answer(200, R"({"routingGroup": "etl", "externalHeaders": {
      "X-Trino-Client-Tags": "a,b", "X-Secret": "1", "Content-Length": "0",
      "X-Bad": "a\r\nX-Trino-User: root", "X-Null": null}})");
  const auto asked = Ask();
  EXPECT_THAT(asked->decision.headers,
              ElementsAre(model::HeaderAction{"X-Trino-Client-Tags", "a,b"}));
  EXPECT_THAT(asked->decision.trace, HasSubstr("'Content-Length' is the gateway's own"));
  EXPECT_THAT(asked->decision.trace, HasSubstr("'X-Bad' holds control characters"));
}

TEST_F(ExternalRouterTest, FallsBackAsConfigured) {
  const struct {
    std::optional<std::string> answer;
    std::string_view failure;
  } cases[] = {{Answer(500, R"({"routingGroup": "etl"})"), "protocol"},
               {Answer(302, "", "Location: http://elsewhere/\r\n"), "protocol"},
               {Answer(200, std::string(70'000, ' ')), "too_large"},
               {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{}", "closed"}};
  for (const auto& [answer, failure] : cases) {
    SCOPED_TRACE(failure);
    answer_ = answer;
    options_.fallback = RouterFallback::kPolicies;
    router_.reset();
    const auto policies = Ask();
    EXPECT_FALSE(policies->decision.final());
    EXPECT_EQ(policies->decision.trace, fmt::format("external router failed ({})", failure));
    options_.fallback = RouterFallback::kDefaultGroup;
    router_.reset();
    EXPECT_THAT(Ask()->decision.groups, ElementsAre("adhoc"));
    options_.fallback = RouterFallback::kReject;
    router_.reset();
    EXPECT_EQ(CodeOf(*Ask()->result), ErrorCode::kUnavailable);
  }
}

TEST_F(ExternalRouterTest, GivesUpAtItsTimeout) {
  answer_.reset();
  const auto asked = Begin();
  WaitForRequests(1);
  EXPECT_FALSE(asked->result);
  clock_.Advance(options_.timeout);
  deadlines_.Sweep();
  ASSERT_TRUE(Settle(asked));
  EXPECT_EQ(asked->decision.trace, "external router failed (timeout)");
}

TEST_F(ExternalRouterTest, LeavesAFailingRouterAloneForAWhile) {
  options_.breaker_failures = 2;
  answer_ = Answer(503, "");
  EXPECT_EQ(Ask()->decision.trace, "external router failed (protocol)");
  EXPECT_EQ(Ask()->decision.trace, "external router failed (protocol)");
  EXPECT_EQ(Ask()->decision.trace, "external router failed (unavailable)");
  EXPECT_EQ(server_.requests().size(), 2U);
  answer_ = Answer(200, R"({"routingGroup": "etl"})");
  clock_.Advance(options_.breaker_open_for);
  EXPECT_EQ(Ask()->decision.trace, "external router -> etl");
  EXPECT_EQ(Ask()->decision.trace, "external router -> etl");
}

TEST_F(ExternalRouterTest, GoesOnAskingARouterThatRefusesSingleQueries) {
  options_.breaker_failures = 2;
  for (const int status : {400, 401, 404, 422, 499}) {
    SCOPED_TRACE(status);
    answer_ = Answer(status, "");
    EXPECT_EQ(Ask()->decision.trace, "external router failed (invalid_argument)");
  }
  answer_ = Answer(200, R"({"routingGroup": "etl"})");
  EXPECT_EQ(Ask()->decision.trace, "external router -> etl");
  EXPECT_THAT(metrics_.Expose(),
              HasSubstr(R"(external_router_calls_total{result="invalid_argument"} 5)"));
}

TEST_F(ExternalRouterTest, LeavesARouterAloneThatIsBusyOrTalksNonsense) {
  for (const auto& answer : {Answer(408, ""), Answer(429, ""), Answer(500, ""), Answer(302, ""),
                             Answer(204, ""), Answer(200, "nonsense")}) {
    SCOPED_TRACE(answer);
    options_.breaker_failures = 1;
    router_.reset();
    answer_ = answer;
    EXPECT_EQ(Ask()->decision.trace, "external router failed (protocol)");
    EXPECT_EQ(Ask()->decision.trace, "external router failed (unavailable)");
  }
}

TEST_F(ExternalRouterTest, ClosesAgainWhenTheTrialIsAnsweredWithARefusal) {
  options_.breaker_failures = 1;
  answer_ = Answer(500, "");
  Ask();
  clock_.Advance(options_.breaker_open_for);
  answer_ = Answer(404, "");
  Ask();
  answer_ = Answer(200, R"({"routingGroup": "etl"})");
  EXPECT_EQ(Ask()->decision.trace, "external router -> etl");
}

TEST_F(ExternalRouterTest, FallsBackAtOnceWhileTooManyCallsAreUnderWay) {
  answer_.reset();
  std::vector<std::shared_ptr<Asked>> waiting;
  for (std::size_t i = 0; i < ExternalRouter::kMaxCalls; ++i) waiting.push_back(Begin());
  WaitForRequests(ExternalRouter::kMaxCalls);
  const auto asked = Ask();
  EXPECT_EQ(asked->decision.trace, "external router failed (unavailable)");
  EXPECT_EQ(server_.requests().size(), ExternalRouter::kMaxCalls);
  clock_.Advance(options_.timeout);
  deadlines_.Sweep();
  for (const auto& each : waiting) ASSERT_TRUE(Settle(each));
  router_.reset();
  answer_ = Answer(200, R"({"routingGroup": "etl"})");
  EXPECT_EQ(Ask()->decision.trace, "external router -> etl");
}

TEST_F(ExternalRouterTest, AsksForEachQueryWithoutACacheKey) {
  Ask();
  Ask();
  EXPECT_EQ(server_.requests().size(), 2U);
}

TEST_F(ExternalRouterTest, KeepsAnswersByTheirKeyForAWhile) {
  options_.cache_key = {{CacheKeyPart::Kind::kUser, {}}};
  Ask("alice");
  EXPECT_THAT(Ask("alice")->decision.groups, ElementsAre("etl"));
  EXPECT_EQ(server_.requests().size(), 1U);
  Ask("bob");
  EXPECT_EQ(server_.requests().size(), 2U);
  clock_.Advance(options_.cache_ttl);
  Ask("alice");
  EXPECT_EQ(server_.requests().size(), 3U);
}

TEST_F(ExternalRouterTest, DoesNotKeepFailures) {
  options_.cache_key = {{CacheKeyPart::Kind::kUser, {}}};
  answer_ = Answer(500, "");
  Ask();
  answer_ = Answer(200, R"({"routingGroup": "etl"})");
  EXPECT_THAT(Ask()->decision.groups, ElementsAre("etl"));
}

TEST_F(ExternalRouterTest, MakesOneCallForQueriesWithTheSameKey) {
  options_.cache_key = {{CacheKeyPart::Kind::kUser, {}}};
  std::vector<std::shared_ptr<Asked>> all;
  for (int i = 0; i < 20; ++i) all.push_back(Begin());
  for (const auto& asked : all) {
    ASSERT_TRUE(Settle(asked));
    EXPECT_THAT(asked->decision.groups, ElementsAre("etl"));
  }
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST(CacheKey, DiffersWhereOneOfItsPartsDiffers) {
  std::vector<CacheKeyPart> parts;
  for (const auto* name :
       {"user", "source", "client_tags", "client_address", "host", "port", "query_type",
        "query_category", "tables", "catalogs", "text", "header:X-Trino-Schema"}) {
    parts.push_back(*ParseCacheKeyPart(name));
  }
  FakeFacts first;
  const auto key = MakeCacheKey(parts, first);
  EXPECT_EQ(MakeCacheKey(parts, first), key);
  const std::vector<void (*)(FakeFacts&)> changes = {
      [](FakeFacts& f) { f.request_facts.user = "bob"; },
      [](FakeFacts& f) { f.request_facts.source = ""; },
      [](FakeFacts& f) { f.request_facts.client_tags = "etl"; },
      [](FakeFacts& f) { f.request_facts.client_address = "::1"; },
      [](FakeFacts& f) { f.request_facts.host = "gw"; },
      [](FakeFacts& f) { f.request_facts.port = 1; },
      [](FakeFacts& f) { f.statement_facts.type = "Insert"; },
      [](FakeFacts& f) { f.statement_facts.category = "INSERT"; },
      [](FakeFacts& f) { f.statement_facts.tables = {"a.b.c"}; },
      [](FakeFacts& f) { f.statement_facts.catalogs = {"a"}; },
      [](FakeFacts& f) { f.sql = "SELECT 2"; },
      [](FakeFacts& f) { f.fields.push_back({"x-trino-schema", ""}); },
      // The same bytes, cut in another place.
      [](FakeFacts& f) {
        f.request_facts.user = "alic";
        f.request_facts.source = "edbt";
      },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    SCOPED_TRACE(i);
    FakeFacts facts;
    changes[i](facts);
    EXPECT_NE(MakeCacheKey(parts, facts), key);
  }
  EXPECT_EQ(CodeOf(ParseCacheKeyPart("usr")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(ParseCacheKeyPart("header:")), ErrorCode::kInvalidArgument);
}

TEST(RouterFallback, IsNamed) {
  EXPECT_EQ(ParseRouterFallback("policies"), RouterFallback::kPolicies);
  EXPECT_EQ(ParseRouterFallback("default_group"), RouterFallback::kDefaultGroup);
  EXPECT_EQ(ParseRouterFallback("reject"), RouterFallback::kReject);
  EXPECT_EQ(CodeOf(ParseRouterFallback("")), ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace gateway::rules
