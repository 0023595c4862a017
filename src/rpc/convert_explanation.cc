#include "rpc/convert_explanation.h"

#include <algorithm>
#include <limits>
#include <string>

#include "rpc/convert.h"

namespace gateway::rpc {
namespace {

using Response = v1::ExplainResponse;

// Names of enumerators are the same here and there.
template <typename To, typename From, typename Parse>
To ByName(From from, Parse parse) {
  To to{};
  parse(std::string(NameOf(from)), &to);
  return to;
}

std::int32_t Clamped(std::int64_t number) {
  return static_cast<std::int32_t>(
      std::clamp<std::int64_t>(number, 0, std::numeric_limits<std::int32_t>::max()));
}

void Fill(const routing::Explanation& from, Response::Decision& out) {
  out.set_backend(from.backend);
  out.set_group(from.group);
  out.set_mode(ToProto(from.mode));
  out.set_settled(from.settled);
  out.set_unavailable(ToText(from.unavailable));
  out.set_reject_message(ToText(from.reject_message));
  out.set_set_request_source(ToText(from.set_request_source));
  for (const auto& header : from.headers) {
    auto& added = *out.add_headers();
    added.set_name(ToText(header.name));
    if (header.value) added.set_value(ToText(*header.value));
  }
  out.set_auth_delegated(from.auth_delegated);
  for (const auto& id : from.deciding) out.add_policies(id);
  for (const auto& group : from.groups) {
    if (group.reason.empty()) out.add_groups(group.id);
  }
  out.set_trace(ToText(from.trace));
}

void Fill(const explain::StatementTrace& from, Response::Statement& out) {
  out.set_outcome(from.outcome);
  out.set_understood(from.understood);
  out.set_type(from.type);
  out.set_category(from.category);
  if (from.read_only) out.set_read_only(*from.read_only);
  for (const auto& name : from.catalogs) out.add_catalogs(ToText(name));
  for (const auto& name : from.schemas) out.add_schemas(ToText(name));
  for (const auto& name : from.tables) out.add_tables(ToText(name));
  out.set_kill_target(ToText(from.kill_target));
}

void Fill(const rules::RuleTrace& from, Response::RuleTrace& out) {
  out.set_id(from.id);
  out.set_priority(from.priority);
  out.set_verdict(
      ByName<Response::RuleTrace::Verdict>(from.verdict, Response::RuleTrace::Verdict_Parse));
  out.set_reason(ToText(from.reason));
}

void Fill(const routing::PolicyTrace& from, Response::PolicyTrace& out) {
  using Trace = Response::PolicyTrace;
  out.set_id(from.id);
  out.set_priority(from.priority);
  out.set_summary(ToText(from.summary));
  out.set_verdict(ByName<Trace::Verdict>(from.verdict, Trace::Verdict_Parse));
  out.set_reason(ToText(from.reason));
  for (const auto& condition : from.conditions) {
    auto& added = *out.add_conditions();
    added.set_condition(ToText(condition.text));
    added.set_finding(ByName<Trace::ConditionTrace::Finding>(condition.finding,
                                                             Trace::ConditionTrace::Finding_Parse));
  }
}

void Fill(const routing::GroupTrace& from, Response::GroupTrace& out) {
  using Trace = Response::GroupTrace;
  out.set_id(from.id);
  out.set_origin(ByName<Trace::Origin>(from.origin, Trace::Origin_Parse));
  out.set_strategy(from.strategy);
  out.set_tried(from.reason.empty());
  out.set_reason(from.reason);
  for (const auto& backend : from.backends) {
    auto& added = *out.add_backends();
    added.set_id(backend.id);
    added.set_eligible(backend.eligible);
    added.set_reason(ToText(backend.reason));
    if (backend.load) added.set_load(*backend.load);
    added.set_in_flight(Clamped(backend.in_flight));
    added.set_weight(Clamped(backend.weight));
    added.set_share(backend.share);
  }
}

}  // namespace

Response ToProto(const explain::QueryExplanation& explanation) {
  Response out;
  Fill(explanation.routing, *out.mutable_decision());
  if (explanation.statement) Fill(*explanation.statement, *out.mutable_statement());
  for (const auto& rule : explanation.rules) Fill(rule, *out.add_rules());
  auto& external = *out.mutable_external_router();
  external.set_verdict(ByName<Response::ExternalRouter::Verdict>(
      explanation.external.verdict, Response::ExternalRouter::Verdict_Parse));
  external.set_reason(ToText(explanation.external.reason));
  out.set_policies_unasked(explanation.routing.policies_unasked);
  for (const auto& policy : explanation.routing.policies) Fill(policy, *out.add_policies());
  for (const auto& group : explanation.routing.groups) Fill(group, *out.add_groups());
  out.set_text(ToText(explain::ToText(explanation)));
  return out;
}

}  // namespace gateway::rpc
