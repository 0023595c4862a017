#include "protocol/query_id.h"

#include <algorithm>

namespace gateway::protocol {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsSuffixCharacter(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

// Takes `least` to `most` digits and the '_' after them off `text`.
bool TakeDigits(std::string_view& text, std::size_t least, std::size_t most) {
  const auto end = std::min(text.find('_'), text.size());
  if (end < least || end > most || end == text.size()) return false;
  if (!std::ranges::all_of(text.substr(0, end), IsDigit)) return false;
  text.remove_prefix(end + 1);
  return true;
}

}  // namespace

bool IsQueryId(std::string_view text) {
  if (text.size() > 128) return false;
  return TakeDigits(text, 8, 8) && TakeDigits(text, 6, 6) && TakeDigits(text, 5, 20) &&
         !text.empty() && text.size() <= 32 && std::ranges::all_of(text, IsSuffixCharacter);
}

std::string_view CoordinatorSuffix(std::string_view text) {
  return IsQueryId(text) ? text.substr(text.rfind('_') + 1) : std::string_view();
}

}  // namespace gateway::protocol
