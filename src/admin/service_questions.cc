// What the admin service answers about queries: where one would go, and where one went.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "admin/audit_json.h"
#include "admin/service.h"
#include "base/random.h"
#include "base/ranges.h"
#include "protocol/query_id.h"
#include "routing/balancer.h"
#include "routing/policies.h"

namespace gateway::admin {

std::vector<std::string> AdminService::EvaluateGroups(const routing::RequestFacts& facts) const {
  const auto snapshot = parts_.registry.Current();
  routing::GroupChooser chooser;
  routing::GroupChoice choice;
  chooser.Choose(facts, *snapshot, choice);
  std::vector<std::string> ids;
  if (!choice.reject_message.empty()) return ids;
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
  return parts_.registry.Current()->index().DelegatesAuth(port);
}

std::string AdminService::EvaluateRequestSource(std::uint16_t port) const {
  return std::string(parts_.registry.Current()->index().SourceOf(port));
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
  auto saved = RecordQuery(query, caller);
  Log({"query", query.id}, caller, saved ? std::string_view("ok") : NameOf(saved.error().code));
  return saved;
}

// A new record configures nothing, so it need not queue up with the writers of the configuration;
// one that takes another's place changes what is known to have happened.
Expected<void> AdminService::RecordQuery(const store::QueryRecord& query, const Caller& caller) {
  const auto there = parts_.store.AddQuery(query);
  if (!there) return std::unexpected(there.error());
  if (*there) return {};
  const auto stored = store::AsStored(query);
  const auto replace = [&](store::ConfigurationEdit& edit) -> Expected<void> {
    const auto replaced = edit.SaveQuery(stored);
    if (!replaced) return std::unexpected(replaced.error());
    if (!*replaced || **replaced == stored) return {};  // somebody was faster
    return edit.Audit(
        AuditEntryOf(caller, "query", stored.id, ToAuditJson(**replaced), ToAuditJson(stored)));
  };
  const auto edited = parts_.store.Edit("cannot save a query in the history", replace);
  if (!edited) return std::unexpected(edited.error());
  return {};
}

Expected<store::AuditPage> AdminService::ListAudit(const store::AuditFilter& filter) {
  return parts_.store.ListAudit(filter);
}

}  // namespace gateway::admin
