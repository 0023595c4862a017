// Where a request may go: decided from what it is, before anything is sent.
//
// A new submission is placed by policies and strategies, and may be sent elsewhere when a backend
// fails. Whatever belongs to something that runs already goes to its owner. When nobody knows the
// owner, the backends are asked one after the other: those that do not know the query say 404. But
// to DELETE /v1/query/{id} each of them says 204, so all get that.
// Threads: called on a worker with its own view. Source: trino-protocol, "What must be routed".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/snapshot.h"
#include "proxy/replies.h"
#include "proxy/request_facts.h"
#include "proxy/stickiness.h"
#include "routing/decision.h"
#include "routing/policies.h"
#include "rules/decision.h"

namespace gateway::proxy {

enum class PlacementKind : std::uint8_t {
  kBalance,    // pick from `choice`; another one may be picked when it fails
  kOwner,      // `candidates` has the one backend that it must be
  kAsk,        // each of `candidates` in turn until one knows it
  kRedirect,   // answer 303 to the untagged path and set the cookie for candidates[0]
  kRefuse,     // `refusal` says why, as a statement answer
  kOwnerGone,  // the query's cluster is not configured any more; `refusal` says which
  kNotFound,   // no such path here
  kBadMethod,  // endpoint.allow says which
};

struct Placement {
  PlacementKind kind = PlacementKind::kNotFound;
  routing::GroupChoice choice;  // kBalance, and what refused it; its actions: submissions
  std::vector<const model::BackendState*> candidates;  // others; hold as long as the snapshot
  std::string refusal;                                 // kRefuse: what the client prints
  StatementFailure failure{};                          // kRefuse
  bool tag_uris = false;    // ask the cluster to write its tag into the URIs it answers
  bool set_cookie = false;  // keep the browser on the backend that answers
  bool kills = false;       // kOwner: the submission kills a query there
  // It is sent out of the transaction that it names, which is unknown where it goes.
  bool leaves_transaction = false;
  // kAsk: each of the candidates is to be asked, since a cluster says "done" to the cancellation of
  // a query that it does not know.
  bool cancels = false;
};

// What placing goes by, besides the request.
struct PlacementContext {
  const model::Snapshot& snapshot;
  StickyView& sticky;
  routing::GroupChooser& chooser;
  const rules::Decision& decision;  // of rules, for a submission; lives as long as the placement
  // Id of the query that a submission kills; then rules and router need not be asked.
  std::optional<std::string_view> kill_target{};
  bool refuse_transactions = false;
};

// Does `query`, of a submission, end a transaction whose cluster is known? That must be possible
// also while nobody can decide about submissions: the cluster holds locks and memory until then.
// Null: not understood.
bool EndsTransaction(const RequestView& request, const routing::QueryFacts* query);

// `facts` are those of `request`, for policies.
Placement Place(const RequestView& request,
                const routing::RequestFacts& facts,
                const PlacementContext& context);

}  // namespace gateway::proxy
