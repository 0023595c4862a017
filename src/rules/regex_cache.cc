#include "rules/regex_cache.h"

#include <re2/re2.h>

namespace gateway::rules {

RegexCache::RegexCache() = default;
RegexCache::~RegexCache() = default;

const re2::RE2& RegexCache::Get(std::string_view pattern, bool& compiled) noexcept {
  const auto found = known_.find(pattern);
  compiled = found == known_.end();
  if (!compiled) return *found->second;
  // Only a script that makes expressions from requests gets here often.
  if (known_.size() >= kMaxRegexes) known_.clear();
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(static_cast<std::int64_t>(kMaxRegexBytes));
  const re2::StringPiece text(pattern.data(), pattern.size());
  return *known_.emplace(pattern, std::make_unique<re2::RE2>(text, options)).first->second;
}

}  // namespace gateway::rules
