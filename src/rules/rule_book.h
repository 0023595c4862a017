// The Lua rules that are in force, and the way for new ones to come into force.
//
// They come from two sources, the configuration file and the store; where both have an id, the file
// wins. The rules of a source are validated as a whole before they replace its last ones: each
// script is compiled and run against sample requests, so a broken one never gets to a worker.
// Threads: any. Workers compare version() and take the set when it has changed.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "model/configuration.h"
#include "rules/lua_call.h"

namespace gateway::rules {

struct Rule {
  std::string id;    // IsValidId()
  std::string file;  // as configured; stands before the line in errors
  std::string source;
  int priority = 0;  // the higher one is asked first; among equals the id decides
  LuaLimits limits;
  bool text = false;  // may see the statement's text

  // Compares what was configured and read.
  bool operator==(const Rule& other) const;
};

// As it runs. Rules of the store have no file: "rule ID" stands in errors.
Rule RuleOf(const model::Rule& declared);
// Of those that are enabled.
std::vector<Rule> RulesOf(const std::vector<model::Rule>& declared);

// In the order in which they are asked.
using RuleSet = std::vector<Rule>;

// Compiles the rule and runs it in a dry mode: against a request that has every header and fact,
// and against one that has as little as a request can. kInvalidArgument, kTooLarge: the message
// begins with the script's file and line where there is one, and says which request it was.
Expected<void> Validate(const Rule& rule, const Clock& clock);

class RuleBook {
 public:
  // `clock` must outlive the book.
  explicit RuleBook(const Clock& clock);

  // Validate all rules of a source and put them in force, or leave the last ones in force.
  // kInvalidArgument, kTooLarge: the first rule that is wrong, and why.
  Expected<void> ReplaceFile(std::vector<Rule> rules);
  Expected<void> ReplaceStored(std::vector<Rule> rules);

  // Grows with each replacement that succeeded.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }
  std::shared_ptr<const RuleSet> current() const;

 private:
  Expected<void> Replace(std::vector<Rule> rules, std::vector<Rule>& part);

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::vector<Rule> file_;
  std::vector<Rule> stored_;
  std::shared_ptr<const RuleSet> current_;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace gateway::rules
