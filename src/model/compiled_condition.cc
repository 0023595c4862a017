#include "model/compiled_condition.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include <fmt/format.h>
#include <re2/re2.h>

#include "base/ranges.h"
#include "base/strings.h"

namespace gateway::model {
namespace {

// Categories of statements as Trino's resource groups know them, and UNKNOWN for the rest.
constexpr std::array<std::string_view, 11> kCategories = {
    "SELECT",          "EXPLAIN", "DESCRIBE", "INSERT",  "UPDATE",
    "DELETE",          "MERGE",   "ANALYZE",  "UNKNOWN", "ALTER_TABLE_EXECUTE",
    "DATA_DEFINITION",
};

// What one expression may use; RE2 takes linear time in any case.
constexpr std::int64_t kExpressionBytes = 1 << 20;

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

Expected<std::shared_ptr<const re2::RE2>> CompileExpression(const std::string& text) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(kExpressionBytes);
  auto expression = std::make_shared<const re2::RE2>(text, options);
  if (expression->ok()) return expression;
  return Invalid(fmt::format("'{}' is no RE2 expression: {}", text, expression->error()));
}

bool IsClassName(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && text.front() >= 'A' && text.front() <= 'Z' &&
         std::ranges::all_of(text, letter);
}

// Names with `parts` non-empty parts between dots. Quoted identifiers may hold dots themselves, so
// more of them are let through.
Expected<void> CheckParts(std::string_view what, std::string_view text, int parts) {
  const auto dots = std::ranges::count(text, '.');
  const bool empty_part = text.empty() || text.front() == '.' || text.back() == '.' ||
                          text.find("..") != std::string_view::npos;
  if (!empty_part && dots >= parts - 1) return {};
  return Invalid(fmt::format("'{}' is no {}; allowed: {}", text, what,
                             parts == 1   ? "catalog"
                             : parts == 2 ? "catalog.schema"
                                          : "catalog.schema.table"));
}

Expected<void> CheckText(ConditionType type, std::string_view value) {
  switch (type) {
    case ConditionType::kCatalog:
      return CheckParts("catalog", value, 1);
    case ConditionType::kSchema:
      return CheckParts("schema", value, 2);
    case ConditionType::kTable:
      return CheckParts("table", value, 3);
    case ConditionType::kQueryType:
      if (IsClassName(value)) return {};
      return Invalid(fmt::format(
          "'{}' is no statement class; allowed: a name such as Query or CreateTable", value));
    case ConditionType::kQueryCategory:
      if (Contains(kCategories, value)) return {};
      return Invalid(fmt::format("'{}' is no query category; allowed: {}", value,
                                 fmt::join(kCategories, ", ")));
    case ConditionType::kReadOnly:
      if (value == "true" || value == "false") return {};
      return Invalid(fmt::format("'{}' is not allowed for read_only; allowed: true, false", value));
    default:
      return {};
  }
}

bool IsName(ConditionType type) {
  return type == ConditionType::kCatalog || type == ConditionType::kSchema ||
         type == ConditionType::kTable;
}

}  // namespace

bool NeedsStatement(ConditionType type) {
  return IsName(type) || type == ConditionType::kQueryType ||
         type == ConditionType::kQueryCategory || type == ConditionType::kReadOnly;
}

Expected<CompiledCondition> CompiledCondition::Compile(const Condition& condition) {
  CompiledCondition compiled;
  compiled.type_ = condition.type;
  compiled.negated_ = condition.negated;
  compiled.name_ = condition.name;
  for (const auto& value : condition.values) {
    if (auto added = compiled.AddValue(value); !added) return std::unexpected(added.error());
  }
  std::ranges::sort(compiled.texts_);
  return compiled;
}

Expected<void> CompiledCondition::AddValue(const std::string& value) {
  const auto add = [](auto& list, auto parsed) -> Expected<void> {
    if (!parsed) return std::unexpected(std::move(parsed).error());
    list.push_back(*std::move(parsed));
    return {};
  };
  switch (type_) {
    case ConditionType::kUserRegex:
      return add(expressions_, CompileExpression(value));
    case ConditionType::kClientAddress:
      return add(blocks_, AddressBlock::Parse(value));
    case ConditionType::kTextSize:
      return add(sizes_, ParseSizes(value));
    case ConditionType::kTimeWindow:
      return add(windows_, Cron::Parse(value));
    default:
      texts_.push_back(IsName(type_) ? ToLower(value) : value);
      return CheckText(type_, value);
  }
}

Expected<CompiledCondition::SizeRange> CompiledCondition::ParseSizes(std::string_view text) {
  const auto dash = text.find('-');
  const auto low = text.substr(0, dash);
  const auto high = dash == std::string_view::npos ? std::string_view() : text.substr(dash + 1);
  const auto least = low.empty() ? 0 : ParseDecimal(low);
  const auto most = high.empty() ? std::numeric_limits<std::uint64_t>::max() : ParseDecimal(high);
  const bool open_ended = low.empty() && high.empty();
  if (dash == std::string_view::npos || open_ended || !least || !most || *least > *most) {
    return Invalid(
        fmt::format("'{}' is no range of sizes; allowed: MIN-MAX, MIN- or -MAX in bytes, "
                    "such as 0-10000",
                    text));
  }
  return SizeRange{*least, *most};
}

bool CompiledCondition::HasText(std::string_view text) const {
  return std::ranges::binary_search(texts_, text, std::less<>());
}

bool CompiledCondition::MatchesExpression(std::string_view text) const {
  const re2::StringPiece piece(text.data(), text.size());
  return std::ranges::any_of(expressions_,
                             [&](const auto& each) { return re2::RE2::FullMatch(piece, *each); });
}

bool CompiledCondition::HoldsAddress(const IpAddress& address) const {
  return std::ranges::any_of(blocks_, [&](const auto& each) { return each.Contains(address); });
}

bool CompiledCondition::HoldsSize(std::uint64_t bytes) const {
  return std::ranges::any_of(
      sizes_, [&](const auto& each) { return each.least <= bytes && bytes <= each.most; });
}

bool CompiledCondition::HoldsTime(Clock::WallTime time) const {
  return std::ranges::any_of(windows_, [&](const auto& each) { return each.Matches(time); });
}

}  // namespace gateway::model
