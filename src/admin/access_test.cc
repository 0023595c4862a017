#include "admin/access.h"

#include <gtest/gtest.h>

namespace gateway::admin {
namespace {

constexpr bool kWrite = true;
constexpr bool kRead = false;

unsigned StatusOf(const std::optional<Refusal>& refusal) { return refusal ? refusal->status : 200; }

Request Local() {
  Request request;
  request.host = "127.0.0.1:8090";
  return request;
}

TEST(Access, TakesTheTokenInEitherHeader) {
  const Access access("s3cret", false);
  auto request = Local();
  request.auth_key = "s3cret";
  EXPECT_EQ(StatusOf(access.Check(request, kWrite)), 200U);
  request.auth_key = "";
  for (const auto value : {"Bearer s3cret", "bearer s3cret", "Bearer  s3cret "}) {
    SCOPED_TRACE(value);
    request.authorization = value;
    EXPECT_EQ(StatusOf(access.Check(request, kWrite)), 200U);
  }
}

TEST(Access, RefusesReadsAndWritesWithoutTheConfiguredToken) {
  const Access access("s3cret", true);
  for (const auto value : {"", "s3cre", "s3cret2", "S3CRET"}) {
    SCOPED_TRACE(value);
    auto request = Local();
    request.auth_key = value;
    EXPECT_EQ(StatusOf(access.Check(request, kRead)), 401U);
    EXPECT_EQ(StatusOf(access.Check(request, kWrite)), 401U);
  }
  for (const auto value : {"Bearer", "Bearer ", "Basic s3cret", "s3cret"}) {
    SCOPED_TRACE(value);
    auto request = Local();
    request.authorization = value;
    EXPECT_EQ(StatusOf(access.Check(request, kRead)), 401U);
  }
}

TEST(Access, LetsEverybodyReadWhenNoTokenIsConfigured) {
  EXPECT_EQ(StatusOf(Access("", false).Check(Local(), kRead)), 200U);
}

TEST(Access, LetsOnlyLoopbackWriteWhenNoTokenIsConfigured) {
  EXPECT_EQ(StatusOf(Access("", true).Check(Local(), kWrite)), 200U);
  const auto refusal = Access("", false).Check(Local(), kWrite);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 403U);
  EXPECT_EQ(refusal->message, "set admin.token in the configuration to allow changes");
}

TEST(Access, RefusesTokenlessWritesThatCameInUnderAForeignName) {
  const Access access("", true);
  auto request = Local();
  for (const auto host : {"localhost:8090", "LOCALHOST", "127.1.2.3", "[::1]:8090", "[::1]"}) {
    SCOPED_TRACE(host);
    request.host = host;
    EXPECT_EQ(StatusOf(access.Check(request, kWrite)), 200U);
  }
  for (const auto host : {"evil.example:8090", "127.0.0.1.evil.example", "", "[::2]:8090"}) {
    SCOPED_TRACE(host);
    request.host = host;
    EXPECT_EQ(StatusOf(access.Check(request, kWrite)), 403U);
  }
}

TEST(Access, RefusesWritesFromPagesOfOtherSites) {
  const Access access("s3cret", true);
  auto request = Local();
  request.auth_key = "s3cret";
  request.origin = "http://127.0.0.1:8090";
  EXPECT_EQ(StatusOf(access.Check(request, kWrite)), 200U);
  for (const auto origin : {"http://evil.example", "http://127.0.0.1:9999", "null", "file://"}) {
    SCOPED_TRACE(origin);
    request.origin = origin;
    EXPECT_EQ(StatusOf(access.Check(request, kWrite)), 403U);
    EXPECT_EQ(StatusOf(access.Check(request, kRead)), 200U);
  }
}

}  // namespace
}  // namespace gateway::admin
