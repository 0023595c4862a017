#include "http/control_client.h"

#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "http/fake_server.h"
#include "http/fake_tls_server.h"

namespace gateway::http {
namespace {

using namespace std::chrono_literals;

class ControlClientTest : public testing::Test {
 protected:
  ControlClientTest() {
    asio::co_spawn(io_, deadlines_.Run(), [](const std::exception_ptr&) {});
  }

  ~ControlClientTest() override {
    server_.reset();
    deadlines_.Stop();
    io_.run_for(10s);
  }

  // The server answers every request so; nothing: it hangs.
  void Serve(std::optional<std::string> answer) {
    server_.emplace(io_, [answer](const FakeRequest&) { return answer; });
  }

  ControlRequest Get(std::string target = "/v1/info") {
    auto request = Get(server_->url());
    request.target = std::move(target);
    return request;
  }

  ControlRequest Get(Url url) {
    ControlRequest request;
    request.url = std::move(url);
    request.deadline = clock_.Now() + 20s;  // only a hang reaches it
    return request;
  }

  Expected<ControlResponse> Fetch(ControlRequest request) {
    // Shared, since a call that never ends outlives this one.
    const auto result = std::make_shared<std::optional<Expected<ControlResponse>>>();
    asio::co_spawn(io_, client_.Fetch(std::move(request)),
                   [result](const std::exception_ptr&, Expected<ControlResponse> response) {
                     *result = std::move(response);
                   });
    const auto patience = clock_.Now() + 30s;
    while (!*result && clock_.Now() < patience) io_.run_one_for(1s);
    if (!*result) return Fail(ErrorCode::kInternal, "the call never ended");
    return **result;
  }

