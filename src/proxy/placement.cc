#include "proxy/placement.h"

#include <algorithm>

#include <fmt/format.h>

#include "protocol/query_id.h"
#include "protocol/transaction_tag.h"

namespace gateway::proxy {
namespace {

using protocol::EndpointKind;

void AddOnce(std::vector<const model::BackendState*>& candidates,
             const model::BackendState* backend) {
  if (backend && std::ranges::find(candidates, backend) == candidates.end()) {
    candidates.push_back(backend);
  }
}

Placement Owner(const model::BackendState* backend) {
  Placement placement;
  placement.kind = PlacementKind::kOwner;
  placement.candidates.push_back(backend);
  return placement;
}

Placement Balance(const routing::RequestFacts& facts, const PlacementContext& context) {
  Placement placement;
  placement.kind = PlacementKind::kBalance;
  context.chooser.Choose(facts, context.snapshot, placement.choice);
  return placement;
}

// Everything declared, healthy backends first: they answer soonest.
Placement AskAll(const model::Snapshot& snapshot) {
  Placement placement;
  placement.kind = PlacementKind::kAsk;
  for (const bool eligible : {true, false}) {
    for (const auto& backend : snapshot.backends()) {
      if (backend->Eligible() == eligible) placement.candidates.push_back(backend.get());
    }
  }
  return placement;
}

// Who may have a query, by the suffix of its id.
struct Owners {
  // First those that gave out ids with that suffix, the latest one first, and those whose
  // coordinator has it, as probes found; last those that gave out such ids, but have another suffix
  // by now.
  std::vector<const model::BackendState*> backends;
  std::size_t current = 0;   // the first so many of them may well run it
  std::string_view removed;  // one that gave out such ids and is not configured any more
};

Owners OwnersOf(std::string_view query_id, const model::Snapshot& snapshot, StickyView& sticky) {
  Owners owners;
  const auto suffix = protocol::CoordinatorSuffix(query_id);
  if (suffix.empty()) return owners;
  std::vector<const model::BackendState*> changed;
  for (const auto id : sticky.Owners(suffix)) {
    const auto* backend = snapshot.FindBackend(id);
    if (!backend) {
      owners.removed = id;
      continue;
    }
    const std::string_view known = backend->status.coordinator_suffix;
    AddOnce(known.empty() || known == suffix ? owners.backends : changed, backend);
  }
  for (const auto& backend : snapshot.backends()) {
    if (backend->status.coordinator_suffix == suffix) AddOnce(owners.backends, backend.get());
  }
  owners.current = owners.backends.size();
  for (const auto* backend : changed) AddOnce(owners.backends, backend);
  return owners;
}

Placement OwnerGone(std::string_view backend_id) {
  Placement placement;
  placement.kind = PlacementKind::kOwnerGone;
  placement.refusal = fmt::format(
      "the cluster '{}', on which this query was started, is no longer configured in the gateway, "
      "so it cannot be cancelled here. Cancel it at that cluster.",
      backend_id);
  return placement;
}

// A cluster answers 204 also where it does not know the query, so one is asked alone only when it
// must be the owner.
Placement PlaceCancel(const protocol::Endpoint& endpoint,
                      const model::Snapshot& snapshot,
                      StickyView& sticky) {
  auto owners = OwnersOf(endpoint.query_id, snapshot, sticky);
  if (owners.current == 1) return Owner(owners.backends.front());
  if (owners.backends.empty() && !owners.removed.empty()) return OwnerGone(owners.removed);
  if (owners.backends.empty() && !endpoint.tag.empty()) return OwnerGone(endpoint.tag);
  auto placement = AskAll(snapshot);
  if (owners.current > 0) placement.candidates = std::move(owners.backends);
  placement.cancels = true;
  return placement;
}

// The tag says where the query was started. But a backend can have been pointed to another
// coordinator since, and the one that it had be known by another name.
const model::BackendState* OwnerByTag(const model::BackendState* tagged,
                                      std::string_view query_id,
                                      const model::Snapshot& snapshot) {
  const auto suffix = protocol::CoordinatorSuffix(query_id);
  const std::string_view known = tagged->status.coordinator_suffix;
  if (suffix.empty() || known.empty() || known == suffix) return tagged;
  for (const auto& backend : snapshot.backends()) {
    if (backend->status.coordinator_suffix == suffix) return backend.get();
  }
  return tagged;
}

// The owner of a query: by the tag in the URI, by the suffix of its id, or by asking.
Placement PlaceQuery(const RequestView& request,
                     const model::Snapshot& snapshot,
                     StickyView& sticky) {
  const auto& endpoint = request.endpoint;
  if (const auto* tagged = snapshot.FindBackend(endpoint.tag)) {
    return Owner(OwnerByTag(tagged, endpoint.query_id, snapshot));
  }
  if (endpoint.kind == EndpointKind::kQuery && request.head->method == "DELETE") {
    return PlaceCancel(endpoint, snapshot, sticky);
  }
  auto owners = OwnersOf(endpoint.query_id, snapshot, sticky).backends;
  if (owners.size() == 1) return Owner(owners.front());
  auto placement = AskAll(snapshot);
  if (!owners.empty()) placement.candidates = std::move(owners);
  return placement;
}

Placement Refuse(const StatementFailure& failure, std::string message) {
  Placement placement;
  placement.kind = PlacementKind::kRefuse;
  placement.failure = failure;
  placement.refusal = std::move(message);
  return placement;
}

// Policies may refuse or change the statements of a transaction like all others; only where they go
// is settled.
// By rules, where they have decided, else by policies. What rules change comes after what policies
// change, so that it counts.
Placement BalanceSubmission(const routing::RequestFacts& facts, const PlacementContext& context) {
  const auto& decision = context.decision;
  if (!decision.final()) {
    auto placement = Balance(facts, context);
    auto& choice = placement.choice;
    for (const auto& action : decision.headers) choice.headers.push_back(&action);
    if (!decision.source.empty()) choice.set_request_source = decision.source;
    if (!decision.trace.empty()) choice.trace.insert(0, decision.trace + "; ");
    return placement;
  }
  Placement placement;
  placement.kind = PlacementKind::kBalance;
  auto& choice = placement.choice;
  context.chooser.ChooseNamed(facts, context.snapshot, decision.groups, decision.trace, choice);
  for (const auto& action : decision.headers) choice.headers.push_back(&action);
  if (!decision.source.empty()) choice.set_request_source = decision.source;
  choice.reject_message = decision.reject;
  return placement;
}

// Only its own cluster can kill a query, whatever policies say about the statement that does it.
// But what they change holds for all submissions: a credential that no cluster may see, say.
Placement KillAt(const model::BackendState& owner,
                 const protocol::TaggedTransaction& transaction,
                 const routing::RequestFacts& facts,
                 const PlacementContext& context) {
  auto placement = Balance(facts, context);
  placement.kind = PlacementKind::kOwner;
  placement.candidates.push_back(&owner);
  placement.kills = true;
  placement.leaves_transaction =
      protocol::NamesTransaction(transaction.id) && transaction.backend != owner.backend.id;
  placement.choice.reject_message = {};
  placement.choice.trace = fmt::format("kill_query: its query runs on {}", owner.backend.id);
  return placement;
}

Placement PlaceKill(std::string_view query_id,
                    const protocol::TaggedTransaction& transaction,
                    const routing::RequestFacts& facts,
                    const PlacementContext& context) {
  const auto owners = OwnersOf(query_id, context.snapshot, context.sticky);
  if (!owners.backends.empty()) {
    return KillAt(*owners.backends.front(), transaction, facts, context);
  }
  if (!owners.removed.empty()) {
    return Refuse(
        kKillFailed,
        fmt::format("Query '{}' was not found: the cluster '{}', on which it was started, "
                    "is no longer configured in the gateway. Kill it at that cluster.",
                    query_id, owners.removed));
  }
  return Refuse(
      kKillFailed,
      fmt::format("Query '{}' was not found: no cluster behind this gateway gave out such "
                  "an id. Nothing was killed. Check the id.",
                  query_id));
}

bool StartsTransaction(const routing::RequestFacts& facts) {
  const auto* query = facts.query ? facts.query() : nullptr;
  return query && query->type == routing::kStartTransaction;
}

Placement PlaceSubmission(const RequestView& request,
                          const routing::RequestFacts& facts,
                          const PlacementContext& context) {
  const auto& transaction = request.transaction;
  const bool inside = protocol::NamesTransaction(transaction.id);
  if (context.refuse_transactions && (inside || StartsTransaction(facts))) {
    return Refuse(
        kTransactionsRefused,
        "This gateway refuses transactions. Run each statement by itself, with autocommit "
        "on.");
  }
  if (context.kill_target) return PlaceKill(*context.kill_target, transaction, facts, context);
  auto placement = BalanceSubmission(facts, context);
  if (!placement.choice.reject_message.empty()) {
    placement.kind = PlacementKind::kRefuse;
    placement.failure = kQueryRejected;
    placement.refusal = placement.choice.reject_message;
    return placement;
  }
  if (!inside || transaction.backend.empty()) return placement;
  const auto* backend = context.snapshot.FindBackend(transaction.backend);
  if (!backend) {
    return Refuse(kTransactionLost,
                  fmt::format("The cluster '{}' on which this transaction was started is no longer "
                              "configured in the gateway. Start a new transaction.",
                              transaction.backend));
  }
  placement.kind = PlacementKind::kOwner;
  placement.candidates.push_back(backend);
  placement.choice.trace = fmt::format("its transaction runs on {}", transaction.backend);
  return placement;
}

// Can its UI not be seen? One that is out for its answers can: there one looks for the reason.
bool IsGone(const model::BackendState& backend) {
  const auto& status = backend.status;
  return status.health == model::Health::kStarting ||
         status.health == model::Health::kOffSchedule ||
         (status.health == model::Health::kUnhealthy && status.Unreachable());
}

// Pages of one cluster's UI, and logins that begin and end on it.
Placement PlaceBrowser(const RequestView& request,
                       const routing::RequestFacts& facts,
                       const PlacementContext& context) {
  const auto& snapshot = context.snapshot;
  const auto& endpoint = request.endpoint;
  const bool reads = request.head->method == "GET" || request.head->method == "HEAD";
  if (const auto* tagged = snapshot.FindBackend(endpoint.tag)) {
    auto placement = Owner(OwnerByTag(tagged, endpoint.query_id, snapshot));
    placement.set_cookie = true;
    // The UI's own cookies are for /ui, so its pages must not stay below the tag.
    if (endpoint.kind == EndpointKind::kUi && reads) placement.kind = PlacementKind::kRedirect;
    return placement;
  }
  Placement placement;
  if (!endpoint.query_id.empty()) {
    placement = PlaceQuery(request, snapshot, context.sticky);
    // A wrong cluster's UI does not answer 404, so there is nothing to ask.
    if (placement.kind == PlacementKind::kOwner) {
      placement.set_cookie = true;
      return placement;
    }
  }
  const auto* kept = snapshot.FindBackend(request.cookie_backend);
  // A page can be had elsewhere while that cluster is gone; a login cannot go on elsewhere.
  const bool movable = endpoint.kind == EndpointKind::kUi && reads;
  if (kept && kept->backend.enabled && !(movable && IsGone(*kept))) return Owner(kept);
  placement = Balance(facts, context);
  placement.set_cookie = true;
  return placement;
}

}  // namespace

bool EndsTransaction(const RequestView& request, const routing::QueryFacts* query) {
  const auto& transaction = request.transaction;
  return protocol::NamesTransaction(transaction.id) && !transaction.backend.empty() && query &&
         (query->type == "Commit" || query->type == "Rollback");
}

Placement Place(const RequestView& request,
                const routing::RequestFacts& facts,
                const PlacementContext& context) {
  Placement placement;
  switch (request.endpoint.kind) {
    case EndpointKind::kSubmit:
      placement = PlaceSubmission(request, facts, context);
      placement.tag_uris = true;
      break;
    case EndpointKind::kPing:
      placement = Balance(facts, context);
      break;
    case EndpointKind::kPoll:
    case EndpointKind::kQuery:
      placement = PlaceQuery(request, context.snapshot, context.sticky);
      placement.tag_uris = true;
      break;
    case EndpointKind::kUi:
    case EndpointKind::kOauth2:
      return PlaceBrowser(request, facts, context);
    case EndpointKind::kSpooled: {
      const auto* tagged = context.snapshot.FindBackend(request.endpoint.tag);
      placement = tagged ? Owner(tagged) : AskAll(context.snapshot);
      placement.tag_uris = true;
      break;
    }
    case EndpointKind::kBadMethod:
      placement.kind = PlacementKind::kBadMethod;
      break;
    case EndpointKind::kUnknown:
      placement.kind = PlacementKind::kNotFound;
      break;
  }
  return placement;
}

}  // namespace gateway::proxy
