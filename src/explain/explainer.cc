#include "explain/explainer.h"

#include <functional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/random.h"
#include "base/ranges.h"
#include "delegated_auth/credentials.h"
#include "explain/external_question.h"
#include "proxy/placement.h"
#include "proxy/request_facts.h"
#include "proxy/rule_facts.h"
#include "proxy/statement_facts.h"
#include "routing/policies.h"

namespace gateway::explain {
namespace {

StatementTrace TraceOf(proxy::StatementFacts& statement, const proxy::StatementScratch& scratch) {
  StatementTrace trace;
  const auto* facts = statement.Query();
  trace.outcome = NameOf(scratch.analysis.outcome);
  if (!facts) return trace;
  trace.understood = true;
  trace.type = facts->type;
  trace.category = facts->category;
  trace.read_only = facts->read_only;
  trace.catalogs.assign(facts->catalogs.begin(), facts->catalogs.end());
  trace.schemas.assign(facts->schemas.begin(), facts->schemas.end());
  trace.tables.assign(facts->tables.begin(), facts->tables.end());
  trace.kill_target = statement.KillTarget().value_or("");
  return trace;
}

// The part of the decision's trace that came last.
std::string Added(const rules::Decision& decision, std::size_t before) {
  constexpr std::string_view kSeparator = "; ";
  std::string_view added = std::string_view(decision.trace).substr(before);
  if (added.starts_with(kSeparator)) added.remove_prefix(kSeparator.size());
  return std::string(added);
}

constexpr std::string_view kTooLarge = "too_large";
constexpr std::string_view kOnlyTheOwnerKills = "only the owner of a query can kill it";
constexpr std::string_view kChangeTheKillOnly =
    "only the owner of a query can kill it: they change headers and source of the statement";

// Why policies are not asked about what fails so; empty: they are.
std::string_view RefusedBeforePolicies(const proxy::StatementFailure& failure) {
  if (failure.name == proxy::kKillFailed.name) return kOnlyTheOwnerKills;
  if (failure.name == proxy::kTransactionsRefused.name) return "the gateway refuses transactions";
  return "";
}

// A submission's way through the gateway, rehearsed. Everything that views point into lives here.
class Rehearsal {
 public:
  Rehearsal(const ExplainerParts& parts, const DescribedQuery& query, const http::RequestHead& head)
      : parts_(parts), query_(query), request_(proxy::ViewRequest(head)), headers_(head) {
    if (request_.user.empty()) {
      basic_user_ = delegated_auth::BasicUser(head.fields);
      facts_.user = request_.user = basic_user_;
    }
    facts_.port = query.port;
    facts_.client_address = query.client_address;
    facts_.now = query.time.value_or(parts.clock.WallNow());
    facts_.query = ask_;
    if (!query.sql.empty()) facts_.text_bytes = query.sql.size();
  }

  QueryExplanation Run() {
    if (const auto why = proxy::WhyAmbiguous(request_); !why.empty()) return Ambiguous(why);
    if (!query_.sql.empty()) explanation_.statement = TraceOf(statement_, scratch_);
    if (!query_.sql.empty() && !text_) explanation_.statement->outcome = kTooLarge;
    proxy::RuleFacts rule_facts(request_, facts_, std::string(text_.value_or("")));
    const proxy::RuleGroups groups(*snapshot_);
    AskRules(rule_facts, groups);
    const bool rules_decide = decision_.final();
    const auto asked = AskExternal(rule_facts, groups);
    Place(rules_decide);
    if (!asked && !proxy::EndsTransaction(request_, statement_.Query())) {
      auto& routing = explanation_.routing;
      routing.backend.clear();
      routing.group.clear();
      routing.settled.clear();
      routing.unavailable = asked.error().message;
    }
    return std::move(explanation_);
  }

 private:
  // Nobody is asked about a request that is answered 400.
  QueryExplanation Ambiguous(std::string_view why) {
    explanation_.external = {ExternalVerdict::kNotNeeded, "the request is refused before"};
    explanation_.routing.policies_unasked = "the request is refused before";
    explanation_.routing.reject_message = fmt::format("400 Bad Request: {}", why);
    return std::move(explanation_);
  }

  void AskRules(rules::Facts& facts, const rules::Groups& groups) {
    const auto all = parts_.rules.current();
    auto& traces = explanation_.rules;
    if (kills_) {
      for (const auto& rule : *all) {
        traces.push_back({rule.id, rule.priority, rules::RuleVerdict::kNotAsked,
                          std::string(kOnlyTheOwnerKills)});
      }
    } else {
      traces = rules::ExplainRules(*all, parts_.clock, facts, groups, decision_);
    }
    for (const auto& rule : snapshot_->rules()) {
      if (rule.enabled) continue;
      traces.push_back({rule.id, rule.priority, rules::RuleVerdict::kDisabled, "disabled"});
    }
  }

