// What the admin service answers about queries: where one would go, and where one went.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "admin/service.h"
#include "base/random.h"
#include "base/ranges.h"
#include "base/strings.h"
#include "protocol/query_id.h"
#include "routing/balancer.h"
#include "routing/policies.h"

namespace gateway::admin {
namespace {

// Calls `visit` for the enabled listening_port policies of a port, ordered by id, until it returns
// true.
template <typename Visit>
void ForPort(const model::Snapshot& snapshot, std::uint16_t port, Visit visit) {
  for (const auto& policy : snapshot.policies()) {
    if (!policy.enabled || policy.rule_type != model::RuleType::kListeningPort) continue;
    if (ParseDecimal(policy.rule_value) == port && visit(policy)) return;
  }
}

}  // namespace

std::vector<std::string> AdminService::EvaluateGroups(const routing::RequestFacts& facts) const {
  const auto snapshot = parts_.registry.Current();
  routing::GroupChooser chooser;
  routing::GroupChoice choice;
  chooser.Choose(facts, *snapshot, choice);
  std::vector<std::string> ids;
  for (const auto* group : choice.groups) ids.push_back(group->group.id);
  return ids;
}

Expected<AdminService::Placement> AdminService::EvaluateBackend(
    const std::vector<std::string>& group_ids) const {
  const auto snapshot = parts_.registry.Current();
  routing::GroupChoice choice;
  const auto add = [&](std::string_view id) {
    const auto* group = snapshot->FindGroup(id);
    if (group && group->group.enabled && !Contains(choice.groups, group)) {
      choice.groups.push_back(group);
    }
  };
  for (const auto& id : group_ids) add(id);
  add(snapshot->default_group());

  SystemRandom random;
  routing::Balancer balancer(parts_.clock, random);
  const auto pick = balancer.Choose(choice, {});
  if (!pick.backend) {
    return Fail(ErrorCode::kUnavailable, fmt::format("no backend can take a query: {}",
                                                     routing::ExplainUnavailable(choice)));
  }
  return Placement{pick.backend->backend.id, pick.group->group.id};
}

bool AdminService::EvaluateAuthDelegation(std::uint16_t port) const {
  bool delegated = false;
  ForPort(*parts_.registry.Current(), port, [&](const model::Policy& policy) {
    delegated = policy.auth_delegated;
    return delegated;
  });
  return delegated;
}

std::string AdminService::EvaluateRequestSource(std::uint16_t port) const {
  std::string source;
  ForPort(*parts_.registry.Current(), port, [&](const model::Policy& policy) {
    source = policy.set_request_source;
    return !source.empty();
  });
  return source;
}

Expected<AdminService::Placement> AdminService::FindBackendForQuery(std::string_view query_id) {
  const auto recorded = parts_.store.FindQuery(query_id);
  if (recorded) return Placement{recorded->backend_id, recorded->group_id};
  const auto owners = parts_.owners(protocol::CoordinatorSuffix(query_id));
  if (!owners.empty()) return Placement{owners.front(), ""};
  return std::unexpected(recorded.error());
}

Expected<store::QueryRecord> AdminService::GetQuery(std::string_view id) {
  return parts_.store.FindQuery(id);
}

Expected<store::QueryPage> AdminService::ListQueries(const store::QueryFilter& filter) {
  return parts_.store.ListQueries(filter);
}

Expected<void> AdminService::SaveQuery(const store::QueryRecord& query, const Caller& caller) {
  auto saved = parts_.store.SaveQueries(std::array{query});
  Log({"query", query.id}, caller, saved ? std::string_view("ok") : NameOf(saved.error().code));
  return saved;
}

Expected<std::vector<store::AuditEntry>> AdminService::ListAudit(const store::AuditFilter& filter) {
  return parts_.store.ListAudit(filter);
}

}  // namespace gateway::admin
