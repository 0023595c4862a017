// An explanation for people.
#include <iterator>

#include <fmt/format.h>

#include "routing/explanation.h"

namespace gateway::routing {
namespace {

void AppendPick(std::string& text, const Explanation& explanation) {
  const auto out = std::back_inserter(text);
  if (!explanation.reject_message.empty()) {
    fmt::format_to(out, "rejected: {}\n", explanation.reject_message);
  } else if (!explanation.settled.empty()) {
    fmt::format_to(out, "backend {}, mode {}: {}\n", explanation.backend, NameOf(explanation.mode),
                   explanation.settled);
  } else if (explanation.backend.empty()) {
    fmt::format_to(out, "no backend: {}\n", explanation.unavailable);
  } else {
    fmt::format_to(out, "backend {} of group {}, mode {}\n", explanation.backend, explanation.group,
                   NameOf(explanation.mode));
  }
}

void AppendPolicies(std::string& text, const Explanation& explanation) {
  const auto out = std::back_inserter(text);
  if (explanation.policies.empty()) {
    text += "\nno policies\n";
  } else if (explanation.policies_unasked.empty()) {
    text += "\npolicies\n";
  } else {
    fmt::format_to(out, "\npolicies, which are not asked, as {}\n", explanation.policies_unasked);
  }
  for (const auto& policy : explanation.policies) {
    fmt::format_to(out, "  {} ({}; priority {}): {}: {}\n", policy.id, policy.summary,
                   policy.priority, NameOf(policy.verdict), policy.reason);
    for (const auto& condition : policy.conditions) {
      fmt::format_to(out, "    {}: {}\n", condition.text, NameOf(condition.finding));
    }
  }
}

void AppendGroups(std::string& text, const Explanation& explanation) {
  if (!explanation.settled.empty()) return;
  const auto out = std::back_inserter(text);
  text += explanation.groups.empty() ? "\nno groups\n" : "\ngroups, in the order they are tried\n";
  for (const auto& group : explanation.groups) {
    fmt::format_to(out, "  {} ({}{}{}){}{}\n", group.id, NameOf(group.origin),
                   group.strategy.empty() ? "" : "; ", group.strategy,
                   group.reason.empty() ? "" : ": left out: ", group.reason);
    for (const auto& backend : group.backends) {
      fmt::format_to(out, "    {}: {}{}", backend.id,
                     backend.eligible ? "eligible" : "out: ", backend.reason);
      if (backend.load) fmt::format_to(out, ", load {}", *backend.load);
      fmt::format_to(out, ", in flight {}, weight {}, share {:.2f}\n", backend.in_flight,
                     backend.weight, backend.share);
    }
  }
}

}  // namespace

std::string DecisionText(const Explanation& explanation) {
  std::string text;
  const auto out = std::back_inserter(text);
  AppendPick(text, explanation);
  if (!explanation.trace.empty()) fmt::format_to(out, "because: {}\n", explanation.trace);
  if (!explanation.set_request_source.empty()) {
    fmt::format_to(out, "source becomes: {}\n", explanation.set_request_source);
  }
  for (const auto& header : explanation.headers) {
    if (header.value) {
      fmt::format_to(out, "header set: {}: {}\n", header.name, *header.value);
    } else {
      fmt::format_to(out, "header removed: {}\n", header.name);
    }
  }
  if (explanation.auth_delegated) text += "credentials are checked by the provider\n";
  return text;
}

std::string TracesText(const Explanation& explanation) {
  std::string text;
  AppendPolicies(text, explanation);
  AppendGroups(text, explanation);
  return text;
}

}  // namespace gateway::routing
