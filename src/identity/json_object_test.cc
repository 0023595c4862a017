#include "identity/json_object.h"

#include <gtest/gtest.h>

#include "base/result_testing.h"

namespace gateway::identity {
namespace {

JsonObject Object(std::string_view text) {
  auto object = JsonObject::Parse(text);
  EXPECT_TRUE(object) << text;
  return object ? *std::move(object) : *JsonObject::Parse("{}");
}

TEST(JsonObject, RefusesWhatIsNoSingleObject) {
  for (const auto& text :
       {std::string(), std::string("[]"), std::string("1"), std::string("{"), std::string("{} {}"),
        std::string("{a:1}"), std::string("{\"a\":1,}"), "{\"a\":" + std::string(100'000, '[')}) {
    SCOPED_TRACE(text.substr(0, 20));
    EXPECT_EQ(CodeOf(JsonObject::Parse(text)), ErrorCode::kProtocol);
  }
}

TEST(JsonObject, TellsTextsOfTheRightTypeOnly) {
  const auto object = Object(R"({"a":"x","b":1,"c":null,"d":["x"]})");
  EXPECT_EQ(object.Text("a"), "x");
  for (const auto name : {"b", "c", "d", "e"}) EXPECT_FALSE(object.Text(name)) << name;
  EXPECT_TRUE(object.Has("c"));
  EXPECT_FALSE(object.Has("e"));
}

TEST(JsonObject, TellsDatesWithinReason) {
  const auto object = Object(
      R"({"a":1700000000,"b":1700000000.9,"c":-1,"d":1e300,"e":"1","f":0,"g":18446744073709551615})");
  EXPECT_EQ(object.Date("a"), 1700000000);
  EXPECT_EQ(object.Date("b"), 1700000000);
  EXPECT_EQ(object.Date("f"), 0);
  for (const auto name : {"c", "d", "e", "g", "h"}) EXPECT_FALSE(object.Date(name)) << name;
}

TEST(JsonObject, FindsTextsInListsAndInsideObjects) {
  const auto object = Object(
      R"({"one":"x","list":["x",1,null,"y"],"realm":{"roles":["z"],"deep":{"er":"w"}},
          "https://x.y/roles":["v"],"number":1})");
  using Texts = std::vector<std::string>;
  EXPECT_EQ(object.Texts("one"), Texts{"x"});
  EXPECT_EQ(object.Texts("list"), (Texts{"x", "y"}));
  EXPECT_EQ(object.Texts("realm.roles"), Texts{"z"});
  EXPECT_EQ(object.Texts("realm.deep.er"), Texts{"w"});
  EXPECT_EQ(object.Texts("https://x.y/roles"), Texts{"v"});
  for (const auto path : {"number", "realm", "realm.", ".", "", "one.x", "list.0", "realm.x.y"}) {
    EXPECT_EQ(object.Texts(path), Texts()) << path;
  }
}

TEST(JsonObject, TellsTheObjectsOfAList) {
  const auto objects = Object(R"({"keys":[{"kid":"1"},2,{"kid":"3"}]})").Objects("keys");
  ASSERT_EQ(objects.size(), 2u);
  EXPECT_EQ(objects[1].Text("kid"), "3");
}

}  // namespace
}  // namespace gateway::identity
