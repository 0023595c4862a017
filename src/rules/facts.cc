#include "rules/facts.h"

#include "base/strings.h"

namespace gateway::rules {

std::optional<std::string_view> Facts::Header(std::string_view name) const noexcept {
  for (const auto& field : headers()) {
    if (EqualsIgnoreCase(field.name, name)) return field.value;
  }
  return std::nullopt;
}

}  // namespace gateway::rules
