#include "rpc/path_template.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::rpc {
namespace {

// "name=value name=value", or "-" when the path does not match.
std::string Match(std::string_view text, std::string_view path) {
  const auto parsed = PathTemplate::Parse(text);
  if (!parsed) return parsed.error().message;
  const auto variables = parsed->Match(path);
  if (!variables) return "-";
  std::string out;
  for (const auto& [name, value] : *variables) {
    if (!out.empty()) out += ' ';
    out += name + "=" + value;
  }
  return out;
}

TEST(PathTemplate, MatchesLiteralsVariablesAndVerbs) {
  struct Case {
    std::string_view text, path, expected;
  };
  const Case cases[] = {
      {"/api/v1/backends", "/api/v1/backends", ""},
      {"/api/v1/backends", "/api/v1/backends/", "-"},
      {"/api/v1/backends", "/api/v1/backend", "-"},
      {"/api/v1/backends", "/api/v1/backends/c1", "-"},
      {"/api/v1/backends/{id}", "/api/v1/backends/c1", "id=c1"},
      {"/api/v1/backends/{id}", "/api/v1/backends/", "-"},
      {"/api/v1/backends/{id}", "/api/v1/backends/a/b", "-"},
      {"/api/v1/backends/{id}", "/api/v1/backends/a%2Fb", "id=a/b"},
      {"/api/v1/backends/{id}", "/api/v1/backends/a%2", "-"},
      {"/api/v1/backends/{id}", "/api/v1/backends/c1:enable", "-"},
      {"/api/v1/backends/{backend.id}", "/api/v1/backends/c+1", "backend.id=c+1"},
      {"/api/v1/backends/{id}:enable", "/api/v1/backends/c1:enable", "id=c1"},
      {"/api/v1/backends/{id}:enable", "/api/v1/backends/c1:disable", "-"},
      {"/api/v1/backends/{id}:enable", "/api/v1/backends/:enable", "-"},
      {"/api/v1/groups:evaluateBackend", "/api/v1/groups:evaluateBackend", ""},
      {"/api/v1/groups:evaluateBackend", "/api/v1/groups", "-"},
      {"/a/{x}/b/{y}", "/a/1/b/2", "x=1 y=2"},
  };
  for (const auto& [text, path, expected] : cases) {
    SCOPED_TRACE(std::string(text) + " with " + std::string(path));
    EXPECT_EQ(Match(text, path), expected);
  }
}

TEST(PathTemplate, RefusesFormsThatItDoesNotKnow) {
  for (const auto text : {"", "api", "/", "/a//b", "/a/{x=*}/**", "/a/x{y}"}) {
    SCOPED_TRACE(text);
    EXPECT_EQ(CodeOf(PathTemplate::Parse(text)), ErrorCode::kInvalidArgument);
  }
}

TEST(DecodePercent, TakesPlusForABlankInQueriesOnly) {
  EXPECT_EQ(DecodePercent("a+b%20c", true), "a b c");
  EXPECT_EQ(DecodePercent("a+b%20c"), "a+b c");
  for (const auto text : {"%", "%2", "%zz", "a%G0"}) EXPECT_EQ(DecodePercent(text), std::nullopt);
}

}  // namespace
}  // namespace gateway::rpc
