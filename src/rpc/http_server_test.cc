#include "rpc/http_server.h"

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>

#include "rpc/fake_methods.h"

namespace gateway::rpc {
namespace {

namespace asio = boost::asio;

// A blocking client that sends bytes as they are and reads until the server closes.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) {
    socket_.connect({asio::ip::address_v4::loopback(), port});
    timeval patience{20, 0};  // only a hang reaches it
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }

  // The server may answer, and close, before it has all.
  void Send(std::string_view bytes) {
    boost::system::error_code ignored;
    asio::write(socket_, asio::buffer(bytes), ignored);
  }

  // Everything up to the end, or up to and with `stop`.
  std::string Read(std::string_view stop = "") {
    std::string text;
    char buffer[4096];
    while (stop.empty() || text.find(stop) == std::string::npos) {
      const auto count = ::recv(socket_.native_handle(), buffer, sizeof buffer, 0);
      if (count <= 0) break;
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  asio::io_context io_;
  asio::ip::tcp::socket socket_{io_};
};

// A server on its own thread, with methods that need no service.
class ServerTest : public testing::Test {
 protected:
  void Start(std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
    server_.emplace(HttpServerOptions{"127.0.0.1", 0, timeout}, io_, api_,
                    Pools{pool_, lists_, logins_, directory_}, logger_);
    const auto port = server_->Start();
    ASSERT_TRUE(port) << port.error().message;
    port_ = *port;
    thread_ = std::thread([this] { io_.run(); });
  }

  // Returns when every connection has ended.
  void Stop() {
    if (!thread_.joinable()) return;
    asio::post(io_, [this] { server_->Stop(); });
    thread_.join();  // the loop ends by itself once nothing is left
    EXPECT_TRUE(server_->Stopped());
  }

  void TearDown() override { Stop(); }

  // Sends one request and returns the whole answer.
  std::string Ask(std::string_view method,
                  std::string_view target,
                  std::string_view body = "",
                  std::string_view headers = "") {
    RawClient client(port_);
    client.Send(std::string(method) + " " + std::string(target) +
                " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) +
                "\r\nX-Auth-Key: admin\r\nConnection: close\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n" + std::string(headers) + "\r\n" +
                std::string(body));
    return client.Read();
  }

  telemetry::Logger logger_{telemetry::Level::kError};
  LastCall last_;
  const MethodTable table_ = FakeMethods(last_);
  const Access access_{FakeAccess()};
  const HttpApi api_{{table_,
                      access_,
                      {[this]() -> std::optional<std::string> {
                         if (ready_) return std::nullopt;
                         return "still probing";
                       },
                       [] { return std::make_shared<const std::string>("up 1\n"); }},
                      nullptr,
                      logger_}};
  WorkPool pool_{2, 256};  // more than the server lets wait there
  WorkPool lists_{1, 1};
  WorkPool logins_{1, 1};
  WorkPool directory_{1, 1};
  asio::io_context io_{1};
  std::atomic<bool> ready_ = true;
  std::optional<HttpServer> server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::string StatusLineOf(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n"));
}

std::string BodyOf(const std::string& answer) {
  const auto end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

bool Has(const std::string& answer, std::string_view text) {
  return answer.find(text) != std::string::npos;
}

constexpr std::string_view kBackend = R"({"id":"c1","url":"http://127.0.0.1:2"})";

TEST_F(ServerTest, AnswersProbesAndScrapes) {
  Start();
  EXPECT_EQ(BodyOf(Ask("GET", "/livez")), "ok\n");
  EXPECT_EQ(StatusLineOf(Ask("GET", "/readyz")), "HTTP/1.1 200 OK");
  ready_ = false;
  const auto not_ready = Ask("GET", "/readyz");
  EXPECT_EQ(StatusLineOf(not_ready), "HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(BodyOf(not_ready), "still probing\n");
  const auto metrics = Ask("GET", "/metrics");
  EXPECT_TRUE(Has(metrics, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  EXPECT_EQ(BodyOf(metrics), "up 1\n");
  EXPECT_TRUE(Has(Ask("GET", "/"), "/swagger/"));
}

TEST_F(ServerTest, AnswersHeadLikeGetWithoutTheBody) {
  Start();
  const auto get = Ask("GET", "/api/v1/backends");
  const auto head = Ask("HEAD", "/api/v1/backends");
  EXPECT_EQ(head, get.substr(0, get.find("\r\n\r\n") + 4));
}

TEST_F(ServerTest, ServesSeveralRequestsOnOneConnection) {
  Start();
  RawClient client(port_);
  const std::string once = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
  client.Send(once);
  EXPECT_TRUE(Has(client.Read("ok\n"), "200 OK"));
  client.Send(once + "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto pipelined = client.Read();
  EXPECT_TRUE(Has(pipelined, "ok\n")) << pipelined;
  EXPECT_TRUE(pipelined.ends_with("ready\n")) << pipelined;
}

TEST_F(ServerTest, InvitesABodyThatTheClientHoldsBack) {
  Start();
  RawClient client(port_);
  client.Send(
      "POST /api/v1/backends HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX-Auth-Key: "
      "admin\r\n"
      "Expect: 100-continue\r\nContent-Length: " +
      std::to_string(kBackend.size()) + "\r\n\r\n");
  EXPECT_TRUE(Has(client.Read("\r\n\r\n"), "100 Continue"));
  client.Send(kBackend);
  EXPECT_TRUE(Has(client.Read(), "201 Created"));
}

TEST_F(ServerTest, RefusesMalformedRequestsAndGoesOnServing) {
  Start();
  for (const auto bytes :
       {"nonsense\r\n\r\n", "GET / HTTP/1.1\r\nBad Header\r\n\r\n", "GET / HTTP/9.9\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n"}) {
    SCOPED_TRACE(bytes);
    RawClient client(port_);
    client.Send(bytes);
    EXPECT_TRUE(Has(client.Read(), "HTTP/1.1 400 Bad Request"));
  }
  EXPECT_EQ(BodyOf(Ask("GET", "/livez")), "ok\n");
}

TEST_F(ServerTest, RefusesHeadsAndBodiesThatAreTooLarge) {
  Start();
  const auto head = Ask("GET", "/livez", "", "X-Long: " + std::string(20'000, 'x') + "\r\n");
  EXPECT_EQ(StatusLineOf(head), "HTTP/1.1 431 Request Header Fields Too Large");
  const auto body = Ask("POST", "/api/v1/backends", std::string(1'200'000, ' '));
  EXPECT_EQ(StatusLineOf(body), "HTTP/1.1 413 Payload Too Large");
  EXPECT_EQ(BodyOf(Ask("GET", "/livez")), "ok\n");
}

TEST_F(ServerTest, RefusesAChunkedBodyThatGrowsTooLarge) {
  Start();
  RawClient client(port_);
  client.Send("POST /api/v1/backends HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.Send("124f80\r\n" + std::string(1'200'000, ' ') + "\r\n0\r\n\r\n");
  EXPECT_TRUE(Has(client.Read(), "HTTP/1.1 413 Payload Too Large"));
}

TEST_F(ServerTest, EndsIdleAndHalfwayConnectionsWhenItStops) {
  Start();
  RawClient idle(port_);
  RawClient halfway(port_);
  halfway.Send("GET /livez HT");
  RawClient served(port_);
  served.Send("GET /livez HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(Has(served.Read("ok\n"), "200 OK"));
  Stop();
  EXPECT_EQ(idle.Read(), "");
  EXPECT_EQ(halfway.Read(), "");
  EXPECT_EQ(served.Read(), "");
}

TEST_F(ServerTest, CanBeDestroyedWithOpenConnectionsOnceTheLoopHasStopped) {
  Start();
  RawClient idle(port_);
  RawClient halfway(port_);
  halfway.Send("POST /api/v1/backends HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
  EXPECT_EQ(BodyOf(Ask("GET", "/livez")), "ok\n");  // the two came before it
  io_.stop();
  thread_.join();
  EXPECT_FALSE(server_->Stopped());
  server_->Stop();
  server_.reset();
  EXPECT_EQ(idle.Read(), "");
  EXPECT_EQ(halfway.Read(), "");
}

TEST_F(ServerTest, EndsConnectionsThatAreIdleOrStallInTheMiddleOfARequest) {
  Start(std::chrono::milliseconds(20));
  RawClient idle(port_);
  RawClient in_head(port_);
  in_head.Send("GET /livez HT");
  RawClient in_body(port_);
  in_body.Send("POST /api/v1/backends HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
  // Read() returns when the server has closed; its own patience is far longer.
  EXPECT_EQ(idle.Read(), "");
  EXPECT_EQ(in_head.Read(), "");
  EXPECT_EQ(in_body.Read(), "");
}

TEST_F(ServerTest, SurvivesClientsThatLeaveInTheMiddle) {
  Start();
  RawClient(port_).Send(
      "POST /api/v1/backends HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
  RawClient(port_).Send("GET /api/v1/backends HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(BodyOf(Ask("GET", "/livez")), "ok\n");
}

TEST_F(ServerTest, RunsWhatWaitsOnOtherThreadsAndSendsHeadersOfTheAnswer) {
  Start();
  const auto created = Ask("POST", "/api/v1/backends", R"({"id":"c1","etag":"3"})");
  EXPECT_EQ(StatusLineOf(created), "HTTP/1.1 201 Created");
  EXPECT_TRUE(Has(created, "ETag: \"3\"\r\n")) << created;
  const auto deleted = Ask("DELETE", "/api/v1/backends/c1");
  EXPECT_EQ(StatusLineOf(deleted), "HTTP/1.1 204 No Content");
  EXPECT_EQ(BodyOf(deleted), "");
  const auto page = Ask("GET", "/swagger/");
  EXPECT_TRUE(Has(page, "Content-Security-Policy: default-src 'none'; script-src 'self'")) << page;
}

TEST_F(ServerTest, MakesRoomByEndingTheConnectionThatIsIdleForLongest) {
  Start();
  std::vector<std::unique_ptr<RawClient>> idle;
  for (int i = 0; i < 256; ++i) idle.push_back(std::make_unique<RawClient>(port_));
  // All are taken in order; this one waits for none of them to leave by itself.
  EXPECT_EQ(BodyOf(Ask("GET", "/livez")), "ok\n");
  EXPECT_EQ(idle.front()->Read(), "");
  idle.back()->Send("GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(Has(idle.back()->Read(), "200 OK"));
}

TEST_F(ServerTest, MakesRoomByEndingConnectionsThatDoNotReadTheirAnswers) {
  Start();
  // More answers than all buffers between us hold.
  std::string requests;
  for (int i = 0; i < 12; ++i) {
    requests += "GET /swagger/swagger-ui-bundle.js HTTP/1.1\r\nHost: x\r\n\r\n";
  }
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 260; ++i) {
    clients.push_back(std::make_unique<RawClient>(port_));
    clients.back()->Send(requests);
  }
  EXPECT_EQ(BodyOf(Ask("GET", "/livez")), "ok\n");
}

TEST_F(ServerTest, MakesRoomByEndingConnectionsThatSendTheirRequestsSlowly) {
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 260; ++i) {
    clients.push_back(std::make_unique<RawClient>(port_));
    clients.back()->Send(i % 2 == 0 ? "G"
                                    : "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{");
  }
  EXPECT_EQ(BodyOf(Ask("GET", "/livez")), "ok\n");
}

TEST_F(ServerTest, AnswersProbesWhileEverythingElseWaits) {
  std::promise<void> end;
  std::shared_future<void> ended(end.get_future());
  for (WorkPool* pool : {&pool_, &logins_, &directory_}) {
    for (int i = 0; i < 3; ++i) {
      static_cast<void>(pool->Post([ended] { ended.wait(); }));
    }
  }
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 256; ++i) {
    clients.push_back(std::make_unique<RawClient>(port_));
    clients.back()->Send(
        "DELETE /api/v1/backends/c1 HTTP/1.1\r\nHost: x\r\nX-Auth-Key: admin\r\n\r\n");
  }
  EXPECT_EQ(BodyOf(Ask("GET", "/livez")), "ok\n");
  end.set_value();
}

TEST_F(ServerTest, AnswersListsWhileTheDatabaseHangs) {
  std::promise<void> end;
  std::shared_future<void> ended(end.get_future());
  for (int i = 0; i < 2; ++i) static_cast<void>(pool_.Post([ended] { ended.wait(); }));
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 192; ++i) {
    clients.push_back(std::make_unique<RawClient>(port_));
    clients.back()->Send(
        "DELETE /api/v1/backends/c1 HTTP/1.1\r\nHost: x\r\nX-Auth-Key: admin\r\n\r\n");
  }
  EXPECT_EQ(StatusLineOf(Ask("GET", "/api/v1/backends")), "HTTP/1.1 200 OK");
  end.set_value();
}

TEST_F(ServerTest, AnswersProbesWhileListsTakeLong) {
  std::promise<void> end;
  std::shared_future<void> ended(end.get_future());
  std::promise<void> begun;
  static_cast<void>(lists_.Post([&begun, ended] {
    begun.set_value();
    ended.wait();
  }));
  begun.get_future().wait();
  static_cast<void>(lists_.Post([ended] { ended.wait(); }));  // one runs, one waits: it is full
  Start();
  EXPECT_EQ(StatusLineOf(Ask("GET", "/api/v1/backends")), "HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(BodyOf(Ask("GET", "/livez")), "ok\n");
  EXPECT_EQ(StatusLineOf(Ask("GET", "/api/v1/backends/c1")), "HTTP/1.1 200 OK");
  EXPECT_EQ(StatusLineOf(Ask("DELETE", "/api/v1/backends/c1")), "HTTP/1.1 204 No Content");
  end.set_value();
}

TEST_F(ServerTest, KeepsLoginsThatHangFromDelayingOtherCalls) {
  std::promise<void> end;
  std::shared_future<void> ended(end.get_future());
  // One runs, one waits: the pool is full.
  std::promise<void> begun;
  static_cast<void>(logins_.Post([&begun, ended] {
    begun.set_value();
    ended.wait();
  }));
  begun.get_future().wait();
  static_cast<void>(logins_.Post([ended] { ended.wait(); }));
  Start();
  EXPECT_EQ(StatusLineOf(Ask("DELETE", "/api/v1/backends/c1")), "HTTP/1.1 204 No Content");
  constexpr std::string_view kBasic =
      "Host: x\r\nAuthorization: Basic YTphZG1pbg==\r\nConnection: close\r\n\r\n";
  RawClient rest(port_);
  rest.Send("GET /api/v1/backends/c1 HTTP/1.1\r\n" + std::string(kBasic));
  const auto refused = rest.Read();
  EXPECT_EQ(StatusLineOf(refused), "HTTP/1.1 503 Service Unavailable");
  EXPECT_TRUE(Has(refused, "Retry-After: 1\r\n"));
  RawClient twirp(port_);
  twirp.Send(
      "POST /twirp/trino.gateway.v1.BackendApi/GetBackend HTTP/1.1\r\nContent-Type: "
      "application/json\r\nContent-Length: 0\r\n" +
      std::string(kBasic));
  const auto in_twirp = twirp.Read();
  EXPECT_TRUE(Has(in_twirp, "Retry-After: 1\r\n"));
  EXPECT_TRUE(BodyOf(in_twirp).starts_with(R"({"code":"unavailable","msg":)")) << in_twirp;
  end.set_value();
}

TEST_F(ServerTest, KeepsADirectoryThatHangsFromDelayingUsersOfTheFile) {
  std::promise<void> end;
  std::shared_future<void> ended(end.get_future());
  std::promise<void> begun;
  static_cast<void>(directory_.Post([&begun, ended] {
    begun.set_value();
    ended.wait();
  }));
  begun.get_future().wait();
  static_cast<void>(directory_.Post([ended] { ended.wait(); }));
  Start();
  const auto status = [this](std::string_view credentials) {
    RawClient client(port_);
    client.Send("GET /api/v1/backends/c1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                std::string(credentials) + "\r\n\r\n");
    return StatusLineOf(client.Read());
  };
  EXPECT_EQ(status("Authorization: Basic bGRhcDphZG1pbg=="), "HTTP/1.1 503 Service Unavailable");
  EXPECT_EQ(status("Authorization: Basic YTphZG1pbg=="), "HTTP/1.1 200 OK");
  EXPECT_EQ(status("X-Auth-Key: admin"), "HTTP/1.1 200 OK");
  end.set_value();
}

TEST_F(ServerTest, LogsInOnOneThreadAndCallsOnAnother) {
  Start();
  RawClient client(port_);
  client.Send(
      "DELETE /api/v1/backends/c1 HTTP/1.1\r\nHost: x\r\nAuthorization: Basic "
      "YTphZG1pbg==\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(Has(client.Read(), "204 No Content"));
}

TEST_F(ServerTest, AnswersARequestWhoseWorkThrowsAndServesOn) {
  Start();
  const auto get = [this](std::string_view credentials) {
    RawClient client(port_);
    client.Send("GET /api/v1/backends/c1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                std::string(credentials) + "\r\n\r\n");
    return client.Read();
  };
  constexpr std::string_view kFaulty = "Authorization: Basic ZmF1bHR5OmFkbWlu";
  for (const auto credentials : {kFaulty, std::string_view("X-Auth-Key: faulty")}) {
    SCOPED_TRACE(credentials);
    const auto answer = get(credentials);
    EXPECT_EQ(StatusLineOf(answer), "HTTP/1.1 500 Internal Server Error");
    EXPECT_TRUE(BodyOf(answer).starts_with(R"({"error":{"code":"internal","message":)")) << answer;
    EXPECT_FALSE(Has(answer, "descriptors")) << answer;
  }
  for (const auto credentials : {kFaulty, std::string_view("X-Auth-Key: faulty")}) {
    RawClient twirp(port_);
    twirp.Send(
        "POST /twirp/trino.gateway.v1.BackendApi/GetBackend HTTP/1.1\r\nHost: x\r\nContent-Type: "
        "application/json\r\nContent-Length: 0\r\nConnection: close\r\n" +
        std::string(credentials) + "\r\n\r\n");
    const auto in_twirp = twirp.Read();
    EXPECT_EQ(StatusLineOf(in_twirp), "HTTP/1.1 500 Internal Server Error");
    EXPECT_TRUE(BodyOf(in_twirp).starts_with(R"({"code":"internal","msg":)")) << in_twirp;
  }
  EXPECT_EQ(StatusLineOf(get("Authorization: Basic YTphZG1pbg==")), "HTTP/1.1 200 OK");
}

TEST_F(ServerTest, TakesTheHostFromATargetInAbsoluteForm) {
  Start();
  RawClient client(port_);
  client.Send(
      "GET http://gateway.example/livez HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(BodyOf(client.Read()), "ok\n");
  for (const auto request :
       {"GET /livez HTTP/1.1\r\n\r\n", "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /livez HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET ftp://a/livez HTTP/1.1\r\nHost: a\r\n\r\n"}) {
    SCOPED_TRACE(request);
    RawClient wrong(port_);
    wrong.Send(request);
    EXPECT_TRUE(Has(wrong.Read(), "HTTP/1.1 400 Bad Request"));
  }
}

TEST_F(ServerTest, SpeaksTwirpAboutRequestsThatItCannotRead) {
  Start();
  constexpr std::string_view kPath = "/twirp/trino.gateway.v1.BackendApi/GetBackend";
  const auto large = Ask("POST", kPath, std::string(1'200'000, ' '));
  EXPECT_EQ(StatusLineOf(large), "HTTP/1.1 413 Payload Too Large");
  EXPECT_TRUE(BodyOf(large).starts_with(R"({"code":"resource_exhausted","msg":)")) << large;
  const auto chunk = Ask("POST", kPath, "zz", "Transfer-Encoding: chunked\r\n");
  EXPECT_EQ(StatusLineOf(chunk), "HTTP/1.1 400 Bad Request");
  EXPECT_TRUE(BodyOf(chunk).starts_with(R"({"code":"malformed","msg":)")) << chunk;
}

TEST_F(ServerTest, JoinsTheLinesOfAListAndSendsNoBodyWhenNothingChanged) {
  Start();
  const auto known =
      Ask("GET", "/api/v1/groups/adhoc", "", "If-None-Match: \"4\"\r\nIf-None-Match: \"5\"\r\n");
  EXPECT_EQ(StatusLineOf(known), "HTTP/1.1 304 Not Modified");
  EXPECT_TRUE(Has(known, "ETag: \"5\"\r\n"));
  EXPECT_EQ(BodyOf(known), "");
  const auto empty = Ask("DELETE", "/api/v1/backends/c1", "", "If-Match:\r\n");
  EXPECT_EQ(StatusLineOf(empty), "HTTP/1.1 400 Bad Request");
}

TEST_F(ServerTest, ReportsAnAddressThatCannotBeUsed) {
  Start();
  HttpServer second(HttpServerOptions{"127.0.0.1", port_}, io_, api_,
                    Pools{pool_, lists_, logins_, directory_}, logger_);
  const auto started = second.Start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().code, ErrorCode::kConflict);
  HttpServer named(HttpServerOptions{"localhost", 0}, io_, api_,
                   Pools{pool_, lists_, logins_, directory_}, logger_);
  EXPECT_EQ(named.Start().error().code, ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace gateway::rpc
