#include "delegated_auth/authenticator.h"

#include <memory>
#include <optional>

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fake_clock.h"
#include "http/fake_server.h"

namespace gateway::delegated_auth {
namespace {

using namespace std::chrono_literals;
using http::Answer;
using http::FakeRequest;
using testing::HasSubstr;

using Fields = std::vector<http::HeaderField>;

Fields Login(std::string_view user, std::string_view password) {
  return {{"X-Trino-User", user}, {"X-Trino-Password", password}};
}

// The clock stands still, so nothing ends by itself.
class AuthenticatorTest : public testing::Test {
 protected:
  using Result = std::shared_ptr<std::optional<AuthResult>>;

  AuthenticatorTest() {
    options_.location.target = "/validate";
    options_.token = "provider-token";
  }
  ~AuthenticatorTest() override {
    server_.Stop();
    deadlines_.ExpireAll();
    io_.restart();
    io_.run_for(10s);
  }

  Result Begin(Fields fields) {
    if (!authenticator_) {
      options_.location.url = server_.url();
      authenticator_.emplace(options_, io_, deadlines_, logger_, metrics_);
    }
    const auto result = std::make_shared<std::optional<AuthResult>>();
    const auto kept = std::make_shared<Fields>(std::move(fields));
    http::asio::co_spawn(io_, authenticator_->Check(*kept),
                         [result, kept](const std::exception_ptr&, AuthResult checked) {
                           *result = std::move(checked);
                         });
    return result;
  }

  AuthResult Settle(const Result& result) {
    const auto patience = std::chrono::steady_clock::now() + 30s;
    while (!*result && std::chrono::steady_clock::now() < patience) {
      io_.restart();
      io_.run_one_for(100ms);
    }
    if (!*result) ADD_FAILURE() << "the call never ended";
    return result->value_or(AuthResult{});
  }

  AuthResult Check(Fields fields) { return Settle(Begin(std::move(fields))); }
  Verdict VerdictOf(Fields fields) { return Check(std::move(fields)).verdict; }
  std::size_t Calls() const { return server_.requests().size(); }

  // Knows alice's password alone, unless `answer_` says otherwise.
  std::optional<std::string> Provide(const FakeRequest& request) {
    if (answer_) return *answer_;
    const auto login = boost::json::parse(request.body);
    const bool ok = login.at("email") == "alice" && login.at("token") == "secret";
    return Answer(200, ok ? R"({"ok": true})" : R"({"ok": false})");
  }

