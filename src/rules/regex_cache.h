// Compiled regular expressions of scripts, by their text.
//
// RE2 takes time linear in the text, which Lua's own patterns do not: `.-.-.-x` can hold a thread
// for minutes. Compiling costs microseconds, and scripts use the same few expressions each time.
// Threads: not synchronised. Memory: at most kMaxRegexes automata of kMaxRegexBytes.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/strings.h"

namespace re2 {
class RE2;
}

namespace gateway::rules {

class RegexCache {
 public:
  static constexpr std::size_t kMaxRegexes = 32;
  static constexpr std::size_t kMaxRegexBytes = 256 * 1024;

  RegexCache();
  ~RegexCache();
  RegexCache(const RegexCache&) = delete;
  RegexCache& operator=(const RegexCache&) = delete;

  // The expression, which may be one that is not ok(); holds until the next call. `compiled` is set
  // when it was not known yet.
  const re2::RE2& Get(std::string_view pattern, bool& compiled) noexcept;

 private:
  std::unordered_map<std::string, std::unique_ptr<re2::RE2>, StringHash, std::equal_to<>> known_;
};

}  // namespace gateway::rules
