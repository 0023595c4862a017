// Why a query goes where it goes: every policy, group and backend with its reason.
//
// By the same functions that decide, so that an explanation cannot differ from the decision.
// Threads: Explain() is pure but for the callbacks of the facts; it takes no turn and counts
// nothing. Cost: looks at every policy, so it is for people, not for each query.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "model/snapshot.h"
#include "routing/decision.h"
#include "routing/facts_reader.h"
#include "routing/ruling.h"

namespace gateway::routing {

// What became of a policy.
enum class PolicyVerdict : std::uint8_t {
  kDecides,
  kRuledOut,   // decides together with others, which do not lead to its group
  kOutranked,  // matches, but another one comes first
  kRuleFails,  // the rule does not match
  kConditionFails,
  kNotKnown,  // a condition asks for what is not known of the request
  kDisabled,
};

struct ConditionTrace {
  std::string text;  // "user: ada, bob", "not header X-Team"
  Finding finding = Finding::kFails;
};

struct PolicyTrace {
  std::string id;
  int priority = 0;
  std::string summary;  // "header_client_tags=etl, 1 condition"
  PolicyVerdict verdict = PolicyVerdict::kDisabled;
  std::string reason;                      // for people; never empty
  std::vector<ConditionTrace> conditions;  // as declared; none for disabled policies
};

struct BackendTrace {
  std::string id;
  bool eligible = false;
  std::string reason;  // why not; empty when eligible
  std::optional<double> load;
  std::int64_t in_flight = 0;
  std::int64_t weight = 1;
  double share = 1;  // below 1 while it starts slowly
};

struct GroupTrace {
  std::string id;
  GroupOrigin origin = GroupOrigin::kDefault;
  std::string strategy;  // empty when not declared
  std::string reason;    // why it is left out; empty: it is tried
  std::vector<BackendTrace> backends;
};

struct Explanation {
  std::vector<PolicyTrace> policies;  // by id
  std::vector<GroupTrace> groups;     // in the order in which they are tried; none when settled
  // Why policies are not asked at all: their traces say what they would do. Empty: they are.
  std::string policies_unasked;

  // What happens to the query now.
  std::string group;    // of the pick; empty when nothing can be picked, or whatever the groups
  std::string backend;  // that it would go to; empty when nothing can be picked
  std::string settled;  // why it can go to `backend` only; empty: it was picked
  model::Mode mode = model::Mode::kProxy;
  std::string unavailable;     // why nothing can be picked; else empty
  std::string reject_message;  // not empty: it is refused
  std::string set_request_source;
  std::vector<model::HeaderAction> headers;  // applied in this order
  bool auth_delegated = false;
  std::vector<std::string> deciding;  // ids of policies
  std::string trace;                  // GroupChoice::trace
};

// A decision that more than policies had a part in.
struct Decided {
  const GroupChoice& choice;
  // Not empty: policies were not asked, for this reason; but the groups `named` were named, best
  // first.
  std::string_view policies_unasked{};
  std::span<const std::string> named{};
  // Not null: it goes there, for the reason `settled`.
  const model::BackendState* owner = nullptr;
  std::string_view settled{};
};

std::string_view NameOf(PolicyVerdict verdict);  // "decides", "rule_fails"
std::string_view NameOf(Finding finding);        // "holds", "fails", "unknown"
std::string_view NameOf(GroupOrigin origin);     // "policy", "policy_fallback"

// By policies alone. `random` draws where the strategy does: the next query may then go elsewhere.
Explanation Explain(const RequestFacts& facts,
                    const model::Snapshot& snapshot,
                    const Clock& clock,
                    Random& random);

// Of what was decided before.
Explanation Explain(const RequestFacts& facts,
                    const model::Snapshot& snapshot,
                    const Decided& decided,
                    const Clock& clock,
                    Random& random);

// For people, lines of text: what happens to the query, and why with all policies and groups.
std::string DecisionText(const Explanation& explanation);
std::string TracesText(const Explanation& explanation);

}  // namespace gateway::routing
