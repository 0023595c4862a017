#include "proxy/rule_facts.h"

#include <utility>

namespace gateway::proxy {
namespace {

rules::GroupFacts FactsOfGroup(const model::GroupState& group) {
  rules::GroupFacts facts;
  facts.members = static_cast<std::int64_t>(group.members.size());
  for (const auto* member : group.members) {
    if (!member->Eligible()) continue;
    ++facts.healthy;
    facts.load += member->Load();
  }
  return facts;
}

rules::StatementFacts FactsOfStatement(const routing::QueryFacts& query) {
  rules::StatementFacts facts;
  facts.parsed = !query.type.empty();
  facts.type = query.type;
  facts.category = query.category;
  facts.read_only = query.read_only;
  facts.tables.assign(query.tables.begin(), query.tables.end());
  facts.catalogs.assign(query.catalogs.begin(), query.catalogs.end());
  for (const auto& name : query.schemas) {
    facts.catalog_schemas.push_back(name);
    const auto dot = name.find('.');
    facts.schemas.push_back(dot == std::string::npos ? name : name.substr(dot + 1));
  }
  return facts;
}

}  // namespace

RuleFacts::RuleFacts(const RequestView& request,
                     const routing::RequestFacts& facts,
                     std::string text)
    : facts_(facts), headers_(request.head->fields), text_(std::move(text)) {
  request_.user = request.user;
  request_.source = request.source;
  request_.client_tags = request.client_tags;
  request_.client_address = facts.client_address;
  request_.host = request.head->host;
  request_.port = facts.port;
  request_.method = request.head->method;
  request_.target = request.endpoint.target;
  request_.text_bytes = facts.text_bytes.value_or(0);
}

const rules::StatementFacts& RuleFacts::statement() noexcept {
  if (statement_) return *statement_;
  const auto* query = facts_.query ? facts_.query() : nullptr;
  statement_ = query ? FactsOfStatement(*query) : rules::StatementFacts();
  if (!statement_->parsed) statement_->error = "the statement was not understood";
  return *statement_;
}

std::optional<rules::GroupFacts> RuleGroups::Find(std::string_view id) const noexcept {
  const auto* group = snapshot_.FindGroup(id);
  if (!group || !group->group.enabled) return std::nullopt;
  return FactsOfGroup(*group);
}

void RuleGroups::ForEach(
    FunctionRef<void(std::string_view, const rules::GroupFacts&)> visit) const {
  for (const auto& group : snapshot_.groups()) {
    if (group.group.enabled) visit(group.group.id, FactsOfGroup(group));
  }
}

}  // namespace gateway::proxy
