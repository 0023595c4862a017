#include <algorithm>
#include <array>
#include <cstdlib>
#include <set>

#include <fmt/format.h>

#include "base/cron.h"
#include "base/ranges.h"
#include "base/strings.h"
#include "model/client_url.h"
#include "model/compiled_condition.h"
#include "model/condition_checks.h"
#include "model/configuration.h"

namespace gateway::model {
namespace {

// Bounds of what one object may hold: enough for people, little for a snapshot.
constexpr std::size_t kMaxConditions = 32;
constexpr std::size_t kMaxValues = 256;
constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxIds = 1000;  // of a group's backends, or of fallback groups
constexpr std::size_t kMaxHeaderName = 128;
constexpr int kMaxWeight = 1000;
constexpr std::chrono::hours kMaxSlowStart{24};
constexpr int kMaxPriority = 1'000'000;
constexpr std::int64_t kMinInstructions = 100;
constexpr std::int64_t kMaxInstructions = 100'000'000;
constexpr std::size_t kMinMemory = 16 * 1024;
constexpr std::size_t kMaxMemory = 64 * 1024 * 1024;

std::unexpected<Error> Invalid(std::string message) {
  return Fail(ErrorCode::kInvalidArgument, std::move(message), Origin::kClient);
}

Expected<void> ValidateId(std::string_view field, std::string_view id) {
  if (IsValidId(id)) return {};
  return Invalid(fmt::format("{} '{}' is not allowed: {}", field, id, kIdRule));
}

Expected<void> ValidateIds(std::string_view field, const std::vector<std::string>& ids) {
  if (ids.size() > kMaxIds) {
    return Invalid(fmt::format("{} has {} ids; allowed: {}", field, ids.size(), kMaxIds));
  }
  std::set<std::string_view> seen;
  for (const auto& id : ids) {
    if (auto valid = ValidateId(field, id); !valid) return valid;
    if (!seen.insert(id).second) {
      return Invalid(fmt::format("{} names '{}' twice; name each once", field, id));
    }
  }
  return {};
}

// Text that is stored, logged and sent in headers.
Expected<void> ValidateText(std::string_view field, std::string_view text) {
  if (text.size() > kMaxText) {
    return Invalid(fmt::format("{} has {} bytes; allowed: {}", field, text.size(), kMaxText));
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(text, control)) {
    return Invalid(fmt::format("{} has a control character; allowed: one line of text", field));
  }
  return {};
}

// Fields that the gateway itself must answer for: the framing of the message, what concerns one
// connection, who the client is, and which cluster a transaction belongs to.
constexpr std::array<std::string_view, 16> kOwnHeaders = {"accept-encoding",
                                                          "connection",
                                                          "content-length",
                                                          "expect",
                                                          "forwarded",
                                                          "host",
                                                          "keep-alive",
                                                          "te",
                                                          "trailer",
                                                          "transfer-encoding",
                                                          "upgrade",
                                                          "via",
                                                          "content-type",
                                                          "content-encoding",
                                                          "x-trino-transaction-id",
                                                          "x-presto-transaction-id"};

Expected<void> ValidateChangedHeader(std::string_view name) {
  if (auto valid = ValidateHeaderName(name); !valid) return valid;
  const auto lower = ToLower(name);
  if (!Contains(kOwnHeaders, lower) && !lower.starts_with("x-forwarded-") &&
      !lower.starts_with("proxy-") && !lower.starts_with("x-trino-gateway-")) {
    return {};
  }
  return Invalid(fmt::format("header '{}' is the gateway's own; a policy cannot change it", name));
}

Expected<void> ValidateWeights(const Group& group) {
  for (const auto& [id, weight] : group.weights) {
    if (!Contains(group.backends, id)) {
      return Invalid(fmt::format("weights names '{}', which is not one of the backends", id));
    }
    if (weight < 0 || weight > kMaxWeight) {
      return Invalid(
          fmt::format("weight {} of '{}' is not allowed: 0 to {}", weight, id, kMaxWeight));
    }
  }
  return {};
}

Expected<void> ValidateRule(const Policy& policy) {
  if (policy.rule_type == RuleType::kNone) {
    if (!policy.rule_value.empty()) return Invalid("rule value must be empty for type none");
    if (policy.conditions.empty()) {
      return Invalid("a policy needs a rule or conditions: else it would match every query");
    }
    return {};
  }
  if (policy.rule_value.empty()) return Invalid("rule value must not be empty");
  if (auto valid = ValidateText("rule value", policy.rule_value); !valid) return valid;
  if (policy.rule_type == RuleType::kListeningPort) {
    const auto port = ParseDecimal(policy.rule_value);
    if (!port || *port == 0 || *port > 65535) {
      return Invalid(fmt::format("rule value '{}' is not a port: listening_port takes 1 to 65535",
                                 policy.rule_value));
    }
  }
  return {};
}

bool TakesName(ConditionType type) {
  return type == ConditionType::kHeader || type == ConditionType::kSessionProperty;
}

Expected<void> ValidateCondition(const Condition& condition) {
  const auto type = NameOf(condition.type);
  if (TakesName(condition.type) == condition.name.empty()) {
    return Invalid(fmt::format("a condition of type {} {} name", type,
                               condition.name.empty() ? "needs a" : "takes no"));
  }
  if (condition.values.empty() && !TakesName(condition.type)) {
    return Invalid(fmt::format("a condition of type {} needs at least one value", type));
  }
  if (condition.values.size() > kMaxValues) {
    return Invalid(
        fmt::format("a condition has {} values; allowed: {}", condition.values.size(), kMaxValues));
  }
  if (auto valid = ValidateText("condition name", condition.name); !valid) return valid;
  if (condition.type == ConditionType::kHeader) {
    if (auto valid = ValidateHeaderName(condition.name); !valid) return valid;
  }
  for (const auto& value : condition.values) {
    if (auto valid = ValidateText("condition value", value); !valid) return valid;
  }
  if (const auto compiled = CompiledCondition::Compile(condition); !compiled) {
    return Invalid(fmt::format("a condition of type {}: {}", type, compiled.error().message));
  }
  return {};
}

Expected<void> CheckConditionsCanHold(const Policy& policy) {
  for (const auto& condition : policy.conditions) {
    if (const auto checked = CheckCanHold(condition); !checked) {
      return Invalid(fmt::format("a condition of type {}: {}", NameOf(condition.type),
                                 checked.error().message));
    }
  }
  return {};
}

Expected<void> ValidateConditions(const Policy& policy) {
  if (policy.conditions.size() > kMaxConditions) {
    return Invalid(fmt::format("a policy has {} conditions; allowed: {}", policy.conditions.size(),
                               kMaxConditions));
  }
  for (const auto& condition : policy.conditions) {
    if (auto valid = ValidateCondition(condition); !valid) return valid;
  }
  return {};
}

Expected<void> ValidateTarget(const Policy& policy) {
  if (policy.group.empty() && policy.reject_message.empty()) {
    return Invalid(fmt::format("group '' is not allowed: {}", kIdRule));
  }
  if (!policy.group.empty()) {
    if (auto valid = ValidateId("group", policy.group); !valid) return valid;
  }
  if (!policy.fallback_group.empty()) {
    if (auto valid = ValidateId("fallback_group", policy.fallback_group); !valid) return valid;
  }
  return ValidateIds("more_fallback_groups", policy.more_fallback_groups);
}

// Credentials are checked before anything that a client claims is believed, so only the port may
// say whether they are.
Expected<void> ValidateDelegation(const Policy& policy) {
  if (!policy.auth_delegated) return {};
  if (policy.rule_type == RuleType::kListeningPort && policy.conditions.empty()) return {};
  return Invalid(
      "auth_delegated is only for policies with a listening_port rule and no conditions: who the "
      "user is must be known before anything else is looked at");
}

Expected<void> ValidateActions(const Policy& policy) {
  if (auto valid = ValidateText("reject_message", policy.reject_message); !valid) return valid;
  if (auto valid = ValidateText("set_request_source", policy.set_request_source); !valid) {
    return valid;
  }
  if (policy.headers.size() > kMaxConditions) {
    return Invalid(fmt::format("a policy changes {} headers; allowed: {}", policy.headers.size(),
                               kMaxConditions));
  }
  for (const auto& action : policy.headers) {
    if (auto valid = ValidateChangedHeader(action.name); !valid) return valid;
    if (!action.value) continue;
    if (auto valid = ValidateText("header value", *action.value); !valid) return valid;
  }
  return {};
}

}  // namespace

Expected<void> ValidateHeaderName(std::string_view name) {
  constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  const auto is_token = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kMarks.contains(c);
  };
  if (!name.empty() && name.size() <= kMaxHeaderName && std::ranges::all_of(name, is_token)) {
    return {};
  }
  return Invalid(fmt::format("'{}' is no header name; allowed: 1 to {} letters, digits and {}",
                             name.substr(0, kMaxHeaderName), kMaxHeaderName, kMarks));
}

