// A policy's condition, ready to be asked: expressions compiled, blocks and ranges parsed.
//
// Whoever evaluates it knows the request; this knows the values. Compiling is also how conditions
// are validated, so what was accepted always works.
// Threads: immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/cron.h"
#include "base/error.h"
#include "base/ip_address.h"
#include "model/configuration.h"

namespace re2 {
class RE2;
}

namespace gateway::model {

// Does a condition of this type need to know what the statement says?
bool NeedsStatement(ConditionType type);

class CompiledCondition {
 public:
  // kInvalidArgument: names the value, what is wrong with it and what is allowed.
  static Expected<CompiledCondition> Compile(const Condition& condition);

  ConditionType type() const { return type_; }
  bool negated() const { return negated_; }
  // Of the header (any case) or session property.
  const std::string& name() const { return name_; }
  // The values as texts; catalogs, schemas and tables in lower case. Sorted.
  const std::vector<std::string>& texts() const { return texts_; }

  // Is `text` one of the values, exactly?
  bool HasText(std::string_view text) const;
  // Does one of the expressions match the whole of `text`? (kUserRegex)
  bool MatchesExpression(std::string_view text) const;
  bool HoldsAddress(const IpAddress& address) const;  // kClientAddress
  bool HoldsSize(std::uint64_t bytes) const;          // kTextSize
  bool HoldsTime(Clock::WallTime time) const;         // kTimeWindow

 private:
  struct SizeRange {
    std::uint64_t least;
    std::uint64_t most;
  };

  Expected<void> AddValue(const std::string& value);
  static Expected<SizeRange> ParseSizes(std::string_view text);

  ConditionType type_ = ConditionType::kUser;
  bool negated_ = false;
  std::string name_;
  std::vector<std::string> texts_;
  std::vector<std::shared_ptr<const re2::RE2>> expressions_;
  std::vector<AddressBlock> blocks_;
  std::vector<SizeRange> sizes_;
  std::vector<Cron> windows_;
};

}  // namespace gateway::model
