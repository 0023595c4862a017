#include "identity/user_name.h"

#include <cstdint>
#include <cstdlib>
#include <memory>

#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

namespace gateway::identity {
namespace {

// What `visit(character, bytes)` is called with, one after the other; false: not UTF-8.
template <typename Visit>
bool ForEachCharacter(std::string_view text, Visit visit) {
  while (!text.empty()) {
    ucs4_t character = 0;
    const auto length =
        u8_mbtoucr(&character, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
    if (length <= 0) return false;
    visit(character, text.substr(0, static_cast<std::size_t>(length)));
    text.remove_prefix(static_cast<std::size_t>(length));
  }
  return true;
}

// Without what is not seen: soft hyphens, joiners, marks of direction.
std::optional<std::string> WithoutUnseen(std::string_view name) {
  std::string seen;
  const bool valid = ForEachCharacter(name, [&](ucs4_t character, std::string_view bytes) {
    if (!uc_is_property_default_ignorable_code_point(character)) seen += bytes;
  });
  return valid ? std::optional(std::move(seen)) : std::nullopt;
}

std::optional<std::string> WithoutCase(const std::string& name) {
  std::size_t size = 0;
  const std::unique_ptr<std::uint8_t, void (*)(void*)> folded(
      u8_casefold(reinterpret_cast<const std::uint8_t*>(name.data()), name.size(), nullptr,
                  UNINORM_NFKC, nullptr, &size),
      std::free);
  if (!folded) return std::nullopt;
  return std::string(reinterpret_cast<const char*>(folded.get()), size);
}

std::string WithSingleBlanks(std::string_view name) {
  std::string single;
  bool blank = false;
  ForEachCharacter(name, [&](ucs4_t character, std::string_view bytes) {
    if (uc_is_property_white_space(character)) {
      blank = true;
      return;
    }
    if (blank && !single.empty()) single += ' ';
    blank = false;
    single += bytes;
  });
  return single;
}

}  // namespace

std::optional<std::string> FoldUserName(std::string_view name) {
  const auto seen = WithoutUnseen(name);
  if (!seen || seen->empty()) return std::nullopt;
  const auto folded = WithoutCase(*seen);
  if (!folded) return std::nullopt;
  auto single = WithSingleBlanks(*folded);
  if (single.empty()) return std::nullopt;
  return single;
}

}  // namespace gateway::identity
