// The path of an HTTP binding: `/api/v1/backends/{backend.id}:enable`.
//
// What our bindings use of google.api.http's templates: literal segments, variables of one segment,
// and a verb at the end.
// Threads: immutable.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"

namespace gateway::rpc {

// Decodes %XX. Nothing: a broken escape. `plus_is_space`: as in a query string.
std::optional<std::string> DecodePercent(std::string_view text, bool plus_is_space = false);

class PathTemplate {
 public:
  // Name of a field and the decoded text for it.
  using Variables = std::vector<std::pair<std::string, std::string>>;

  // kInvalidArgument: not of the form above.
  static Expected<PathTemplate> Parse(std::string_view text);

  // Nothing: another path. A variable takes one non-empty segment without the verb; a literal
  // template's `:verb` and a variable's value are told apart by the last colon.
  std::optional<Variables> Match(std::string_view path) const;

 private:
  struct Segment {
    std::string text;  // literal, or the field's name
    bool variable = false;
  };

  std::vector<Segment> segments_;
  std::string verb_;  // without its colon; empty: none
};

}  // namespace gateway::rpc