Expected<void> Validate(const Backend& backend) {
  if (auto valid = ValidateId("id", backend.id); !valid) return valid;
  // Written so that it holds for no NaN, either.
  if (!(backend.load_limit >= 0 && backend.load_limit <= kMaxLoadLimit)) {
    return Invalid(fmt::format("load_limit {} is not allowed: 0 (none) to {:.0f}",
                               backend.load_limit, kMaxLoadLimit));
  }
  if (auto valid = ValidateText("external_url", backend.external_url); !valid) return valid;
  if (auto valid = CheckExternalUrl(backend); !valid) return valid;
  if (backend.uptime_schedule.empty()) return {};
  const auto cron = Cron::Parse(backend.uptime_schedule);
  if (!cron) return Invalid(fmt::format("uptime_schedule: {}", cron.error().message));
  if (cron->HasImpossibleDay()) {
    return Invalid(
        fmt::format("uptime_schedule: '{}' means a day that no year has", backend.uptime_schedule));
  }
  return {};
}

Expected<void> Validate(const Group& group) {
  if (auto valid = ValidateId("id", group.id); !valid) return valid;
  if (auto valid = ValidateIds("backends", group.backends); !valid) return valid;
  if (auto valid = ValidateIds("fallback_groups", group.fallback_groups); !valid) return valid;
  if (Contains(group.fallback_groups, group.id)) {
    return Invalid(fmt::format("group '{}' cannot be its own fallback", group.id));
  }
  if (group.slow_start < std::chrono::milliseconds(0) || group.slow_start > kMaxSlowStart) {
    return Invalid(fmt::format("slow_start of {} ms is not allowed: 0 (none) to {} hours",
                               group.slow_start.count(), kMaxSlowStart.count()));
  }
  return ValidateWeights(group);
}

