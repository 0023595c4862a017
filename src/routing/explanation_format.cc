// The two forms of an explanation: for people, and for programs.
#include <iterator>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/format.h>

#include "routing/explanation.h"

namespace gateway::routing {
namespace {

namespace json = boost::json;

void AppendPick(std::string& text, const Explanation& explanation) {
  const auto out = std::back_inserter(text);
  if (!explanation.choice.reject_message.empty()) {
    fmt::format_to(out, "rejected: {}\n", explanation.choice.reject_message);
  } else if (explanation.backend.empty()) {
    fmt::format_to(out, "no backend: {}\n", explanation.unavailable);
  } else {
    fmt::format_to(out, "backend {} of group {}, mode {}\n", explanation.backend, explanation.group,
                   NameOf(explanation.mode));
  }
  fmt::format_to(out, "because: {}\n", explanation.choice.trace);
  if (!explanation.choice.set_request_source.empty()) {
    fmt::format_to(out, "source becomes: {}\n", explanation.choice.set_request_source);
  }
  for (const auto* header : explanation.choice.headers) {
    if (header->value) {
      fmt::format_to(out, "header set: {}: {}\n", header->name, *header->value);
    } else {
      fmt::format_to(out, "header removed: {}\n", header->name);
    }
  }
  if (explanation.choice.auth_delegated) text += "credentials are checked by the provider\n";
}

void AppendPolicies(std::string& text, const Explanation& explanation) {
  const auto out = std::back_inserter(text);
  text += explanation.policies.empty() ? "\nno policies\n" : "\npolicies\n";
  for (const auto& policy : explanation.policies) {
    fmt::format_to(out, "  {} ({}; priority {}): {}: {}\n", policy.id, policy.summary,
                   policy.priority, NameOf(policy.verdict), policy.reason);
    for (const auto& condition : policy.conditions) {
      fmt::format_to(out, "    {}: {}\n", condition.text, NameOf(condition.finding));
    }
  }
}

void AppendGroups(std::string& text, const Explanation& explanation) {
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

json::array PoliciesJson(const Explanation& explanation) {
  json::array policies;
  for (const auto& policy : explanation.policies) {
    json::array conditions;
    for (const auto& condition : policy.conditions) {
      conditions.push_back(json::object{{"condition", condition.text},
                                        {"finding", std::string(NameOf(condition.finding))}});
    }
    policies.push_back(json::object{{"id", policy.id},
                                    {"priority", policy.priority},
                                    {"summary", policy.summary},
                                    {"verdict", std::string(NameOf(policy.verdict))},
                                    {"reason", policy.reason},
                                    {"conditions", std::move(conditions)}});
  }
  return policies;
}

json::array GroupsJson(const Explanation& explanation) {
  json::array groups;
  for (const auto& group : explanation.groups) {
    json::array backends;
    for (const auto& backend : group.backends) {
      backends.push_back(
          json::object{{"id", backend.id},
                       {"eligible", backend.eligible},
                       {"reason", backend.reason},
                       {"load", backend.load ? json::value(*backend.load) : json::value()},
                       {"in_flight", backend.in_flight},
                       {"weight", backend.weight},
                       {"share", backend.share}});
    }
    groups.push_back(json::object{{"id", group.id},
                                  {"origin", std::string(NameOf(group.origin))},
                                  {"strategy", group.strategy},
                                  {"tried", group.reason.empty()},
                                  {"reason", group.reason},
                                  {"backends", std::move(backends)}});
  }
  return groups;
}

json::object DecisionJson(const Explanation& explanation) {
  const auto& choice = explanation.choice;
  json::array groups;
  for (const auto* group : choice.groups) groups.emplace_back(json::string(group->group.id));
  json::array policies;
  for (const auto* policy : choice.policies) policies.emplace_back(json::string(policy->id));
  json::array headers;
  for (const auto* header : choice.headers) {
    headers.push_back(json::object{
        {"name", header->name},
        {"value", header->value ? json::value(json::string(*header->value)) : json::value()}});
  }
  return {{"backend", explanation.backend},
          {"group", explanation.group},
          {"mode", std::string(NameOf(explanation.mode))},
          {"unavailable", explanation.unavailable},
          {"reject_message", std::string(choice.reject_message)},
          {"set_request_source", std::string(choice.set_request_source)},
          {"auth_delegated", choice.auth_delegated},
          {"headers", std::move(headers)},
          {"policies", std::move(policies)},
          {"groups", std::move(groups)},
          {"trace", choice.trace}};
}

}  // namespace

std::string ToText(const Explanation& explanation) {
  std::string text;
  AppendPick(text, explanation);
  AppendPolicies(text, explanation);
  AppendGroups(text, explanation);
  return text;
}

std::string ToJson(const Explanation& explanation) {
  return json::serialize(json::object{{"decision", DecisionJson(explanation)},
                                      {"policies", PoliciesJson(explanation)},
                                      {"groups", GroupsJson(explanation)}});
}

}  // namespace gateway::routing
