#include "base/cron.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "base/time_zone.h"

namespace gateway {
namespace {

// Enough for people, and little for a snapshot.
constexpr std::size_t kMaxBytes = 4096;

struct FieldRule {
  std::string_view name;
  unsigned low;
  unsigned high;
  std::span<const std::string_view> names;  // of the values from `low` on
};

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed",
                                                       "thu", "fri", "sat"};
constexpr std::array<FieldRule, 5> kFields = {{{"minute", 0, 59, {}},
                                               {"hour", 0, 23, {}},
                                               {"day of month", 1, 31, {}},
                                               {"month", 1, 12, kMonths},
                                               {"day of week", 0, 7, kWeekdays}}};

struct ShortForm {
  std::string_view name;
  std::string_view fields;
};
constexpr std::array<ShortForm, 7> kShortForms = {{{"@yearly", "0 0 1 1 *"},
                                                   {"@annually", "0 0 1 1 *"},
                                                   {"@monthly", "0 0 1 * *"},
                                                   {"@weekly", "0 0 * * 0"},
                                                   {"@daily", "0 0 * * *"},
                                                   {"@midnight", "0 0 * * *"},
                                                   {"@hourly", "0 * * * *"}}};

// The values of one field, one bit each.
struct Field {
  std::uint64_t values = 0;
  bool any = false;  // has `*`: no restriction, for the rule about days

  bool Has(int value) const { return (values >> static_cast<unsigned>(value) & 1) != 0; }
};

std::unexpected<Error> Refuse(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

std::unexpected<Error> RefuseElement(const FieldRule& rule, std::string_view element) {
  return Refuse(fmt::format(
      "cron: '{}' is not allowed as {}: {} to {}{}, a range a-b, *, each maybe with a step /n",
      element, rule.name, rule.low, rule.high,
      rule.names.empty() ? ""
                         : fmt::format(" or {} to {}", rule.names.front(), rule.names.back())));
}

std::optional<unsigned> ParseValue(const FieldRule& rule, std::string_view text) {
  for (std::size_t i = 0; i < rule.names.size(); ++i) {
    if (EqualsIgnoreCase(text, rule.names[i])) return rule.low + static_cast<unsigned>(i);
  }
  const auto number = ParseDecimal(text);
  if (!number || *number < rule.low || *number > rule.high) return std::nullopt;
  return static_cast<unsigned>(*number);
}

struct Range {
  unsigned first;
  unsigned last;
};

// `stepped`: a single value means "from here to the end".
std::optional<Range> ParseRange(const FieldRule& rule, std::string_view text, bool stepped) {
  if (text == "*" || text == "?") return Range{rule.low, rule.high};
  const auto dash = text.find('-');
  const auto first = ParseValue(rule, text.substr(0, dash));
  if (!first) return std::nullopt;
  if (dash == std::string_view::npos) return Range{*first, stepped ? rule.high : *first};
  const auto last = ParseValue(rule, text.substr(dash + 1));
  if (!last || *last < *first) return std::nullopt;
  return Range{*first, *last};
}

Expected<void> ParseElement(const FieldRule& rule, std::string_view element, Field& field) {
  const auto slash = element.find('/');
  const bool stepped = slash != std::string_view::npos;
  const auto step = stepped ? ParseDecimal(element.substr(slash + 1)) : 1;
  const auto range = ParseRange(rule, element.substr(0, slash), stepped);
  if (!range || !step || *step == 0) return RefuseElement(rule, element);
  const bool star = element.front() == '*' || element.front() == '?';
  field.any = field.any || (star && *step == 1);
  for (std::uint64_t value = range->first; value <= range->last; value += *step) {
    field.values |= std::uint64_t{1} << value;
    if (*step > rule.high) break;  // and no overflow
  }
  return {};
}

Expected<Field> ParseField(const FieldRule& rule, std::string_view text) {
  Field field;
  while (true) {
    const auto comma = text.find(',');
    const auto element = text.substr(0, comma);
    if (element.empty()) return RefuseElement(rule, element);
    if (auto parsed = ParseElement(rule, element, field); !parsed) {
      return std::unexpected(std::move(parsed).error());
    }
    if (comma == std::string_view::npos) return field;
    text.remove_prefix(comma + 1);
  }
}

// Cuts the first word off `text`, which is trimmed.
std::string_view TakeWord(std::string_view& text) {
  const auto word = text.substr(0, std::min(text.find_first_of(" \t"), text.size()));
  text = Trim(text.substr(word.size()));
  return word;
}

Expected<std::string_view> ExpandShortForm(std::string_view text) {
  for (const auto& form : kShortForms) {
    if (EqualsIgnoreCase(text, form.name)) return form.fields;
  }
  if (EqualsIgnoreCase(text.substr(0, text.find_first_of(" \t")), "@every")) {
    return Refuse(fmt::format(
        "cron: '{}' names no minutes, only a distance between them: write '*/5 * * * *' "
        "for every fifth minute, '* 9-17 * * *' for the hours from 9 to 17",
        text));
  }
  return Refuse(
      fmt::format("cron: '{}' is not allowed: @yearly, @annually, @monthly, @weekly, @daily, "
                  "@midnight, @hourly, "
                  "or five fields, such as '*/5 * * * *' for every fifth minute",
                  text));
}

}  // namespace

struct Cron::Expression {
  std::array<Field, kFields.size()> fields;
  TimeZone zone;

