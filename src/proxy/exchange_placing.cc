// Where a request is to go: by policies, and for a submission by rules and the external router
// first.
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "proxy/exchange.h"
#include "proxy/rule_facts.h"

namespace gateway::proxy {

using protocol::EndpointKind;

// Are credentials wanted here?
bool Exchange::IsGuarded() const {
  return session_.listener->delegated_auth ||
         snapshot_->index().DelegatesAuth(session_.listener_port);
}

// kUnavailable: nobody can say now where it is to go.
Awaitable<Expected<void>> Exchange::PlaceRequest() {
  // Credentials and the body took their time, in which a drain may have begun; rules do so, too.
  snapshot_ = context_.snapshot;
  const bool submission = request_.endpoint.kind == EndpointKind::kSubmit;
  const HeaderLookup headers(*request_.head);
  auto facts = FactsOf(request_, headers, context_.options.session_header);
  facts.port = session_.listener_port;
  facts.client_address = client_host_;
  facts.now = context_.clock.WallNow();
  if (submission) {
    // Of a chunked body that is not kept whole, at least what has come so far.
    const bool announced = framing_.kind == http::BodyKind::kLength;
    facts.text_bytes = announced ? framing_.length : body_.bytes();
  }
  std::string buffer;
  const auto text = submission ? body_.Content(buffer) : std::nullopt;
  std::optional<StatementFacts> statement(std::in_place, request_, text,
                                          context_.statement_scratch);
  const auto kill_target = statement->KillTarget().transform(
      [](std::string_view query_id) { return std::string(query_id); });
  // Where a kill goes is settled, and whoever cannot be asked must not keep a query alive.
  if (submission && !kill_target && !context_.rules->idle()) {
    auto asked = co_await AskForDecision(facts, text, *statement);
    if (!asked) co_return asked;
    snapshot_ = context_.snapshot;
    // Other exchanges may have used the scratch meanwhile.
    statement.emplace(request_, text, context_.statement_scratch);
  }
  if (IsGuarded() && !guarded_) {
    co_return Fail(ErrorCode::kUnavailable, "this port asks for credentials since a moment ago");
  }
  const auto ask = [&statement] { return statement->Query(); };
  facts.query = ask;
  placement_ = Place(request_, facts,
                     {*snapshot_, context_.sticky, context_.chooser, decision_, kill_target,
                      context_.options.refuse_transactions});
  // For all that follows: what is sent, and what is noted about the owner.
  if (placement_.leaves_transaction) request_.transaction = {.id = "NONE", .backend = ""};
  for (const auto& action : admission_.headers) all_actions_.push_back(&action);
  if (submission) {
    all_actions_.insert(all_actions_.end(), placement_.choice.headers.begin(),
                        placement_.choice.headers.end());
  }
  co_return Expected<void>();
}

Awaitable<Expected<void>> Exchange::AskForDecision(routing::RequestFacts facts,
                                                   std::optional<std::string_view> text,
                                                   StatementFacts& statement) {
  const auto ask = [&statement] { return statement.Query(); };
  facts.query = ask;
  RuleFacts rule_facts(request_, facts, std::string(text.value_or("")));
  const RuleGroups groups(*snapshot_);
  auto decided = co_await context_.rules->Decide(rule_facts, groups, decision_);
  if (decided) co_return decided;
  StatementFacts again(request_, text, context_.statement_scratch);
  if (EndsTransaction(request_, again.Query())) co_return Expected<void>();
  co_return decided;
}

}  // namespace gateway::proxy
