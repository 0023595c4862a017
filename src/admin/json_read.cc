#include <algorithm>
#include <initializer_list>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "admin/json.h"

namespace gateway::admin {
namespace {

namespace json = boost::json;

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

Expected<json::value> ParseText(std::string_view text) {
  // A small stack is enough for objects of depth two, and bounds what nesting costs.
  json::parse_options options;
  options.max_depth = 8;
  json::parser parser({}, options);
  boost::system::error_code ec;
  const auto position = parser.write_some(text.data(), text.size(), ec);
  if (ec || position < text.size()) {
    const auto before = text.substr(0, position);
    const auto line = std::ranges::count(before, '\n') + 1;
    const auto line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    return Invalid(fmt::format("the body is not valid JSON at line {}, column {}: {}", line,
                               position - line_start + 1,
                               ec ? ec.message() : "unexpected text after the value"));
  }
  return parser.release();
}

// Takes the members of one object, each by its name and type, and remembers the first thing that
// was wrong; so callers read member after member and look at the result once.
class Members {
 public:
  // `where` names the object in messages; empty for the outermost one.
  Members(const json::value& value,
          std::string_view where,
          std::initializer_list<std::string_view> allowed)
      : where_(where) {
    object_ = value.if_object();
    if (!object_) {
      Refuse(fmt::format("{} must be a JSON object", where.empty() ? "the body" : where));
      return;
    }
    for (const auto& member : *object_) {
      const std::string_view name(member.key().data(), member.key().size());
      if (std::ranges::find(allowed, name) != allowed.end()) continue;
      Refuse(fmt::format("unknown member '{}'; allowed: {}", Path(name), fmt::join(allowed, ", ")));
    }
  }

  std::string Text(std::string_view name) {
    const auto* value = Required(name);
    return value ? TextOf(name, *value) : std::string();
  }

  // Null counts as left out: many clients write it so.
  std::string TextOr(std::string_view name, std::string_view fallback) {
    const auto* value = Find(name);
    return value && !value->is_null() ? TextOf(name, *value) : std::string(fallback);
  }

  bool FlagOr(std::string_view name, bool fallback) {
    const auto* value = Find(name);
    if (!value) return fallback;
    if (value->is_bool()) return value->get_bool();
    Refuse(fmt::format("member '{}' must be true or false", Path(name)));
    return fallback;
  }

  std::vector<std::string> Texts(std::string_view name) {
    std::vector<std::string> texts;
    const auto* value = Required(name);
    if (!value) return texts;
    if (!value->is_array()) {
      Refuse(fmt::format("member '{}' must be an array of strings", Path(name)));
      return texts;
    }
    for (const auto& element : value->get_array()) {
      if (!element.is_string()) {
        Refuse(fmt::format("member '{}' must be an array of strings", Path(name)));
        break;
      }
      texts.emplace_back(element.get_string());
    }
    return texts;
  }

  const json::value* Required(std::string_view name) {
    const auto* value = Find(name);
    if (!value) Refuse(fmt::format("member '{}' is missing", Path(name)));
    return value;
  }

  // Takes over what a member's own parser said.
  template <typename T>
  T Parsed(std::string_view name, Expected<T> parsed) {
    if (parsed) return *std::move(parsed);
    Refuse(fmt::format("member '{}': {}", Path(name), parsed.error().message));
    return T();
  }

  void Refuse(std::string message) {
    if (problem_.empty()) problem_ = std::move(message);
  }

  // What was wrong first; empty while nothing was.
  const std::string& Problem() const { return problem_; }

 private:
  std::string Path(std::string_view name) const {
    return where_.empty() ? std::string(name) : fmt::format("{}.{}", where_, name);
  }

  const json::value* Find(std::string_view name) const {
    return object_ ? object_->if_contains(json::string_view(name.data(), name.size())) : nullptr;
  }

  std::string TextOf(std::string_view name, const json::value& value) {
    if (const auto* text = value.if_string()) return std::string(*text);
    Refuse(fmt::format("member '{}' must be a string", Path(name)));
    return {};
  }

  const json::object* object_ = nullptr;
  const std::string_view where_;
  std::string problem_;
};

}  // namespace

Expected<model::Backend> ParseBackend(std::string_view text) {
  const auto value = ParseText(text);
  if (!value) return std::unexpected(value.error());
  Members members(*value, "", {"id", "url", "enabled"});
  model::Backend backend;
  backend.id = members.Text("id");
  const auto url = members.Text("url");
  backend.enabled = members.FlagOr("enabled", true);
  if (members.Problem().empty()) backend.url = members.Parsed("url", ParseUrl(url));
  if (!members.Problem().empty()) return Invalid(members.Problem());
  return backend;
}

Expected<model::Group> ParseGroup(std::string_view text) {
  const auto value = ParseText(text);
  if (!value) return std::unexpected(value.error());
  Members members(*value, "", {"id", "backends", "strategy", "enabled"});
  model::Group group;
  group.id = members.Text("id");
  group.backends = members.Texts("backends");
  group.strategy =
      members.Parsed("strategy", model::ParseStrategy(members.TextOr("strategy", "round_robin")));
  group.enabled = members.FlagOr("enabled", true);
  if (!members.Problem().empty()) return Invalid(members.Problem());
  return group;
}

Expected<model::Policy> ParsePolicy(std::string_view text) {
  const auto value = ParseText(text);
  if (!value) return std::unexpected(value.error());
  Members members(*value, "", {"id", "rule", "group", "fallback_group", "enabled"});
  model::Policy policy;
  policy.id = members.Text("id");
  if (const auto* rule = members.Required("rule")) {
    Members rule_members(*rule, "rule", {"type", "value"});
    const auto type = rule_members.Text("type");
    policy.rule_value = rule_members.Text("value");
    if (rule_members.Problem().empty()) {
      policy.rule_type = rule_members.Parsed("type", model::ParseRuleType(type));
    }
    if (!rule_members.Problem().empty()) members.Refuse(rule_members.Problem());
  }
  policy.group = members.Text("group");
  policy.fallback_group = members.TextOr("fallback_group", "");
  policy.enabled = members.FlagOr("enabled", true);
  if (!members.Problem().empty()) return Invalid(members.Problem());
  return policy;
}

}  // namespace gateway::admin
