// A JSON object from outside, read by members: headers and claims of tokens, documents of
// providers.
//
// Threads: immutable; copies share the content.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace gateway::identity {

class JsonObject {
 public:
  // kProtocol: no JSON object, nested deeper than 32 levels, or with bytes behind it. Of members
  // with one name the last counts (RFC 7519 §4).
  static Expected<JsonObject> Parse(std::string_view text);

  bool Has(std::string_view name) const;
  // Nothing: not there, or another type.
  std::optional<std::string> Text(std::string_view name) const;
  // Whole seconds since 1970 of a NumericDate (RFC 7519 §2), which may have a fraction.
  std::optional<std::int64_t> Date(std::string_view name) const;
  // The strings of a string or a list; `a.b` is member b of object a, unless a member is named so
  // as a whole. Empty: none.
  std::vector<std::string> Texts(std::string_view path) const;
  // The objects of a list.
  std::vector<JsonObject> Objects(std::string_view name) const;

 private:
  struct Content;
  explicit JsonObject(std::shared_ptr<const Content> content) : content_(std::move(content)) {}

  std::shared_ptr<const Content> content_;
};

}  // namespace gateway::identity