  Expected<void> AskExternal(rules::Facts& facts, const rules::Groups& groups) {
    auto& trace = explanation_.external;
    if (!parts_.proxy.external_router) {
      trace = {ExternalVerdict::kNotConfigured, "there is none"};
      return {};
    }
    if (kills_) {
      trace = {ExternalVerdict::kNotNeeded, std::string(kOnlyTheOwnerKills)};
      return {};
    }
    if (decision_.final()) {
      trace = {ExternalVerdict::kNotNeeded, "a rule decides before it"};
      return {};
    }
    if (!query_.ask_external) {
      trace = {ExternalVerdict::kNotAsked,
               "a query would ask it; what follows holds if it leaves the decision to policies"};
      return {};
    }
    const auto before = decision_.trace.size();
    auto asked =
        AskExternalRouter(*parts_.proxy.external_router, facts, groups, parts_.logger, decision_);
    const auto added = Added(decision_, before);
    const bool failed = !asked || added.starts_with("external router failed");
    trace.verdict = failed ? ExternalVerdict::kFailed : ExternalVerdict::kAsked;
    trace.reason = asked ? added : asked.error().message;
    return asked;
  }

  void Place(bool rules_decide) {
    const auto kill = statement_.KillTarget();
    const auto placement = proxy::Place(
        request_, facts_,
        {*snapshot_, sticky_, chooser_, decision_, kill, parts_.proxy.refuse_transactions});
    const bool owned = placement.kind == proxy::PlacementKind::kOwner;
    const bool killed = placement.kills;
    const bool refused = placement.kind == proxy::PlacementKind::kRefuse;
    const auto refused_first = refused ? RefusedBeforePolicies(placement.failure) : "";
    routing::Decided decided{.choice = placement.choice, .named = decision_.groups};
    if (killed) {
      decided.policies_unasked = kChangeTheKillOnly;
    } else if (!refused_first.empty()) {
      decided.policies_unasked = refused_first;
    } else if (decision_.final()) {
      decided.policies_unasked = rules_decide ? "a rule decides" : "the external router decides";
    }
    if (owned) {
      decided.owner = placement.candidates.front();
      decided.settled = killed ? "the query to be killed runs there" : "its transaction runs there";
    }
    SystemRandom random;
    auto& routing = explanation_.routing;
    routing = routing::Explain(facts_, *snapshot_, decided, parts_.clock, random);
    if (!refused) return;
    routing.reject_message = placement.refusal;
    routing.backend.clear();
    routing.group.clear();
    routing.unavailable.clear();
    if (!refused_first.empty()) routing.groups.clear();
  }

  const ExplainerParts& parts_;
  const DescribedQuery& query_;
  const model::SnapshotPtr snapshot_ = parts_.registry.Current();
  proxy::RequestView request_;
  std::string basic_user_;  // of a request that names no user otherwise
  const proxy::HeaderLookup headers_;
  proxy::StatementScratch scratch_;
  // As much as an exchange keeps of it: all or nothing.
  const std::optional<std::string_view> text_ = query_.sql.empty() ||
                                                        query_.sql.size() >
                                                            parts_.proxy.limits.replay_bytes
                                                    ? std::nullopt
                                                    : std::optional<std::string_view>(query_.sql);
  proxy::StatementFacts statement_{request_, text_, scratch_};
  const bool kills_ = statement_.KillTarget().has_value();
  const std::function<const routing::QueryFacts*()> ask_ = [this] { return statement_.Query(); };
  routing::RequestFacts facts_ = proxy::FactsOf(request_, headers_, parts_.proxy.session_header);
  proxy::StickyView sticky_{parts_.stickiness};
  routing::GroupChooser chooser_;
  rules::Decision decision_;
  QueryExplanation explanation_;
};

}  // namespace

std::string_view NameOf(ExternalVerdict verdict) {
  switch (verdict) {
    case ExternalVerdict::kNotConfigured:
      return "not_configured";
    case ExternalVerdict::kNotNeeded:
      return "not_needed";
    case ExternalVerdict::kNotAsked:
      return "not_asked";
    case ExternalVerdict::kAsked:
      return "asked";
    case ExternalVerdict::kFailed:
      return "failed";
  }
  return "";
}

Expected<QueryExplanation> Explainer::Explain(const DescribedQuery& query) const {
  const auto described = DescribedHead::Create(query);
  if (!described) return std::unexpected(described.error());
  const auto head = described->Head();
  return Rehearsal(parts_, query, head).Run();
}

}  // namespace gateway::explain
