// What rules may know of a submission and of the groups, over what the exchange has.
//
// Threads: an object belongs to one exchange. Everything it is made of must outlive it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/snapshot.h"
#include "proxy/request_facts.h"
#include "routing/decision.h"
#include "rules/facts.h"

namespace gateway::proxy {

class RuleFacts final : public rules::Facts {
 public:
  // `text`: the statement, as far as it was kept.
  RuleFacts(const RequestView& request, const routing::RequestFacts& facts, std::string text);

  const rules::RequestFacts& request() const noexcept override { return request_; }
  std::span<const http::HeaderField> headers() const noexcept override { return headers_; }
  const rules::StatementFacts& statement() noexcept override;
  std::string_view text() const noexcept override { return text_; }

 private:
  const routing::RequestFacts& facts_;
  const std::span<const http::HeaderField> headers_;
  const std::string text_;
  rules::RequestFacts request_;
  std::optional<rules::StatementFacts> statement_;
};

class RuleGroups final : public rules::Groups {
 public:
  explicit RuleGroups(const model::Snapshot& snapshot) : snapshot_(snapshot) {}

  std::optional<rules::GroupFacts> Find(std::string_view id) const noexcept override;
  std::string_view default_group() const noexcept override { return snapshot_.default_group(); }
  void ForEach(FunctionRef<void(std::string_view, const rules::GroupFacts&)> visit) const override;

 private:
  const model::Snapshot& snapshot_;
};

}  // namespace gateway::proxy
