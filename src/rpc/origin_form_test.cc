#include "rpc/origin_form.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::rpc {
namespace {

Request To(std::string target, std::string host) {
  Request request;
  request.target = std::move(target);
  request.host = std::move(host);
  return request;
}

TEST(TakeOriginForm, LetsTheTargetNameTheHost) {
  const struct {
    std::string target, host, path, used;
  } cases[] = {
      {"/livez?x=1", "gw:8090", "/livez?x=1", "gw:8090"},
      {"http://gw/livez?x=1", "other", "/livez?x=1", "gw"},
      {"HTTPS://gw:1/", "other", "/", "gw:1"},
      {"http://gw", "gw", "/", "gw"},
      {"http://gw?x=1", "gw", "/?x=1", "gw"},
      {"http://[::1]:8090/a", "", "/a", "[::1]:8090"},
      {"*", "gw", "*", "gw"},
      {"/http://gw/", "gw", "/http://gw/", "gw"},
  };
  for (const auto& [target, host, path, used] : cases) {
    SCOPED_TRACE(target);
    auto request = To(target, host);
    ASSERT_TRUE(TakeOriginForm(request, 1, true));
    EXPECT_EQ(request.target, path);
    EXPECT_EQ(request.host, used);
  }
}

TEST(TakeOriginForm, RefusesWhatNamesNoHostOrSeveral) {
  const std::pair<std::string, std::string> cases[] = {
      {"/", "a b"},
      {"/", "a/b"},
      {"/", "user@gw"},
      {"/", "a,b"},
      {"http:///livez", ""},
      {"http://u@gw/", ""},
      {"http://gw\\x/", ""},
      {"ftp://gw/", "gw"},
      {"gw:80", "gw"},
      {"livez", "gw"},
      {"", "gw"},
  };
  for (const auto& [target, host] : cases) {
    SCOPED_TRACE(target + " " + host);
    auto request = To(target, host);
    EXPECT_EQ(CodeOf(TakeOriginForm(request, 1, true)), ErrorCode::kProtocol);
  }
  auto request = To("/", "");
  EXPECT_EQ(CodeOf(TakeOriginForm(request, 0, true)), ErrorCode::kProtocol);
  EXPECT_EQ(CodeOf(TakeOriginForm(request, 2, true)), ErrorCode::kProtocol);
  EXPECT_TRUE(TakeOriginForm(request, 0, false)) << "HTTP/1.0 needs none";
}

}  // namespace
}  // namespace gateway::rpc