  const SystemClock clock_;
  asio::io_context io_{1};
  Deadlines deadlines_{io_, clock_};
  ControlClient client_{io_, deadlines_};
  std::optional<FakeServer> server_;
};

TEST_F(ControlClientTest, ReturnsStatusTypeLocationAndBody) {
  Serve(Answer(302, "moved", "Content-Type: text/plain\r\nLocation: https://sso.example/\r\n"));
  const auto response = Fetch(Get());
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 302);
  EXPECT_EQ(response->content_type, "text/plain");
  EXPECT_EQ(response->location, "https://sso.example/");
  EXPECT_EQ(response->body, "moved");
}

TEST_F(ControlClientTest, ReadsBodiesOfEveryFraming) {
  for (const auto* answer :
       {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        "2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello",
        "HTTP/1.1 103 Early\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
        "hello"}) {
    SCOPED_TRACE(answer);
    Serve(answer);
    const auto response = Fetch(Get());
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
  }
}

TEST_F(ControlClientTest, SendsMethodTargetFieldsAndBody) {
  Serve(Answer(200, ""));
  auto request = Get("/v1/statement?a=b%20c");
  request.method = "POST";
  request.fields = {{"X-Trino-User", "u"}};
  request.body = "SELECT 1";
  ASSERT_TRUE(Fetch(request));
  ASSERT_EQ(server_->requests().size(), 1U);
  const auto& sent = server_->requests().front();
  EXPECT_EQ(sent.method, "POST");
  EXPECT_EQ(sent.target, "/v1/statement?a=b%20c");
  EXPECT_EQ(sent.Field("Host"), server_->url().Authority());
  EXPECT_EQ(sent.Field("X-Trino-User"), "u");
  EXPECT_EQ(sent.Field("Content-Length"), "8");
  EXPECT_EQ(sent.body, "SELECT 1");
}

TEST_F(ControlClientTest, TellsThatNobodyListens) {
  Serve(Answer(200, ""));
  const auto request = Get();
  server_->Stop();
  const auto response = Fetch(request);
  ASSERT_EQ(CodeOf(response), ErrorCode::kRefused);
  EXPECT_EQ(response.error().origin, Origin::kBackend);
  EXPECT_NE(response.error().message.find("connect http://127.0.0.1:"), std::string::npos);
  EXPECT_NE(response.error().message.find("refused"), std::string::npos);
}

TEST_F(ControlClientTest, EndsAtTheDeadlineWhenTheServerHangs) {
  Serve(std::nullopt);
  auto request = Get();
  request.deadline = clock_.Now() + 50ms;
  EXPECT_EQ(CodeOf(Fetch(request)), ErrorCode::kTimeout);
}

TEST_F(ControlClientTest, EndsAtTheDeadlineWhenTheAnswerDripsOnForever) {
  Serve("HTTP/1.1 200 OK\r\n\r\n" + std::string(1'000'000, 'x'));
  server_->Drip();
  auto request = Get();
  request.deadline = clock_.Now() + 200ms;
  EXPECT_EQ(CodeOf(Fetch(request)), ErrorCode::kTimeout);
}

TEST_F(ControlClientTest, TellsWhatIsWrongWithAnAnswer) {
  const struct {
    std::string answer;
    ErrorCode code;
  } cases[] = {
      {"", ErrorCode::kClosed},
      {"HTTP/1.1 200 OK\r\n", ErrorCode::kClosed},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", ErrorCode::kClosed},
      {"SSH-2.0-OpenSSH_9.2\r\n\r\n", ErrorCode::kProtocol},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
       ErrorCode::kProtocol},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", ErrorCode::kProtocol},
      {"HTTP/1.1 200 OK\r\nA: " + std::string(100'000, 'x'), ErrorCode::kTooLarge},
  };
  for (const auto& [answer, code] : cases) {
    SCOPED_TRACE(answer.substr(0, 80));
    Serve(answer);
    const auto response = Fetch(Get());
    ASSERT_EQ(CodeOf(response), code);
    EXPECT_EQ(response.error().origin, Origin::kBackend);
  }
}

TEST_F(ControlClientTest, TakesABodyUpToItsLimitOnly) {
  Serve(Answer(200, std::string(1000, 'x')));
  auto request = Get();
  request.body_limit = 1000;
  EXPECT_TRUE(Fetch(request));
  request.body_limit = 999;
  EXPECT_EQ(CodeOf(Fetch(request)), ErrorCode::kTooLarge);
}

TEST_F(ControlClientTest, SendsNothingForATargetThatCouldNotStandInARequestLine) {
  Serve(Answer(200, ""));
  for (const auto* target : {"", "v1/info", "/a b", "/a\r\nX: y", "/a\x7f", "http://a/"}) {
    SCOPED_TRACE(target);
    EXPECT_EQ(CodeOf(Fetch(Get(target))), ErrorCode::kInvalidArgument);
  }
  EXPECT_TRUE(server_->requests().empty());
}

TEST_F(ControlClientTest, AsksAgainOnTheConnectionThatWasKept) {
  Serve(Answer(200, "hello"));
  auto request = Get();
  for (const auto [reuse, connections] :
       {std::pair(Reuse::kAlways, 1U), std::pair(Reuse::kAlways, 1U), std::pair(Reuse::kAfter, 2U),
        std::pair(Reuse::kAlways, 2U), std::pair(Reuse::kNever, 3U),
        std::pair(Reuse::kAlways, 3U)}) {
    request.reuse = reuse;
    const auto response = Fetch(request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "hello");
    EXPECT_EQ(server_->connections(), connections);
  }
  EXPECT_EQ(server_->requests().back().Field("Connection"), "");
  client_.CloseIdle();
  ASSERT_TRUE(Fetch(request));
  EXPECT_EQ(server_->connections(), 4U);
}

TEST_F(ControlClientTest, KeepsNoConnectionThatTheAnswerEnds) {
  for (const auto* answer : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                             "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nmore than was said"}) {
    SCOPED_TRACE(answer);
    Serve(answer);
    auto request = Get();
    request.reuse = Reuse::kAlways;
    for (const unsigned connections : {1U, 2U}) {
      ASSERT_TRUE(Fetch(request));
      EXPECT_EQ(server_->connections(), connections);
    }
  }
}

// Nothing comes on a connection that the server has closed, so that says nothing about the server.
TEST_F(ControlClientTest, RepeatsARequestThatMetAKeptConnectionWhichWasClosed) {
  int requests = 0;
  server_.emplace(io_, [&requests](const FakeRequest&) {
    return ++requests == 2 ? std::string() : Answer(200, "hello");
  });
  auto request = Get();
  request.reuse = Reuse::kAlways;
  for (int turn = 0; turn < 2; ++turn) {
    const auto response = Fetch(request);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "hello");
  }
  EXPECT_EQ(requests, 3);
  EXPECT_EQ(server_->connections(), 2U);
}

