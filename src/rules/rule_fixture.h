// Rules as tests of this room need them. For *_test.cc only.
#pragma once

#include <string>
#include <utility>

#include "rules/rule_book.h"

namespace gateway::rules {

// As if read from the file `<id>.lua`.
inline Rule MakeRule(std::string id, std::string source, int priority = 0) {
  Rule rule;
  rule.file = id + ".lua";
  rule.id = std::move(id);
  rule.source = std::move(source);
  rule.priority = priority;
  return rule;
}

}  // namespace gateway::rules
