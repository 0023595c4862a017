#include "rpc/convert_rule.h"
#include "rpc/methods.h"
#include "rpc/object_methods.h"

namespace gateway::rpc {
namespace {

using admin::AdminService;

Expected<model::Rule> Patch(AdminService& service,
                            const v1::PatchRuleRequest& request,
                            const Caller& caller) {
  const auto& patch = request.rule();
  const auto precondition = PreconditionOf(patch.etag(), Existence::kMustExist);
  if (!precondition) return std::unexpected(precondition.error());
  const auto paths = PathsOf(request.update_mask(), patch);
  return service.ChangeRule(
      patch.id(),
      [&](model::Rule& rule) {
        return PatchObject(rule, patch, paths, [](const auto&, v1::Rule&) {});
      },
      *precondition, caller);
}

Expected<void> SetEnabled(AdminService& service,
                          const std::string& id,
                          bool enabled,
                          const Caller& caller) {
  return Done(service.ChangeRule(
      id,
      [&](model::Rule& rule) -> Expected<void> {
        rule.enabled = enabled;
        return {};
      },
      {}, caller));
}

Expected<void> List(AdminService& service,
                    const v1::ListRulesRequest& request,
                    v1::ListRulesResponse& response) {
  const auto values = [](const model::Rule& rule,
                         std::string_view name) -> std::vector<std::string_view> {
    if (name == "id") return {rule.id};
    if (name == "enabled") return {FlagText(rule.enabled)};
    return {NameOf(rule.source)};
  };
  return ListPage(
      request, response, *service.ListRules(), {{"id"}, FlagFilter("enabled"), SourceFilter()},
      [](const model::Rule& rule) { return rule.id; }, values,
      [&](const model::Rule& rule) { *response.add_rules() = ToProto(rule); });
}

void AddReads(MethodTable& table, AdminService& service) {
  table.Add<v1::ListRulesRequest, v1::ListRulesResponse>(
      "RuleApi.ListRules", Role::kViewer, Blocking::kLong,
      [&service](const auto& request, auto& response, const Caller&) {
        return List(service, request, response);
      });
  table.Add<v1::GetRuleRequest, v1::Rule>(
      "RuleApi.GetRule", Role::kViewer, Blocking::kNo,
      [&service](const auto& request, auto& response, const Caller&) {
        return Show(service.GetRule(request.id()), response);
      });
}

void AddWrites(MethodTable& table, AdminService& service) {
  const auto put = [&service](const v1::Rule& message, Existence existence, const Caller& caller) {
    return PutFrom(message, WhenUnset::kEnabled, existence,
                   [&](model::Rule rule, const admin::Precondition& precondition) {
                     return service.PutRule(std::move(rule), precondition, caller);
                   });
  };
  table.Add<v1::CreateRuleRequest, v1::Rule>(
      "RuleApi.CreateRule", Role::kAdmin, Blocking::kYes,
      [put](const auto& request, auto& response, const Caller& caller) {
        return Show(put(request.rule(), Existence::kMustNotExist, caller), response);
      });
  table.Add<v1::PutRuleRequest, v1::Rule>(
      "RuleApi.PutRule", Role::kAdmin, Blocking::kYes,
      [put](const auto& request, auto& response, const Caller& caller) {
        return Show(put(request.rule(), Existence::kAny, caller), response);
      });
  table.Add<v1::PatchRuleRequest, v1::Rule>(
      "RuleApi.PatchRule", Role::kAdmin, Blocking::kYes,
      [&service](const auto& request, auto& response, const Caller& caller) {
        return Show(Patch(service, request, caller), response);
      });
  table.Add<v1::DeleteRuleRequest, v1::Empty>(
      "RuleApi.DeleteRule", Role::kAdmin, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) -> Expected<void> {
        const auto precondition = PreconditionOf(request.etag());
        if (!precondition) return std::unexpected(precondition.error());
        return service.DeleteRule(request.id(), *precondition, caller);
      });
  table.Add<v1::EnableRuleRequest, v1::Empty>(
      "RuleApi.EnableRule", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return SetEnabled(service, request.id(), true, caller);
      });
  table.Add<v1::DisableRuleRequest, v1::Empty>(
      "RuleApi.DisableRule", Role::kOperator, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) {
        return SetEnabled(service, request.id(), false, caller);
      });
}

}  // namespace

void AddRuleMethods(MethodTable& table, AdminService& service) {
  AddReads(table, service);
  AddWrites(table, service);
}

}  // namespace gateway::rpc