  FakeClock clock_;
  http::asio::io_context io_{1};
  http::Deadlines deadlines_{io_, clock_};
  telemetry::Logger logger_{telemetry::Level::kError};
  telemetry::Metrics metrics_;
  std::optional<std::optional<std::string>> answer_;
  http::FakeServer server_{io_, [this](const FakeRequest& request) { return Provide(request); }};
  DelegatedAuthOptions options_;
  std::optional<Authenticator> authenticator_;
};

TEST_F(AuthenticatorTest, AsksTheProvider) {
  const auto result = Check(Login("alice", "secret"));
  EXPECT_EQ(result.verdict, Verdict::kAccepted);
  EXPECT_EQ(result.user, "alice");
  ASSERT_EQ(Calls(), 1U);
  const auto& sent = server_.requests().front();
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.target, "/validate");
  EXPECT_EQ(sent.Field("X-Auth-Token"), "provider-token");
  EXPECT_EQ(sent.Field("Content-Type"), "application/json");
  EXPECT_EQ(sent.body, R"({"email":"alice","token":"secret"})");
  EXPECT_EQ(VerdictOf(Login("alice", "wrong")), Verdict::kRefused);
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(auth_provider_calls_total{result="ok"} 1)"));
  EXPECT_THAT(metrics_.Expose(), HasSubstr(R"(auth_provider_calls_total{result="refused"} 1)"));
}

TEST_F(AuthenticatorTest, RefusesWithoutACallWhatHasNoCredentials) {
  const auto result = Check({{"X-Trino-User", "alice"}});
  EXPECT_EQ(result.verdict, Verdict::kRefused);
  EXPECT_THAT(result.message, HasSubstr("user or password is missing"));
  EXPECT_EQ(Calls(), 0U);
}

TEST_F(AuthenticatorTest, AcceptsNothingButAClearYes) {
  const struct {
    std::optional<std::string> answer;
    Verdict verdict;
  } cases[] = {
      {Answer(200, R"({"ok": true})"), Verdict::kAccepted},
      {Answer(204, ""), Verdict::kUnavailable},
      {Answer(200, R"({"ok": false})"), Verdict::kRefused},
      {Answer(401, R"({"ok": false})"), Verdict::kRefused},
      {Answer(403, R"({"ok": false})"), Verdict::kRefused},
      {Answer(500, R"({"ok": true})"), Verdict::kUnavailable},
      {Answer(500, R"({"ok": false})"), Verdict::kUnavailable},
      {Answer(401, R"({"ok": true})"), Verdict::kUnavailable},
      {Answer(401, "who are you?"), Verdict::kUnavailable},
      {Answer(302, R"({"ok": true})", "Location: /\r\n"), Verdict::kUnavailable},
      {Answer(200, ""), Verdict::kUnavailable},
      {Answer(200, "<html>ok</html>"), Verdict::kUnavailable},
      {Answer(200, R"({"ok": "true"})"), Verdict::kUnavailable},
      {Answer(200, R"({"ok": 1})"), Verdict::kUnavailable},
      {Answer(200, R"(["ok", true])"), Verdict::kUnavailable},
      {Answer(200, R"({"ok": true)"), Verdict::kUnavailable},
      {Answer(200, std::string(20'000, ' ') + R"({"ok": true})"), Verdict::kUnavailable},
      {"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"ok\": true}", Verdict::kUnavailable},
      {"", Verdict::kUnavailable},
  };
  for (const auto& [answer, verdict] : cases) {
    SCOPED_TRACE(answer->substr(0, 120));
    authenticator_.reset();
    answer_ = answer;
    EXPECT_EQ(VerdictOf(Login("alice", "secret")), verdict);
  }
}

TEST_F(AuthenticatorTest, FailsClosedWhileTheProviderIsAway) {
  Begin(Login("alice", "secret"));
  server_.Stop();
  EXPECT_EQ(VerdictOf(Login("alice", "other")), Verdict::kUnavailable);
}

TEST_F(AuthenticatorTest, GivesUpAtItsTimeoutAndKeepsNothing) {
  answer_.emplace(std::nullopt);
  const auto hanging = Begin(Login("alice", "secret"));
  while (Calls() < 1) {
    io_.restart();
    io_.run_one_for(100ms);
  }
  clock_.Advance(options_.timeout);
  deadlines_.Sweep();
  EXPECT_EQ(Settle(hanging).verdict, Verdict::kUnavailable);
  answer_.reset();
  EXPECT_EQ(VerdictOf(Login("alice", "secret")), Verdict::kAccepted);
}

TEST_F(AuthenticatorTest, KeepsAcceptedCredentialsForAFixedTime) {
  for (int minute = 0; minute < 10; ++minute) {
    EXPECT_EQ(VerdictOf(Login("alice", "secret")), Verdict::kAccepted);
    clock_.Advance(1min);
  }
  EXPECT_EQ(Calls(), 1U);
  answer_.emplace(Answer(200, R"({"ok": false})"));  // revoked
  EXPECT_EQ(VerdictOf(Login("alice", "secret")), Verdict::kRefused);
  EXPECT_EQ(Calls(), 2U);
}

TEST_F(AuthenticatorTest, KeepsRefusedCredentialsForAMomentOnly) {
  EXPECT_EQ(VerdictOf(Login("alice", "new")), Verdict::kRefused);
  EXPECT_EQ(VerdictOf(Login("alice", "new")), Verdict::kRefused);
  EXPECT_EQ(Calls(), 1U);
  clock_.Advance(options_.failure_ttl);
  answer_.emplace(Answer(200, R"({"ok": true})"));
  EXPECT_EQ(VerdictOf(Login("alice", "new")), Verdict::kAccepted);
}

TEST_F(AuthenticatorTest, TellsCredentialsApart) {
  answer_.emplace(Answer(200, R"({"ok": true})"));
  Check(Login("a", "bc"));
  Check(Login("ab", "c"));
  Check(Login("a", "bd"));
  EXPECT_EQ(Calls(), 3U);
}

TEST_F(AuthenticatorTest, KeepsGoodCredentialsThroughAFloodOfBadOnes) {
  options_.entries = 4;
  EXPECT_EQ(VerdictOf(Login("alice", "secret")), Verdict::kAccepted);
  for (const auto* guess : {"1", "2", "3", "4", "5", "6"}) {
    EXPECT_EQ(VerdictOf(Login("alice", guess)), Verdict::kRefused);
  }
  const auto calls = Calls();
  EXPECT_EQ(VerdictOf(Login("alice", "secret")), Verdict::kAccepted);
  EXPECT_EQ(Calls(), calls);
}

TEST_F(AuthenticatorTest, MakesOneCallForTheSameCredentials) {
  std::vector<Result> results;
  for (int i = 0; i < 20; ++i) results.push_back(Begin(Login("alice", "secret")));
  for (const auto& result : results) EXPECT_EQ(Settle(result).verdict, Verdict::kAccepted);
  EXPECT_EQ(Calls(), 1U);
}

TEST_F(AuthenticatorTest, LetsOnlyImpersonatorsNameAnotherUser) {
  const Fields as_bob = {{"Authorization", "Basic YWxpY2U6c2VjcmV0"}, {"X-Trino-User", "bob"}};
  const Fields as_original = {{"Authorization", "Basic YWxpY2U6c2VjcmV0"},
                              {"X-Trino-User", "alice"},
                              {"X-Trino-Original-User", "root"}};
  EXPECT_EQ(VerdictOf(as_bob), Verdict::kRefused);
  EXPECT_THAT(Check(as_bob).message, HasSubstr("of another user than X-Trino-User"));
  EXPECT_EQ(VerdictOf(as_original), Verdict::kRefused);
  const auto without = Check({{"Authorization", "Basic YWxpY2U6c2VjcmV0"}});
  EXPECT_EQ(without.verdict, Verdict::kAccepted);
  EXPECT_EQ(without.user, "alice");

  authenticator_.reset();
  options_.impersonators = {"alice"};
  const auto result = Check(as_bob);
  EXPECT_EQ(result.verdict, Verdict::kAccepted);
  EXPECT_EQ(result.user, "bob");
  // His own password is still needed.
  EXPECT_EQ(VerdictOf({{"Authorization", "Basic YWxpY2U6eA=="}, {"X-Trino-User", "bob"}}),
            Verdict::kRefused);
}

}  // namespace
}  // namespace gateway::delegated_auth
