#include "store/text.h"

#include <algorithm>

namespace gateway::store {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

unsigned char ByteAt(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

// Length of the character at the start of `text`, which is not empty; 0: not storable.
std::size_t CharacterLength(std::string_view text) {
  const auto lead = ByteAt(text, 0);
  if (lead == 0) return 0;
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((ByteAt(text, i) & 0xC0) != 0x80) return 0;
  }
  const auto second = ByteAt(text, 1);
  // Too long a form, surrogates, and what is beyond the last character.
  if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F)) return 0;
  if ((lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F)) return 0;
  return length;
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
