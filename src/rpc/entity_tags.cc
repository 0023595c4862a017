#include "rpc/entity_tags.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"

namespace gateway::rpc {
namespace {

constexpr std::size_t kMaxTags = 32;

std::unexpected<Error> Malformed(std::string_view header) {
  return Fail(ErrorCode::kInvalidArgument,
              fmt::format("{} must be * or a list of at most {} etags in double quotes, such as "
                          "\"5\"",
                          header, kMaxTags),
              Origin::kClient);
}

// Cuts a tag off the beginning of `text`; nothing: there is none.
std::optional<EntityTag> TakeTag(std::string_view& text) {
  EntityTag tag;
  tag.weak = text.starts_with("W/");
  if (tag.weak) text.remove_prefix(2);
  if (!text.starts_with('"')) return std::nullopt;
  const auto end = text.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  tag.value = text.substr(1, end - 1);
  const bool printable = std::ranges::all_of(tag.value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > ' ' && byte != 0x7f;
  });
  if (!printable) return std::nullopt;
  text.remove_prefix(end + 1);
  return tag;
}

}  // namespace

bool EntityTags::MatchWeakly(std::string_view etag) const {
  return any || std::ranges::find(tags, etag, &EntityTag::value) != tags.end();
}

Expected<EntityTags> ParseEntityTags(std::string_view header, std::string_view value) {
  auto rest = Trim(value);
  if (rest == "*") return EntityTags{.any = true};
  EntityTags found;
  while (!rest.empty()) {
    // Empty elements are to be passed over (§5.6.1.2).
    if (rest.starts_with(',')) {
      rest = Trim(rest.substr(1));
      continue;
    }
    auto tag = TakeTag(rest);
    rest = Trim(rest);
    if (!tag || (!rest.empty() && !rest.starts_with(','))) return Malformed(header);
    found.tags.push_back(*std::move(tag));
  }
  if (found.tags.empty() || found.tags.size() > kMaxTags) return Malformed(header);
  return found;
}

Expected<std::string> EtagFieldOf(std::string_view if_match) {
  // From the field `etag`, where it has no quotes.
  if (ParseDecimal(Trim(if_match))) return std::string(Trim(if_match));
  const auto parsed = ParseEntityTags("If-Match", if_match);
  if (!parsed) return std::unexpected(parsed.error());
  if (parsed->any) return "*";
  std::vector<std::string_view> ours;
  for (const auto& tag : parsed->tags) {
    // A weak one is of a proxy that compressed the answer. Our versions are exact all the same.
    if (ParseDecimal(tag.value)) ours.push_back(tag.value);
  }
  if (!ours.empty()) return fmt::format("{}", fmt::join(ours, ","));
  return Fail(ErrorCode::kAborted,
              fmt::format("If-Match {} is no etag that this API gave out: read the object again",
                          if_match.substr(0, 128)),
              Origin::kClient);
}

}  // namespace gateway::rpc