Expected<void> Validate(const Policy& policy) {
  if (auto valid = ValidateStored(policy); !valid) return valid;
  return CheckConditionsCanHold(policy);
}

Expected<void> ValidateStored(const Policy& policy) {
  if (auto valid = ValidateId("id", policy.id); !valid) return valid;
  if (auto valid = ValidateTarget(policy); !valid) return valid;
  if (auto valid = ValidateRule(policy); !valid) return valid;
  if (auto valid = ValidateConditions(policy); !valid) return valid;
  if (auto valid = ValidateDelegation(policy); !valid) return valid;
  return ValidateActions(policy);
}

Expected<void> Validate(const Rule& rule) {
  if (auto valid = ValidateId("id", rule.id); !valid) return valid;
  if (rule.script.empty() || rule.script.size() > kMaxScriptBytes) {
    return Invalid(
        fmt::format("script has {} bytes; allowed: 1 to {}", rule.script.size(), kMaxScriptBytes));
  }
  if (rule.priority < -kMaxPriority || rule.priority > kMaxPriority) {
    return Invalid(fmt::format("priority {} is not allowed: -{} to {}", rule.priority, kMaxPriority,
                               kMaxPriority));
  }
  if (rule.instructions < kMinInstructions || rule.instructions > kMaxInstructions) {
    return Invalid(fmt::format("instructions {} is not allowed: {} to {}", rule.instructions,
                               kMinInstructions, kMaxInstructions));
  }
  if (rule.memory_bytes < kMinMemory || rule.memory_bytes > kMaxMemory) {
    return Invalid(fmt::format("memory_bytes {} is not allowed: {} to {}", rule.memory_bytes,
                               kMinMemory, kMaxMemory));
  }
  return {};
}

}  // namespace gateway::model
