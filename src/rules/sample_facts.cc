#include "rules/sample_facts.h"

namespace gateway::rules {
namespace {

constexpr GroupFacts kSampleGroup{2, 2, 1.0};

}  // namespace

SampleFacts::SampleFacts(bool full) {
  request_.user = "sample";
  request_.host = "gateway.example:8080";
  request_.client_address = "127.0.0.1";
  request_.port = 8080;
  request_.method = "POST";
  request_.target = "/v1/statement";
  headers_ = {{"Host", request_.host}, {"X-Trino-User", request_.user}};
  if (!full) return;

  request_.source = "sample-source";
  request_.client_tags = "sample-tag,another";
  for (const auto& [name, value] :
       std::initializer_list<http::HeaderField>{{"X-Trino-Source", request_.source},
                                                {"X-Trino-Client-Tags", request_.client_tags},
                                                {"X-Trino-Client-Info", "sample"},
                                                {"X-Trino-Trace-Token", "sample"},
                                                {"X-Trino-Catalog", "tpch"},
                                                {"X-Trino-Schema", "tiny"},
                                                {"X-Trino-Routing-Group", "sample"},
                                                {"X-Trino-Session", "query_priority=1"},
                                                {"X-Trino-Time-Zone", "UTC"},
                                                {"User-Agent", "sample/1"}}) {
    headers_.push_back({name, value});
  }
  text_ = "SELECT * FROM nation";
  request_.text_bytes = text_.size();
  statement_.parsed = true;
  statement_.type = "Query";
  statement_.category = "SELECT";
  statement_.read_only = true;
  statement_.tables = {"tpch.tiny.nation"};
  statement_.schemas = {"tiny"};
  statement_.catalog_schemas = {"tpch.tiny"};
  statement_.catalogs = {"tpch"};
}

std::optional<GroupFacts> SampleGroups::Find(std::string_view) const noexcept {
  return kSampleGroup;
}

void SampleGroups::ForEach(FunctionRef<void(std::string_view, const GroupFacts&)> visit) const {
  visit("sample", kSampleGroup);
}

}  // namespace gateway::rules
