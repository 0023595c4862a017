#include "identity/json_object.h"

#include <cmath>
#include <utility>

#include <boost/json.hpp>

namespace gateway::identity {

namespace json = boost::json;

struct JsonObject::Content {
  json::object object;
};

namespace {

json::string_view View(std::string_view text) { return {text.data(), text.size()}; }

const json::value* Find(const json::object& object, std::string_view path) {
  if (const auto* whole = object.if_contains(View(path))) return whole;
  const auto dot = path.find('.');
  if (dot == std::string_view::npos) return nullptr;
  const auto* inner = object.if_contains(View(path.substr(0, dot)));
  if (!inner || !inner->is_object()) return nullptr;
  return Find(inner->get_object(), path.substr(dot + 1));
}

std::string TextOf(const json::value& value) {
  const auto& text = value.get_string();
  return {text.data(), text.size()};
}

}  // namespace

Expected<JsonObject> JsonObject::Parse(std::string_view text) {
  boost::system::error_code error;
  auto value = json::parse(View(text), error);
  if (error) {
    return Fail(ErrorCode::kProtocol, "not JSON: " + error.message(), Origin::kBackend);
  }
  if (!value.is_object()) {
    return Fail(ErrorCode::kProtocol, "JSON, but not an object", Origin::kBackend);
  }
  return JsonObject(std::make_shared<const Content>(Content{std::move(value.get_object())}));
}

bool JsonObject::Has(std::string_view name) const { return content_->object.contains(View(name)); }

std::optional<std::string> JsonObject::Text(std::string_view name) const {
  const auto* value = content_->object.if_contains(View(name));
  if (!value || !value->is_string()) return std::nullopt;
  return TextOf(*value);
}

std::optional<std::int64_t> JsonObject::Date(std::string_view name) const {
  constexpr double kLatest = 253'402'300'799;  // the year 9999
  const auto* value = content_->object.if_contains(View(name));
  if (!value || !value->is_number()) return std::nullopt;
  const auto seconds = value->to_number<double>();
  if (!(seconds >= 0) || seconds > kLatest) return std::nullopt;
  return static_cast<std::int64_t>(std::floor(seconds));
}

std::vector<std::string> JsonObject::Texts(std::string_view path) const {
  const auto* value = Find(content_->object, path);
  if (!value) return {};
  if (value->is_string()) return {TextOf(*value)};
  std::vector<std::string> texts;
  if (!value->is_array()) return texts;
  for (const auto& element : value->get_array()) {
    if (element.is_string()) texts.push_back(TextOf(element));
  }
  return texts;
}

std::vector<JsonObject> JsonObject::Objects(std::string_view name) const {
  std::vector<JsonObject> objects;
  const auto* value = content_->object.if_contains(View(name));
  if (!value || !value->is_array()) return objects;
  for (const auto& element : value->get_array()) {
    if (!element.is_object()) continue;
    objects.push_back(JsonObject(std::make_shared<const Content>(Content{element.get_object()})));
  }
  return objects;
}

}  // namespace gateway::identity
