#include "proxy/request_facts.h"

#include <string>

#include <gtest/gtest.h>

namespace gateway::proxy {
namespace {

TEST(FactsOf, TellsSessionsApartByTheMostTellingHeader) {
  const std::string info = "X-Trino-Client-Info: dashboard\r\n";
  const std::string token = "X-Trino-Trace-Token: t7\r\n";
  const std::string own = "x-session-id: s1\r\n";
  const struct {
    std::string fields;
    std::string_view session_header;
    std::string_view session;
  } cases[] = {
      {"", "", ""},
      {info, "", "dashboard"},
      {info + token, "", "t7"},
      {info + token + own, "", "t7"},
      {own + info + token, "X-Session-Id", "s1"},
      {info + token + own, "X-Session-Id", "s1"},
      {info + "X-Session-Id:\r\n", "X-Session-Id", "dashboard"},
      {info, "X-Session-Id", "dashboard"},
  };
  for (const auto& [fields, session_header, session] : cases) {
    SCOPED_TRACE(fields);
    const auto text = "POST /v1/statement HTTP/1.1\r\nHost: gw\r\n" + fields + "\r\n";
    http::RequestHead head;
    ASSERT_TRUE(http::ParseRequestHead(text, 20, head));
    const HeaderLookup headers(head);
    EXPECT_EQ(FactsOf(ViewRequest(head), headers, session_header).session, session);
  }
}

}  // namespace
}  // namespace gateway::proxy