TEST_F(ControlClientTest, RepeatsNothingThatFailedOtherwise) {
  int requests = 0;
  server_.emplace(io_, [&](const FakeRequest& asked) {
    ++requests;
    return asked.target == "/broken" ? std::string() : Answer(200, "hello");
  });
  auto request = Get("/broken");
  request.reuse = Reuse::kAlways;
  EXPECT_EQ(CodeOf(Fetch(request)), ErrorCode::kClosed);
  EXPECT_EQ(requests, 1) << "it was a new connection";

  request.target = "/";
  ASSERT_TRUE(Fetch(request));
  server_.emplace(io_, [&](const FakeRequest&) { return std::optional<std::string>(); });
  request = Get();
  request.reuse = Reuse::kAlways;
  request.deadline = clock_.Now() + 2s;
  EXPECT_EQ(CodeOf(Fetch(request)), ErrorCode::kTimeout);
  EXPECT_LE(server_->requests().size(), 1U) << "repeated";
}

TEST_F(ControlClientTest, TellsThatAServerSpeaksNoTls) {
  Serve(Answer(400, "plain HTTP"));
  auto request = Get();
  request.url.tls = true;
  const auto response = Fetch(request);
  ASSERT_EQ(CodeOf(response), ErrorCode::kTlsVersion);
  EXPECT_TRUE(response.error().message.starts_with("tls https://127.0.0.1:"))
      << response.error().message;
}

TEST_F(ControlClientTest, TalksTlsToAServerOfAnAuthorityThatIsNamed) {
  const TestCertificate certificate("good");
  const FakeTlsServer server(io_, certificate, Answer(200, "secret"));
  auto request = Get(server.url());
  request.tls = *TlsClient::Create({.ca_file = certificate.certificate_file});
  const auto response = Fetch(request);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->body, "secret");
}

TEST_F(ControlClientTest, ShowsItsCertificateToAServerThatWantsOne) {
  const TestCertificate certificate("server");
  const TestCertificate own("client");
  FakeTlsServer server(io_, certificate, Answer(200, "secret"));
  server.context().load_verify_file(own.certificate_file);
  server.context().set_verify_mode(boost::asio::ssl::verify_peer |
                                   boost::asio::ssl::verify_fail_if_no_peer_cert);
  auto request = Get(server.url());
  request.tls = *TlsClient::Create({.ca_file = certificate.certificate_file});
  EXPECT_FALSE(Fetch(request));
  request.tls =
      *TlsClient::Create({certificate.certificate_file, own.certificate_file, own.key_file});
  EXPECT_TRUE(Fetch(request));
}

TEST_F(ControlClientTest, TellsWhyACertificateIsNotAccepted) {
  const TestCertificate good("good");
  const TestCertificate elsewhere("elsewhere", "DNS:trino.example");
  const struct {
    const TestCertificate& shown;
    TlsOptions options;
    std::string reason;
  } cases[] = {
      {good, {}, "the server's certificate is not trusted: self-signed certificate"},
      {elsewhere,
       {.ca_file = elsewhere.certificate_file},
       "the server's certificate is not for '127.0.0.1'"},
  };
  for (const auto& [shown, options, reason] : cases) {
    SCOPED_TRACE(reason);
    const FakeTlsServer server(io_, shown, Answer(200, ""));
    auto request = Get(server.url());
    request.tls = *TlsClient::Create(options);
    const auto response = Fetch(request);
    ASSERT_EQ(CodeOf(response), ErrorCode::kTlsCertificate);
    EXPECT_TRUE(response.error().message.ends_with(reason)) << response.error().message;
  }
}

TEST_F(ControlClientTest, TellsThatAServersTlsIsTooOld) {
  const TestCertificate certificate("old");
  FakeTlsServer server(io_, certificate, Answer(200, ""));
  auto* context = server.context().native_handle();
  SSL_CTX_set_security_level(context, 0);  // else this library would not speak it either
  SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
  auto request = Get(server.url());
  request.tls = *TlsClient::Create({.ca_file = certificate.certificate_file});
  EXPECT_EQ(CodeOf(Fetch(request)), ErrorCode::kTlsVersion);
}

TEST_F(ControlClientTest, RefusesTlsFilesThatCannotBeUsed) {
  const TestCertificate one("one");
  const TestCertificate other("other");
  for (const auto& options :
       {TlsOptions{.ca_file = "/nowhere/ca.pem"},
        TlsOptions{.certificate_file = one.key_file, .key_file = one.key_file},
        TlsOptions{.certificate_file = one.certificate_file, .key_file = other.key_file}}) {
    EXPECT_EQ(CodeOf(TlsClient::Create(options)), ErrorCode::kInvalidArgument);
  }
}

}  // namespace
}  // namespace gateway::http
