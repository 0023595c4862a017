#include "store/text.h"

#include <algorithm>

#include "base/utf8.h"

namespace gateway::store {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the character at the start of `text`, which is not empty; 0: not storable.
std::size_t CharacterLength(std::string_view text) {
  return text.front() == '\0' ? 0 : Utf8Length(text);
}

}  // namespace

bool IsStorable(std::string_view text) {
  while (!text.empty()) {
    const auto length = CharacterLength(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string MakeStorable(std::string_view text) { return MakeStorable(text, std::string::npos); }

std::string MakeStorable(std::string_view text, std::size_t limit) {
  std::string storable;
  storable.reserve(std::min(text.size(), limit));
  while (!text.empty()) {
    const auto length = CharacterLength(text);
    const auto character = length == 0 ? kReplacement : text.substr(0, length);
    if (character.size() > limit - storable.size()) break;
    storable += character;
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return storable;
}

}  // namespace gateway::store
