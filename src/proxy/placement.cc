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

// Those that have given out query ids with the suffix of this one, as far as anybody knows.
std::vector<const model::BackendState*> OwnersOf(std::string_view query_id,
                                                 const model::Snapshot& snapshot,
                                                 StickyView& sticky) {
  std::vector<const model::BackendState*> owners;
  const auto suffix = protocol::CoordinatorSuffix(query_id);
  if (suffix.empty()) return owners;
  for (const auto id : sticky.Owners(suffix)) AddOnce(owners, snapshot.FindBackend(id));
  for (const auto& backend : snapshot.backends()) {
    if (backend->status.coordinator_suffix == suffix) AddOnce(owners, backend.get());
  }
  return owners;
}

// The owner of a query: by the tag in the URI, by the suffix of its id, or by asking.
Placement PlaceQuery(const protocol::Endpoint& endpoint,
                     const model::Snapshot& snapshot,
                     StickyView& sticky) {
  if (const auto* tagged = snapshot.FindBackend(endpoint.tag)) return Owner(tagged);

  auto owners = OwnersOf(endpoint.query_id, snapshot, sticky);
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
  choice.set_request_source = decision.source;
  choice.reject_message = decision.reject;
  return placement;
}

// Only its own cluster can kill a query, whatever policies say about the statement that does it.
// Null: nothing is killed, or nobody knows whose query it is; then any cluster says so.
const model::BackendState* OwnerOfKill(const PlacementContext& context) {
  if (!context.kill_target) return nullptr;
  const auto owners = OwnersOf(*context.kill_target, context.snapshot, context.sticky);
  return owners.empty() ? nullptr : owners.front();
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
  if (const auto* owner = OwnerOfKill(context)) return Owner(owner);
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
  return placement;
}

// Pages of one cluster's UI, and logins that begin and end on it.
Placement PlaceBrowser(const RequestView& request,
                       const routing::RequestFacts& facts,
                       const PlacementContext& context) {
  const auto& snapshot = context.snapshot;
  const auto& endpoint = request.endpoint;
  const bool reads = request.head->method == "GET" || request.head->method == "HEAD";
  if (const auto* tagged = snapshot.FindBackend(endpoint.tag)) {
    auto placement = Owner(tagged);
    placement.set_cookie = true;
    // The UI's own cookies are for /ui, so its pages must not stay below the tag.
    if (endpoint.kind == EndpointKind::kUi && reads) placement.kind = PlacementKind::kRedirect;
    return placement;
  }
  Placement placement;
  if (!endpoint.query_id.empty()) {
    placement = PlaceQuery(endpoint, snapshot, context.sticky);
    // A wrong cluster's UI does not answer 404, so there is nothing to ask.
    if (placement.kind == PlacementKind::kOwner) {
      placement.set_cookie = true;
      return placement;
    }
  }
  const auto* kept = snapshot.FindBackend(request.cookie_backend);
  if (kept && kept->backend.enabled) return Owner(kept);
  placement = Balance(facts, context);
  placement.set_cookie = true;
  return placement;
}

}  // namespace

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
      placement = PlaceQuery(request.endpoint, context.snapshot, context.sticky);
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
