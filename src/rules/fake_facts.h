// A submission and groups whose every fact a test sets. For *_test.cc only.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "rules/facts.h"

namespace gateway::rules {

class FakeFacts final : public Facts {
 public:
  const RequestFacts& request() const noexcept override { return request_facts; }
  std::span<const http::HeaderField> headers() const noexcept override { return fields; }
  const StatementFacts& statement() noexcept override {
    ++analysed;
    return statement_facts;
  }
  std::string_view text() const noexcept override { return sql; }

  RequestFacts request_facts{.user = "alice",
                             .source = "dbt",
                             .client_tags = "etl, nightly",
                             .client_address = "10.0.0.7",
                             .host = "gw:8080",
                             .port = 8080,
                             .method = "POST",
                             .target = "/v1/statement",
                             .text_bytes = 8};
  std::vector<http::HeaderField> fields{{"X-Trino-User", "alice"}, {"X-Trino-Catalog", "hive"}};
  StatementFacts statement_facts;
  std::string sql = "SELECT 1";
  int analysed = 0;  // times that the statement was asked for
};

class FakeGroups final : public Groups {
 public:
  std::optional<GroupFacts> Find(std::string_view id) const noexcept override {
    const auto found = known.find(id);
    if (found == known.end()) return std::nullopt;
    return found->second;
  }
  std::string_view default_group() const noexcept override { return "adhoc"; }
  void ForEach(FunctionRef<void(std::string_view, const GroupFacts&)> visit) const override {
    for (const auto& [id, group] : known) visit(id, group);
  }

  std::map<std::string, GroupFacts, std::less<>> known{{"adhoc", {3, 2, 7.0}},
                                                       {"etl", {1, 1, 0.0}}};
};

}  // namespace gateway::rules
