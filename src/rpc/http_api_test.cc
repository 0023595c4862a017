#include "rpc/http_api.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "rpc/fake_methods.h"
#include "rpc/json_reader.h"

namespace gateway::rpc {
namespace {

struct HttpApiTest : testing::Test {
  // With the role's token; empty: without one.
  Response Ask(std::string method,
               std::string target,
               std::string body = "",
               std::string_view token = "admin") {
    Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.body = std::move(body);
    request.auth_key = token;
    request.host = "localhost";
    request.content_type = content_type;
    request.if_match = if_match;
    request.if_none_match = if_none_match;
    request.origin = origin;
    request.client = "10.0.0.1";
    return api.Prepare(std::move(request)).run();
  }

  static bool Has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
  }

  static std::string HeaderOf(const Response& response, std::string_view name) {
    const auto found =
        std::ranges::find(response.headers, name, &std::pair<std::string_view, std::string>::first);
    return found == response.headers.end() ? "" : found->second;
  }

  telemetry::Logger logger{telemetry::Level::kError};
  LastCall last;
  const MethodTable table = FakeMethods(last);
  const Access access{FakeAccess()};
  const HttpApi api{{table,
                     access,
                     {[] { return std::optional<std::string>(); },
                      [] { return std::make_shared<const std::string>("up 1\n"); }},
                     nullptr,
                     logger}};
  std::string content_type = "application/json";
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::string origin;
};

TEST_F(HttpApiTest, RestShowsTheFieldThatTheBindingNames) {
  const auto response = Ask("GET", "/api/v1/backends/c1");
  EXPECT_EQ(response.status, 200U);
  EXPECT_TRUE(response.body.starts_with(R"({"id":"c1","scheme":"http")")) << response.body;
  EXPECT_EQ(HeaderOf(response, "ETag"), "\"5\"");
}

TEST_F(HttpApiTest, RestFillsTheRequestFromPathQueryAndBody) {
  EXPECT_EQ(Ask("GET", "/api/v1/backends?page_size=7&filter=enabled%3Dtrue+id%3Dx").body,
            R"({"backends":[],"next_page_token":"enabled=true id=x","total_size":7})"
            "\n");
  v1::Backend put;
  ASSERT_TRUE(ReadJson(Ask("PUT", "/api/v1/backends/c9", R"({"url":"http://t"})").body, put));
  EXPECT_EQ(put.id(), "c9");
  EXPECT_EQ(put.url(), "http://t");
  EXPECT_EQ(Ask("POST", "/api/v1/backends/c1:drain", R"({"timeout_seconds":3})").body,
            R"({"drained":false,"in_flight":3,"queries":0,"transactions":0,"spooled":false})"
            "\n");
  EXPECT_EQ(Ask("POST", "/api/v1/backends/c1:drain").status, 200U);
}

TEST_F(HttpApiTest, RestAnswersCreatedAndNoContent) {
  EXPECT_EQ(Ask("POST", "/api/v1/backends", R"({"id":"a"})").status, 201U);
  const auto deleted = Ask("DELETE", "/api/v1/backends/a");
  EXPECT_EQ(deleted.status, 204U);
  EXPECT_EQ(deleted.body, "");
  EXPECT_EQ(Ask("POST", "/api/v1/backends/a:enable").body, "{}\n");
}

TEST_F(HttpApiTest, RestTakesWhatAPatchBodyHasForItsMask) {
  v1::Backend patched;
  ASSERT_TRUE(ReadJson(
      Ask("PATCH", "/api/v1/backends/a", R"({"is_enabled":false,"loadLimit":0})").body, patched));
  EXPECT_EQ(patched.health_reason(), "is_enabled+load_limit");
  patched.Clear();
  ASSERT_TRUE(ReadJson(
      Ask("PATCH", "/api/v1/backends/a?update_mask=url,draining", R"({"draining":true})").body,
      patched));
  EXPECT_EQ(patched.health_reason(), "url+draining");
}

TEST_F(HttpApiTest, RestHandsIfMatchOn) {
  for (const auto value : {"\"4\"", " \"4\"", "W/\"4\"", "4"}) {
    SCOPED_TRACE(value);
    if_match = value;
    EXPECT_EQ(Ask("DELETE", "/api/v1/backends/a").status, 412U);
    const auto put = Ask("PUT", "/api/v1/backends/a", R"({"url":"http://t"})");
    EXPECT_EQ(HeaderOf(put, "ETag"), "\"4\"");
  }
  // What can match nothing is no unconditional write.
  for (const auto value : {"\"\"", "W/\"x\"", "\"x\""}) {
    SCOPED_TRACE(value);
    if_match = value;
    EXPECT_EQ(Ask("DELETE", "/api/v1/backends/a").status, 412U);
  }
  for (const auto value : {"", "5x", "\"5", "*, \"5\""}) {
    SCOPED_TRACE(value);
    if_match = value;
    EXPECT_EQ(Ask("DELETE", "/api/v1/backends/a").status, 400U);
  }
  if_match = "\"5\"";
  EXPECT_EQ(Ask("PUT", "/api/v1/backends/a", R"({"url":"http://t","etag":"4"})").status, 400U);
  EXPECT_EQ(Ask("PUT", "/api/v1/backends/a", R"({"url":"http://t","etag":"5"})").status, 200U);
  EXPECT_EQ(Ask("DELETE", "/api/v1/backends/a").status, 204U);
  EXPECT_EQ(Ask("POST", "/api/v1/backends/a:enable").status, 400U);
}

TEST_F(HttpApiTest, RestSendsNothingThatTheCallerHas) {
  for (const auto value : {"\"5\"", "W/\"5\"", "\"4\", \"5\"", "*"}) {
    SCOPED_TRACE(value);
    if_none_match = value;
    const auto response = Ask("GET", "/api/v1/groups/adhoc");
    EXPECT_EQ(response.status, 304U);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(HeaderOf(response, "ETag"), "\"5\"");
  }
  if_none_match = "\"4\"";
  EXPECT_EQ(Ask("GET", "/api/v1/groups/adhoc").status, 200U);
  if_none_match = "\"5\"";
  EXPECT_EQ(Ask("GET", "/api/v1/backends/c1").status, 200U) << "its health may have changed";
  EXPECT_EQ(Ask("GET", "/api/v1/backends").status, 200U);
  EXPECT_EQ(Ask("PUT", "/api/v1/backends/a", R"({"url":"http://t"})").status, 400U);
  if_none_match = "5";
  EXPECT_EQ(Ask("GET", "/api/v1/backends/c1").status, 400U);
}

TEST_F(HttpApiTest, RestRefusesWhatTheMethodDoesNotTake) {
  struct Case {
    std::string_view method, target, body, message;
  };
  const Case cases[] = {
      {"GET", "/api/v1/backends?colour=red", "", "unknown parameter 'colour'"},
      {"GET", "/api/v1/backends?page_size=x", "", "field 'page_size' must be a whole number"},
      {"GET", "/api/v1/backends?filter=%zz", "", "broken %-escape"},
      {"GET", "/api/v1/backends/c1", "{\"a\":1}", "takes no body"},
      {"POST", "/api/v1/backends", "", "could not be decoded"},
      {"POST", "/api/v1/backends", R"({"uri":1})", "unknown field 'uri'"},
      {"POST", "/api/v1/backends/a:drain?timeout_seconds=3", "{}", "fields go in the body"},
      {"PUT", "/api/v1/backends/a", R"({"id":"b"})", "'b', but the path says 'a'"},
  };
  for (const auto& [method, target, body, message] : cases) {
    SCOPED_TRACE(target);
    const auto response = Ask(std::string(method), std::string(target), std::string(body));
    EXPECT_EQ(response.status, 400U);
    EXPECT_TRUE(response.body.starts_with(R"({"error":{"code":"invalid_argument","message":")"));
    EXPECT_NE(response.body.find(message), std::string::npos) << response.body;
  }
}

TEST_F(HttpApiTest, RestTellsErrorsApart) {
  const auto missing = Ask("GET", "/api/v1/backends/c2");
  EXPECT_EQ(missing.status, 404U);
  EXPECT_EQ(missing.body,
            R"({"error":{"code":"not_found","message":"backend 'c2' does not exist"}})"
            "\n");
  EXPECT_EQ(Ask("DELETE", "/api/v1/backends/used").status, 409U);
  const auto down = Ask("GET", "/api/v1/groups/down");
  EXPECT_EQ(down.status, 503U);
  EXPECT_EQ(HeaderOf(down, "Retry-After"), "1");
  const auto broken = Ask("GET", "/api/v1/groups/g");
  EXPECT_EQ(broken.status, 500U);
  EXPECT_EQ(broken.body.find("SELECT"), std::string::npos);
  const auto wrong = Ask("PATCH", "/api/v1/backends");
  EXPECT_EQ(wrong.status, 405U);
  EXPECT_EQ(HeaderOf(wrong, "Allow"), "POST, GET, HEAD");
}

TEST_F(HttpApiTest, AsksForTheRoleOfTheMethod) {
  struct Case {
    std::string_view method, target, body, token;
    unsigned status;
  };
  const Case cases[] = {
      {"GET", "/api/v1/backends/c1", "", "", 200},
      {"GET", "/api/v1/backends/c1", "", "none", 403},
      {"GET", "/api/v1/backends/c1", "", "nonsense", 401},
      {"POST", "/api/v1/backends/c1:enable", "", "", 401},
      {"POST", "/api/v1/backends/c1:enable", "", "viewer", 403},
      {"POST", "/api/v1/backends/c1:enable", "", "operator", 200},
      {"DELETE", "/api/v1/backends/c1", "", "operator", 403},
      {"DELETE", "/api/v1/backends/c1", "", "admin", 204},
      {"GET", "/api/v1/nothing", "", "nonsense", 401},
      {"GET", "/api/v1/nothing", "", "", 404},
      {"POST", "/twirp/trino.gateway.v1.BackendApi/DeleteBackend", "{}", "operator", 403},
      {"POST", "/twirp/razorpay.gateway.BackendApi/GetBackend", R"({"id":"c1"})", "nonsense", 401},
      {"POST", "/twirp/razorpay.gateway.HealthCheckAPI/Check", "{}", "nonsense", 200},
      {"GET", "/livez", "", "nonsense", 200},
  };
  for (const auto& [method, target, body, token, status] : cases) {
    SCOPED_TRACE(std::string(method) + " " + std::string(target) + " as " + std::string(token));
    EXPECT_EQ(Ask(std::string(method), std::string(target), std::string(body), token).status,
              status);
  }
}

TEST_F(HttpApiTest, TellsHandlersWhoCalls) {
  Ask("POST", "/api/v1/backends", "{}");
  EXPECT_EQ(last.caller.client, "10.0.0.1");
  EXPECT_EQ(last.caller.method, "BackendApi/CreateBackend");
  EXPECT_EQ(last.caller.principal.name, "someone");
}

TEST_F(HttpApiTest, RefusesChangesFromPagesOfOtherSites) {
  for (const auto value : {"http://evil.example", "https://localhost:1", "null"}) {
    SCOPED_TRACE(value);
    origin = value;
    EXPECT_EQ(Ask("POST", "/api/v1/backends/c1:enable").status, 403U);
    EXPECT_EQ(Ask("GET", "/api/v1/backends/c1").status, 200U);
  }
  for (const auto value : {"http://localhost", "http://LOCALHOST:80", "https://localhost",
                           "https://gw.example.org", "https://gw.example.org:443"}) {
    SCOPED_TRACE(value);
    origin = value;
    EXPECT_EQ(Ask("POST", "/api/v1/backends/c1:enable").status, 200U);
  }
  for (const auto value : {"http://gw.example.org", "https://gw.example.org:8443",
                           "https://x.gw.example.org", "https://gw.example.org.evil"}) {
    SCOPED_TRACE(value);
    origin = value;
    EXPECT_EQ(Ask("POST", "/api/v1/backends/c1:enable").status, 403U);
  }
}

TEST_F(HttpApiTest, SendsWhatWaitsToOtherThreads) {
  using Thread = HttpApi::Thread;
  struct Where {
    std::optional<Thread> identifies;
    Thread thread;
    bool operator==(const Where&) const = default;
  };
  const auto where = [&](std::string method, std::string target, std::string authorization = "") {
    Request request;
    request.method = std::move(method);
    request.target = std::move(target);
    request.authorization = std::move(authorization);
    request.content_type = "application/json";
    const auto plan = api.Prepare(std::move(request));
    return Where{plan.identify ? std::optional(plan.identify_on) : std::nullopt, plan.thread};
  };
  const auto none = std::nullopt;
  EXPECT_EQ(where("GET", "/api/v1/backends/c1"), (Where{none, Thread::kLoop}));
  EXPECT_EQ(where("DELETE", "/api/v1/backends/c1"), (Where{none, Thread::kLoop})) << "refused";
  EXPECT_EQ(where("DELETE", "/api/v1/backends/c1", "Bearer admin"),
            (Where{none, Thread::kWaiting}));
  EXPECT_EQ(where("GET", "/api/v1/backends"), (Where{none, Thread::kLists}));
  EXPECT_EQ(where("GET", "/api/v1/backends", "Bearer nonsense"), (Where{none, Thread::kLoop}))
      << "refused";
  EXPECT_EQ(where("GET", "/readyz"), (Where{none, Thread::kLoop}));
  EXPECT_EQ(where("GET", "/api/v1/backends/c1", "Basic YTpi"),
            (Where{Thread::kLogins, Thread::kLoop}));
  EXPECT_EQ(where("DELETE", "/api/v1/backends/c1", "Basic YTpi"),
            (Where{Thread::kLogins, Thread::kWaiting}));
  EXPECT_EQ(where("GET", "/api/v1/backends/c1", "Basic bGRhcDpi"),
            (Where{Thread::kOthers, Thread::kLoop}));
  EXPECT_EQ(where("GET", "/api/v1/nothing", "Basic YTpi"), (Where{Thread::kLogins, Thread::kLoop}));
  EXPECT_EQ(where("POST", "/twirp/razorpay.gateway.HealthCheckAPI/Check", "Basic YTpi"),
            (Where{none, Thread::kLoop}));
  EXPECT_EQ(where("GET", "/livez", "Basic YTpi"), (Where{none, Thread::kLoop}));
}

TEST_F(HttpApiTest, TwirpSpeaksJsonUnderBothPackages) {
  for (const auto package : {"razorpay.gateway", "trino.gateway.v1"}) {
    for (const auto type : {"application/json", "application/json; charset=utf-8"}) {
      content_type = type;
      const auto response = Ask("POST", std::string("/twirp/") + package + ".BackendApi/GetBackend",
                                R"({"id":"c1"})");
      EXPECT_EQ(response.status, 200U);
      EXPECT_TRUE(response.body.starts_with(R"({"backend":{"id":"c1")")) << response.body;
    }
  }
  EXPECT_EQ(Ask("POST", "/twirp/razorpay.gateway.HealthCheckAPI/Check", "{}").body,
            R"({"serving_status":"SERVING_STATUS_SERVING"})");
}

TEST_F(HttpApiTest, TwirpSpeaksProtobufButErrorsInJson) {
  content_type = "application/protobuf";
  v1::BackendGetRequest request;
  request.set_id("c1");
  const std::string path = "/twirp/razorpay.gateway.BackendApi/GetBackend";
  const auto response = Ask("POST", path, request.SerializeAsString());
  EXPECT_EQ(response.content_type, "application/protobuf");
  v1::BackendGetResponse answer;
  ASSERT_TRUE(answer.ParseFromString(response.body));
  EXPECT_EQ(answer.backend().etag(), "5");
  request.set_id("c2");
  const auto missing = Ask("POST", path, request.SerializeAsString());
  EXPECT_EQ(missing.content_type, "application/json");
  EXPECT_EQ(missing.body, R"({"code":"not_found","msg":"backend 'c2' does not exist"})");
  // Field 2047, which no message has.
  const auto unknown = Ask("POST", path, request.SerializeAsString() + "\xf8\x7f\x01");
  EXPECT_EQ(unknown.status, 400U);
  EXPECT_TRUE(Has(unknown.body, "BackendGetRequest has no field with number 2047")) << unknown.body;
  EXPECT_EQ(Ask("POST", path, "\xff\xff").body,
            R"({"code":"malformed","msg":"the protobuf request could not be decoded"})");
}

TEST_F(HttpApiTest, TwirpTellsBadRoutesAsItsClientsExpect) {
  const std::string path = "/twirp/razorpay.gateway.BackendApi/GetBackend";
  const auto get = Ask("GET", path);
  EXPECT_EQ(get.status, 404U);
  EXPECT_EQ(get.body,
            R"x({"code":"bad_route","msg":"unsupported method \"GET\" (only POST is allowed)",)x"
            R"x("meta":{"twirp_invalid_route":"GET )x" +
                path + "\"}}");
  for (const auto target :
       {"/twirp/razorpay.gateway.BackendApi/Nope", "/twirp/razorpay.gateway.Nope/GetBackend",
        "/twirp/other.BackendApi/GetBackend", "/twirp/BackendApi/GetBackend", "/twirp/",
        "/twirp/razorpay.gateway.BackendApi"}) {
    SCOPED_TRACE(target);
    const auto response = Ask("POST", target, "{}");
    EXPECT_EQ(response.status, 404U);
    EXPECT_TRUE(response.body.starts_with(R"({"code":"bad_route","msg":"no handler for path)"));
  }
  content_type = "text/plain";
  EXPECT_TRUE(Has(Ask("POST", path, "{}").body, R"x(unexpected Content-Type: \"text/plain\")x"));
}

TEST_F(HttpApiTest, TwirpMapsErrors) {
  struct Case {
    std::string_view name, body;
    unsigned status;
    std::string_view code;
  };
  const Case cases[] = {
      {"BackendApi/GetBackend", "nonsense", 400, "malformed"},
      {"BackendApi/GetBackend", "", 400, "malformed"},
      {"BackendApi/GetBackend", R"({"id":7})", 400, "invalid_argument"},
      {"BackendApi/GetBackend", R"({"nope":7})", 400, "invalid_argument"},
      {"BackendApi/DeleteBackend", R"({"id":"used"})", 409, "failed_precondition"},
      {"BackendApi/DeleteBackend", R"({"id":"a","etag":"4"})", 409, "aborted"},
      {"GroupApi/GetGroup", R"({"id":"down"})", 503, "unavailable"},
      {"GroupApi/GetGroup", R"({"id":"g"})", 500, "internal"},
  };
  for (const auto& [name, body, status, code] : cases) {
    SCOPED_TRACE(body);
    const auto response =
        Ask("POST", "/twirp/trino.gateway.v1." + std::string(name), std::string(body));
    EXPECT_EQ(response.status, status);
    EXPECT_TRUE(Has(response.body, "{\"code\":\"" + std::string(code) + "\"")) << response.body;
  }
}

TEST_F(HttpApiTest, ServesSwaggerUiUnderAPolicyThatAllowsNothingFromOutside) {
  EXPECT_EQ(HeaderOf(Ask("GET", "/swagger"), "Location"), "/swagger/");
  for (const auto path : {"/swagger/", "/swagger/start.js", "/swagger/swagger-ui-bundle.js",
                          "/swagger/swagger-ui.css", "/swagger/favicon.png"}) {
    SCOPED_TRACE(path);
    const auto response = Ask("GET", path);
    EXPECT_EQ(response.status, 200U);
    EXPECT_GT(response.file.size(), 100U) << "and not a copy of it";
    EXPECT_EQ(response.text(), response.file);
    EXPECT_TRUE(HeaderOf(response, "Content-Security-Policy").starts_with("default-src 'none'"));
  }
  EXPECT_EQ(Ask("POST", "/swagger/").status, 405U);
  EXPECT_EQ(Ask("GET", "/swagger/../livez").status, 404U);
  EXPECT_TRUE(Has(std::string(Ask("GET", "/openapi.json").text()), "/api/v1/backends/{id}:enable"));
}

}  // namespace
}  // namespace gateway::rpc
