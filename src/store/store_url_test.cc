#include "store/store_url.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"
#include "store/dialect.h"

namespace gateway::store {
namespace {

TEST(StoreUrl, TakesAServersUrlApart) {
  const StoreUrl expected{.engine = Engine::kPostgresql,
                          .user = "g@w",
                          .password = "p:/@'\\ %",
                          .host = "db.example",
                          .port = 6432,
                          .database = "gate way",
                          .options = {{"sslmode", "verify-full"}, {"sslrootcert", "/a b"}}};
  EXPECT_EQ(ParseStoreUrl("postgresql://g%40w:p%3A%2f%40%27%5C%20%25@db.example:6432/gate%20way"
                          "?sslmode=verify-full&sslrootcert=/a%20b"),
            expected);
}

TEST(StoreUrl, KnowsEachSchemeAndItsPort) {
  const struct {
    const char* url;
    Engine engine;
    std::uint16_t port;
  } cases[] = {{"postgres://h/d", Engine::kPostgresql, 5432},
               {"postgresql://h/d", Engine::kPostgresql, 5432},
               {"mysql://h/d", Engine::kMysql, 3306},
               {"mariadb://h/d", Engine::kMysql, 3306}};
  for (const auto& [text, engine, port] : cases) {
    SCOPED_TRACE(text);
    const auto url = ParseStoreUrl(text);
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->engine, engine);
    EXPECT_EQ(url->host, "h");
    EXPECT_EQ(url->port, port);
    EXPECT_EQ(url->database, "d");
  }
  EXPECT_EQ(ParseStoreUrl("sqlite:/a/b.db")->path, "/a/b.db");
  EXPECT_TRUE(ParseStoreUrl("sqlite::memory:")->InMemory());
}

TEST(StoreUrl, ReadsAnAddressOfIpv6) {
  const auto url = ParseStoreUrl("mysql://gw:pw@[::1]:3307/d");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->host, "::1");
  EXPECT_EQ(url->port, 3307);
  EXPECT_EQ(url->ToDisplay(), "mysql://gw@[::1]:3307/d");
}

TEST(StoreUrl, RefusesWhatIsWrongWithoutShowingThePassword) {
  const struct {
    const char* url;
    const char* reason;
  } cases[] = {
      {"mysql://gw:secret@h", "needs a database"},
      {"mysql://gw:secret@h/", "needs a database"},
      {"mysql://gw:secret@/d", "needs a host"},
      {"mysql://gw:secret@h:0/d", "port"},
      {"mysql://gw:secret@h:65536/d", "port"},
      {"mysql://gw:secret@h:12x/d", "port"},
      {"mysql://gw:secret%4@h/d", "password has a bad percent escape"},
      {"mysql://gw:secret%zz@h/d", "password has a bad percent escape"},
      {"mysql://gw:secret%00@h/d", "password has a bad percent escape"},
      {"mysql://gw:secret@h h/d", "host has a character"},
      {"mysql://gw:secret@[::1/d", "misses its ']'"},
      {"mysql://gw:secret@h/d?sslmode=secret", "allowed: ssl_ca, ssl_cert, ssl_key, unix_socket"},
      {"postgresql://gw:sec/ret@h/d", "port"},
      {"postgresql://gw:secret@h/d?secret", "allowed: application_name"},
      {"sqlite:", "needs a path"},
      {"sqlite:a\" timeout=9", "needs a path"},
  };
  for (const auto& [text, reason] : cases) {
    SCOPED_TRACE(text);
    const auto url = ParseStoreUrl(text);
    ASSERT_EQ(CodeOf(url), ErrorCode::kInvalidArgument);
    EXPECT_NE(url.error().message.find(reason), std::string::npos) << url.error().message;
    EXPECT_EQ(url.error().message.find("sec"), std::string::npos) << url.error().message;
  }
}

TEST(StoreUrl, NamesTheSupportedSchemesWithoutShowingAnything) {
  for (const auto* text : {"oracle://gw:secret@h/d", "secret", "", "mysql:/secret", "secret:x"}) {
    SCOPED_TRACE(text);
    const auto url = ParseStoreUrl(text);
    EXPECT_EQ(CodeOf(url), ErrorCode::kUnsupported);
    EXPECT_NE(url.error().message.find("sqlite:PATH"), std::string::npos);
    EXPECT_EQ(url.error().message.find("secret"), std::string::npos);
  }
}

TEST(StoreUrl, QuotesWhateverStandsInTheParts) {
  StoreUrl url{.engine = Engine::kPostgresql, .user = "a b", .password = "p' \\x", .host = "h"};
  url.port = 1;
  url.database = "d";
  EXPECT_NE(ConnectString(url, {}).find(R"(user='a b' password='p\' \\x')"), std::string::npos);
  url.engine = Engine::kMysql;
  EXPECT_NE(ConnectString(url, {}).find(R"(user='a b' pass='p\' \\x')"), std::string::npos);
}

TEST(StoreUrl, ShowsNoPassword) {
  EXPECT_EQ(ParseStoreUrl("postgres://gw:secret@h/d?sslmode=require")->ToDisplay(),
            "postgresql://gw@h:5432/d");
  EXPECT_EQ(ParseStoreUrl("sqlite:/a.db")->ToDisplay(), "sqlite:/a.db");
}

}  // namespace
}  // namespace gateway::store
