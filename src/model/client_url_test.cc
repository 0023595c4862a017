#include "model/client_url.h"

#include <gtest/gtest.h>

namespace gateway::model {
namespace {

TEST(ClientUrl, IsTheExternalUrlAndElseTheUrl) {
  const struct {
    const char* external_url;
    const char* expected;
  } cases[] = {
      {"", "http://10.0.0.1:8080"},
      {"https://trino-1.example", "https://trino-1.example"},
      {"https://trino-1.example:8443/", "https://trino-1.example:8443"},
      {"http://balancer/trino-1/", "http://balancer/trino-1"},
      {"trino-1.example:8080", "http://trino-1.example:8080"},
      // Nothing that could end a JSON string, or lead elsewhere.
      {"https://a/\"b", "http://10.0.0.1:8080"},
      {"https://a/b?c", "http://10.0.0.1:8080"},
      {"https://user@a", "http://10.0.0.1:8080"},
      {"not a url", "http://10.0.0.1:8080"},
  };
  for (const auto& [external_url, expected] : cases) {
    SCOPED_TRACE(external_url);
    Backend backend{.id = "c1", .url = {false, "10.0.0.1", 8080}, .external_url = external_url};
    EXPECT_EQ(ClientUrl(backend), expected);
    const bool taken = *external_url == '\0' || backend.url.ToString() != expected;
    EXPECT_EQ(CheckExternalUrl(backend).has_value(), taken);
  }
}

TEST(ClientUrl, HasTheSchemeOfTheUrlWhereTheExternalUrlNamesNone) {
  Backend backend{.id = "c1", .url = {true, "10.0.0.1", 443}, .external_url = "trino.example"};
  EXPECT_EQ(ClientUrl(backend), "https://trino.example");
}

}  // namespace
}  // namespace gateway::model
