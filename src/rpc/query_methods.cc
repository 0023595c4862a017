#include <algorithm>
#include <chrono>
#include <limits>
#include <optional>

#include "base/strings.h"
#include "rpc/convert.h"
#include "rpc/methods.h"
#include "rpc/object_methods.h"
#include "trino/gateway/v1/audit.pb.h"
#include "trino/gateway/v1/query.pb.h"

namespace gateway::rpc {
namespace {

using admin::AdminService;

constexpr std::int32_t kDefaultCount = 100;
constexpr std::int32_t kMaxCount = 2000;
constexpr std::int32_t kMaxSkip = 1'000'000;
constexpr std::size_t kMaxIdBytes = 256;

v1::Query ToProto(const store::QueryRecord& record) {
  v1::Query out;
  out.set_id(ToText(record.id));
  out.set_text(ToText(record.text));
  out.set_submitted_at(ToSeconds(record.submitted));
  out.set_client_ip(ToText(record.client));
  out.set_group_id(record.group_id);
  out.set_backend_id(record.backend_id);
  out.set_username(ToText(record.user));
  out.set_server_host(ToText(record.server_host));
  out.set_source(ToText(record.source));
  out.set_trace(ToText(record.trace));
  return out;
}

Expected<store::QueryRecord> FromProto(const v1::Query& query) {
  if (query.id().empty() || query.id().size() > kMaxIdBytes) {
    return InvalidField("id", "1 to 256 bytes");
  }
  if (query.submitted_at() < 0) return InvalidField("submitted_at", "seconds since 1970");
  return store::QueryRecord{.id = query.id(),
                            .text = query.text(),
                            .user = query.username(),
                            .source = query.source(),
                            .client = query.client_ip(),
                            .group_id = query.group_id(),
                            .backend_id = query.backend_id(),
                            .server_host = query.server_host(),
                            .trace = query.trace(),
                            .submitted = FromSeconds(query.submitted_at())};
}

Expected<store::QueryFilter> FilterOf(const v1::QueriesListRequest& request) {
  if (request.count() < 0 || request.count() > kMaxCount) {
    return InvalidField("count", "1 to 2000, or 0 for 100");
  }
  if (request.skip() < 0 || request.skip() > kMaxSkip) return InvalidField("skip", "0 to 1000000");
  if (request.from() < 0 || request.to() < 0) {
    return InvalidField(request.from() < 0 ? "from" : "to", "seconds since 1970, 0 for no bound");
  }
  if (request.to() > 0 && request.from() > request.to()) {
    return InvalidField("to", "not before `from`, or 0 for no bound");
  }
  if (request.has_order_by() && !v1::QueriesListRequest::OrderBy_IsValid(request.order_by())) {
    return InvalidField("order_by", "ASC or DESC");
  }
  store::QueryFilter filter;
  filter.user = request.username();
  filter.source = request.source();
  filter.backend_id = request.backend_id();
  filter.group_id = request.group_id();
  if (request.from() > 0) filter.from = FromSeconds(request.from());
  // The whole of that second; FromSeconds() knows an end of times, so this cannot overflow there.
  if (request.to() > 0) filter.to = FromSeconds(request.to()) + std::chrono::seconds(1);
  filter.ascending = request.has_order_by() && request.order_by() == v1::QueriesListRequest::ASC;
  filter.offset = static_cast<std::size_t>(request.skip());
  filter.limit = static_cast<std::size_t>(request.count() == 0 ? kDefaultCount : request.count());
  return filter;
}

Expected<void> List(AdminService& service,
                    const v1::QueriesListRequest& request,
                    v1::QueriesListResponse& response) {
  const auto filter = FilterOf(request);
  if (!filter) return std::unexpected(filter.error());
  const auto page = service.ListQueries(*filter);
  if (!page) return std::unexpected(page.error());
  for (const auto& record : page->items) *response.add_items() = ToProto(record);
  response.set_count(response.items_size());
  response.set_total(static_cast<std::int32_t>(page->total));
  response.set_has_more(page->has_more);
  return {};
}

v1::AuditEntry ToProto(const store::AuditEntry& entry) {
  v1::AuditEntry out;
  out.set_id(entry.id);
  out.set_at_ms(ToMilliseconds(entry.at));
  out.set_actor(ToText(entry.actor));
  out.set_role(entry.role);
  out.set_client(entry.client);
  out.set_method(entry.method);
  out.set_kind(entry.kind);
  out.set_object_id(ToText(entry.object_id));
  out.set_before(ToText(entry.before));
  out.set_after(ToText(entry.after));
  return out;
}

// Entries have ids from 1 on; 0: there is no token. Nothing: it is none of ours.
std::optional<std::int64_t> PageBefore(std::string_view token) {
  if (token.empty()) return 0;
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  const auto id = ParseDecimal(token);
  if (!id || *id == 0 || *id > kMax) return std::nullopt;
  return static_cast<std::int64_t>(*id);
}

Expected<store::AuditFilter> FilterOf(const v1::ListAuditEntriesRequest& request) {
  const auto size = PageSize(request.page_size());
  if (!size) return std::unexpected(size.error());
  const auto before = PageBefore(request.page_token());
  if (!before) return InvalidField("page_token", "send next_page_token of the page before");
  if (request.from_ms() < 0 || request.to_ms() < 0) {
    return InvalidField(request.from_ms() < 0 ? "from_ms" : "to_ms",
                        "milliseconds since 1970, 0 for no bound");
  }
  if (request.to_ms() > 0 && request.from_ms() > request.to_ms()) {
    return InvalidField("to_ms", "not before `from_ms`, or 0 for no bound");
  }
  constexpr std::string_view kKinds[] = {"", "backend", "group", "policy", "rule", "query"};
  if (std::ranges::find(kKinds, request.kind()) == std::end(kKinds)) {
    return InvalidField("kind", "backend, group, policy, rule or query; empty for all");
  }
  store::AuditFilter filter;
  filter.actor = request.actor();
  filter.kind = request.kind();
  filter.object_id = request.object_id();
  if (request.from_ms() > 0) filter.from = FromMilliseconds(request.from_ms());
  if (request.to_ms() > 0) filter.to = FromMilliseconds(request.to_ms());
  filter.before_id = *before;
  filter.limit = *size;
  return filter;
}

Expected<void> ListAudit(AdminService& service,
                         const v1::ListAuditEntriesRequest& request,
                         v1::ListAuditEntriesResponse& response) {
  const auto filter = FilterOf(request);
  if (!filter) return std::unexpected(filter.error());
  const auto page = service.ListAudit(*filter);
  if (!page) return std::unexpected(page.error());
  for (const auto& entry : page->entries) *response.add_entries() = ToProto(entry);
  // The next page may be empty.
  if (page->has_more && !page->entries.empty()) {
    response.set_next_page_token(std::to_string(page->entries.back().id));
  }
  return {};
}

}  // namespace

void AddQueryMethods(MethodTable& table, AdminService& service) {
  table.Add<v1::Query, v1::Empty>(
      "QueryApi.CreateOrUpdateQuery", Role::kAdmin, Blocking::kYes,
      [&service](const auto& request, auto&, const Caller& caller) -> Expected<void> {
        const auto record = FromProto(request);
        if (!record) return std::unexpected(record.error());
        return service.SaveQuery(*record, caller);
      });
  table.Add<v1::QueryGetRequest, v1::QueryGetResponse>(
      "QueryApi.GetQuery", Role::kViewer, Blocking::kYes,
      [&service](const auto& request, auto& response, const Caller&) -> Expected<void> {
        const auto record = service.GetQuery(request.id());
        if (!record) return std::unexpected(record.error());
        *response.mutable_query() = ToProto(*record);
        return {};
      });
  table.Add<v1::QueriesListRequest, v1::QueriesListResponse>(
      "QueryApi.ListQueries", Role::kViewer, Blocking::kYes,
      [&service](const auto& request, auto& response, const Caller&) {
        return List(service, request, response);
      });
  table.Add<v1::FindBackendForQueryRequest, v1::FindBackendForQueryResponse>(
      "QueryApi.FindBackendForQuery", Role::kViewer, Blocking::kYes,
      [&service](const auto& request, auto& response, const Caller&) -> Expected<void> {
        const auto placement = service.FindBackendForQuery(request.query_id());
        if (!placement) return std::unexpected(placement.error());
        response.set_backend_id(placement->backend_id);
        response.set_group_id(placement->group_id);
        return {};
      });
}

void AddAuditMethods(MethodTable& table, AdminService& service) {
  table.Add<v1::ListAuditEntriesRequest, v1::ListAuditEntriesResponse>(
      "AuditApi.ListAuditEntries", Role::kViewer, Blocking::kYes,
      [&service](const auto& request, auto& response, const Caller&) {
        return ListAudit(service, request, response);
      });
}

}  // namespace gateway::rpc
