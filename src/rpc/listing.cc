#include "rpc/listing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"

namespace gateway::rpc {
namespace {

constexpr std::int32_t kDefaultPage = 100;
constexpr std::int32_t kMaxPage = 1000;
constexpr std::size_t kShown = 64;  // bytes of a caller's text in a message

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

// A value that nothing has is a slip of the pen, and a list without any objects a bad answer to it.
Expected<void> CheckValue(const FilterTerm& term, const FilterName& name) {
  if (name.values.empty()) {
    if (term.prefix || IsValidId(term.value)) return {};
    return Invalid(fmt::format("field 'filter': {}='{}' is not allowed: {}", name.name,
                               term.value.substr(0, kShown), kIdRule));
  }
  const auto matches = [&](std::string_view value) { return term.Matches(value); };
  if (std::ranges::any_of(name.values, matches)) return {};
  return Invalid(fmt::format("field 'filter': {} is never '{}'; allowed: {}", name.name,
                             term.value.substr(0, kShown), fmt::join(name.values, ", ")));
}

Expected<FilterTerm> ParseTerm(std::string_view text, const std::vector<FilterName>& allowed) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos) {
    return Invalid(fmt::format("field 'filter': '{}' is not NAME=VALUE or NAME!=VALUE",
                               text.substr(0, kShown)));
  }
  FilterTerm term;
  auto name = text.substr(0, equals);
  auto value = text.substr(equals + 1);
  term.negated = name.ends_with('!');
  if (term.negated) name.remove_suffix(1);
  // As the field is called.
  if (name == "is_enabled") name = "enabled";
  const auto known = std::ranges::find(allowed, name, &FilterName::name);
  if (known == allowed.end()) {
    std::vector<std::string_view> names;
    names.reserve(allowed.size());
    for (const auto& each : allowed) names.push_back(each.name);
    return Invalid(fmt::format("field 'filter': '{}' is not known; allowed: {}",
                               name.substr(0, kShown), fmt::join(names, ", ")));
  }
  term.prefix = value.ends_with('*');
  if (term.prefix) value.remove_suffix(1);
  term.name = name;
  term.value = value;
  if (auto valid = CheckValue(term, *known); !valid) return std::unexpected(valid.error());
  return term;
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

Expected<std::string_view> PageStart(std::string_view token) {
  if (token.empty() || IsValidId(token)) return token;
  return Invalid("field 'page_token': send next_page_token of the page before, or nothing");
}

Expected<std::vector<FilterTerm>> ParseFilter(std::string_view filter,
                                              const std::vector<FilterName>& allowed) {
  if (filter.size() > kMaxFilterBytes) {
    return Invalid(fmt::format("field 'filter': {} bytes are too many; allowed: {}", filter.size(),
                               kMaxFilterBytes));
  }
  std::vector<FilterTerm> terms;
  for (const auto text : SplitList(filter, ' ')) {
    auto term = ParseTerm(text, allowed);
    if (!term) return std::unexpected(std::move(term).error());
    terms.push_back(*std::move(term));
  }
  if (terms.size() > kMaxFilterTerms) {
    return Invalid(fmt::format("field 'filter': {} conditions are too many; allowed: {}",
                               terms.size(), kMaxFilterTerms));
  }
  return terms;
}

}  // namespace gateway::rpc
