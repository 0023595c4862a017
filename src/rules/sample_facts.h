// The requests against which a rule is tried before it comes into force.
//
// Threads: an object belongs to one thread.
#pragma once

#include <vector>

#include "rules/facts.h"

namespace gateway::rules {

class SampleFacts final : public Facts {
 public:
  // `full`: every header that clients send, and an analysed statement; else the least.
  explicit SampleFacts(bool full);

  const RequestFacts& request() const noexcept override { return request_; }
  std::span<const http::HeaderField> headers() const noexcept override { return headers_; }
  const StatementFacts& statement() noexcept override { return statement_; }
  std::string_view text() const noexcept override { return text_; }

 private:
  RequestFacts request_;
  std::vector<http::HeaderField> headers_;
  StatementFacts statement_;
  std::string_view text_;
};

// Every group exists here: a rule may name one that is created later.
class SampleGroups final : public Groups {
 public:
  std::optional<GroupFacts> Find(std::string_view id) const noexcept override;
  std::string_view default_group() const noexcept override { return "sample"; }
  void ForEach(FunctionRef<void(std::string_view, const GroupFacts&)> visit) const override;
};

}  // namespace gateway::rules
