#include "rpc/listing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"

namespace gateway::rpc {
namespace {

constexpr std::int32_t kDefaultPage = 100;
constexpr std::int32_t kMaxPage = 1000;

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

}  // namespace

Expected<std::size_t> PageSize(std::int32_t wanted) {
  if (wanted < 0 || wanted > kMaxPage) {
    return Invalid(fmt::format("field 'page_size': {} is not allowed: 1 to {}, or 0 for {}", wanted,
                               kMaxPage, kDefaultPage));
  }
  return static_cast<std::size_t>(wanted == 0 ? kDefaultPage : wanted);
}

bool FilterTerm::Matches(std::string_view text) const {
  if (prefix && text.size() > value.size()) text = text.substr(0, value.size());
  return EqualsIgnoreCase(text, value);
}

Expected<std::vector<FilterTerm>> ParseFilter(std::string_view filter,
                                              const std::vector<std::string_view>& allowed) {
  std::vector<FilterTerm> terms;
  for (const auto text : SplitList(filter, ' ')) {
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) {
      return Invalid(
          fmt::format("field 'filter': '{}' is not NAME=VALUE or NAME!=VALUE", text.substr(0, 64)));
    }
    FilterTerm term;
    auto name = text.substr(0, equals);
    auto value = text.substr(equals + 1);
    term.negated = name.ends_with('!');
    if (term.negated) name.remove_suffix(1);
    // As the field is called.
    if (name == "is_enabled") name = "enabled";
    if (std::ranges::find(allowed, name) == allowed.end()) {
      return Invalid(fmt::format("field 'filter': '{}' is not known; allowed: {}",
                                 name.substr(0, 64), fmt::join(allowed, ", ")));
    }
    term.prefix = value.ends_with('*');
    if (term.prefix) value.remove_suffix(1);
    term.name = name;
    term.value = value;
    terms.push_back(std::move(term));
  }
  return terms;
}

}  // namespace gateway::rpc
