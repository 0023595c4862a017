#include "model/condition_checks.h"

#include <fmt/format.h>

#include "base/cron.h"
#include "base/ranges.h"
#include "base/statement_names.h"
#include "base/strings.h"

namespace gateway::model {
namespace {

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

Expected<void> CheckStatementClass(std::string_view name) {
  if (Contains(kStatementClassNames, name)) return {};
  return Invalid(fmt::format("'{}' is no statement class; allowed: {}", name,
                             fmt::join(kStatementClassNames, ", ")));
}

Expected<void> CheckWindow(std::string_view expression) {
  const auto cron = Cron::Parse(expression);
  if (cron && !cron->HasImpossibleDay()) return {};
  return Invalid(
      fmt::format("'{}' means a day that no year has, so it would never hold", expression));
}

// Headers arrive without the blanks around their values.
Expected<void> CheckTrimmed(std::string_view value) {
  if (Trim(value) == value) return {};
  return Invalid(fmt::format(
      "'{}' has blanks at an end, which the value of a header never has; leave them out", value));
}

Expected<void> CheckValue(ConditionType type, std::string_view value) {
  switch (type) {
    case ConditionType::kQueryType:
      return CheckStatementClass(value);
    case ConditionType::kTimeWindow:
      return CheckWindow(value);
    case ConditionType::kUser:
    case ConditionType::kSource:
    case ConditionType::kRoutingGroup:
    case ConditionType::kHeader:
      return CheckTrimmed(value);
    default:
      return {};
  }
}

// As they stand in X-Trino-Session: name=value,name=value.
Expected<void> CheckPropertyName(std::string_view name) {
  if (name.find_first_of("=, \t") == std::string_view::npos) return {};
  return Invalid(fmt::format(
      "'{}' is no name of a session property; allowed: a name such as query_priority or "
      "hive.compression_codec, without blanks, '=' and ','",
      name));
}

}  // namespace

Expected<void> CheckCanHold(const Condition& condition) {
  if (condition.type == ConditionType::kSessionProperty) {
    if (auto checked = CheckPropertyName(condition.name); !checked) return checked;
  }
  for (const auto& value : condition.values) {
    if (auto checked = CheckValue(condition.type, value); !checked) return checked;
  }
  return {};
}

}  // namespace gateway::model