  static Expected<Expression> Parse(std::string_view text);
  bool Matches(Clock::WallTime time) const;
  bool HasImpossibleDay() const;
};

Expected<Cron::Expression> Cron::Expression::Parse(std::string_view text) {
  Expression expression;
  for (const std::string_view prefix : {"CRON_TZ=", "TZ="}) {
    if (!text.starts_with(prefix)) continue;
    auto zone = TimeZone::Load(TakeWord(text).substr(prefix.size()));
    if (!zone) return std::unexpected(std::move(zone).error());
    expression.zone = *std::move(zone);
    break;
  }
  if (text.starts_with('@')) {
    const auto expanded = ExpandShortForm(text);
    if (!expanded) return std::unexpected(expanded.error());
    text = *expanded;
  }
  std::string_view rest = text;
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    if (rest.empty()) break;
    const auto field = ParseField(kFields[i], TakeWord(rest));
    if (!field) return std::unexpected(field.error());
    expression.fields[i] = *field;
  }
  if (expression.fields.back().values == 0 || !rest.empty()) {
    return Refuse(
        fmt::format("cron: '{}' must have five fields: minute, hour, day of month, "
                    "month, day of week",
                    text));
  }
  auto& weekdays = expression.fields.back().values;
  weekdays |= weekdays >> 7;  // Sunday is also 7
  return expression;
}

bool Cron::Expression::Matches(Clock::WallTime time) const {
  const auto local = zone.At(time);
  const auto& [minutes, hours, days, months, weekdays] = fields;
  if (!minutes.Has(local.minute) || !hours.Has(local.hour) || !months.Has(local.month)) {
    return false;
  }
  const bool day = days.Has(local.day);
  const bool weekday = weekdays.Has(local.weekday);
  return days.any || weekdays.any ? day && weekday : day || weekday;
}

bool Cron::Expression::HasImpossibleDay() const {
  const auto& [minutes, hours, days, months, weekdays] = fields;
  // One of the two is enough then, and days of the week come in every month.
  if (!days.any && !weekdays.any) return false;
  constexpr std::array kLongest = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int first = std::countr_zero(days.values);
  for (int month = 1; month <= 12; ++month) {
    if (months.Has(month) && first <= kLongest[static_cast<std::size_t>(month) - 1]) return false;
  }
  return true;
}

Cron::Cron(std::shared_ptr<const std::vector<Expression>> expressions)
    : expressions_(std::move(expressions)) {}

Expected<Cron> Cron::Parse(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return Refuse(fmt::format("cron: {} bytes are too many; allowed: {}", text.size(), kMaxBytes));
  }
  std::vector<Expression> expressions;
  while (true) {
    const auto end = std::min(text.find_first_of("|\r\n"), text.size());
    const auto part = Trim(text.substr(0, end));
    const bool at_line_break = end == text.size() || text[end] != '|';
    if (!part.empty()) {
      auto expression = Expression::Parse(part);
      if (!expression) return std::unexpected(std::move(expression).error());
      expressions.push_back(*std::move(expression));
    } else if (!at_line_break) {
      return Refuse("cron: an expression is missing before '|'");
    }
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  if (expressions.empty()) return Refuse("cron: an expression is missing; '* * * * *' is always");
  return Cron(std::make_shared<const std::vector<Expression>>(std::move(expressions)));
}

bool Cron::Matches(Clock::WallTime time) const {
  return std::ranges::any_of(*expressions_, [&](const auto& each) { return each.Matches(time); });
}

bool Cron::HasImpossibleDay() const {
  return std::ranges::any_of(*expressions_,
                             [](const auto& each) { return each.HasImpossibleDay(); });
}

}  // namespace gateway
