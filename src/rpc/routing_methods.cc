#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "rpc/convert.h"
#include "rpc/convert_explanation.h"
#include "rpc/methods.h"
#include "rpc/object_methods.h"
#include "trino/gateway/v1/routing.pb.h"

namespace gateway::rpc {
namespace {

using explain::DescribedQuery;

constexpr int kMaxTags = 1000;

Expected<DescribedQuery> FromProto(const v1::ExplainRequest& request) {
  if (request.listener_port() < 0 || request.listener_port() > 65535) {
    return InvalidField("listener_port", "0 to 65535");
  }
  if (request.time_ms() < 0) return InvalidField("time_ms", "milliseconds since 1970, 0 for now");
  if (request.client_tags_size() > kMaxTags) return InvalidField("client_tags", "at most 1000");
  DescribedQuery query{.user = request.user(),
                       .source = request.source(),
                       .tags = {request.client_tags().begin(), request.client_tags().end()},
                       .host = request.host(),
                       .client_address = request.client_address(),
                       .catalog = request.catalog(),
                       .schema = request.schema(),
                       .sql = request.sql(),
                       .port = static_cast<std::uint16_t>(request.listener_port()),
                       .ask_external = request.ask_external()};
  for (const auto& header : request.headers()) {
    query.headers.emplace_back(header.name(), header.value());
  }
  if (request.time_ms() > 0) query.time = FromMilliseconds(request.time_ms());
  return query;
}

// What is recorded stands for what the request leaves out.
void Complete(const store::QueryRecord& record, DescribedQuery& query) {
  const auto take = [](const std::string& recorded, std::string& told) {
    if (told.empty()) told = recorded;
  };
  take(record.user, query.user);
  take(record.source, query.source);
  take(record.client, query.client_address);
  take(record.server_host, query.host);
  take(record.text, query.sql);
  if (!query.time) query.time = record.submitted;
}

v1::ExplainResponse::Recorded RecordedOf(const store::QueryRecord& record,
                                         const v1::ExplainRequest& request) {
  v1::ExplainResponse::Recorded out;
  out.set_group_id(record.group_id);
  out.set_backend_id(record.backend_id);
  out.set_trace(ToText(record.trace));
  out.set_submitted_ms(ToMilliseconds(record.submitted));
  const std::pair<const char*, bool> told[] = {
      {"listener_port", request.listener_port() > 0},
      {"client_tags", request.client_tags_size() > 0},
      {"catalog", !request.catalog().empty()},
      {"schema", !request.schema().empty()},
      {"headers", request.headers_size() > 0},
      {"sql", !request.sql().empty() || !record.text.empty()}};
  for (const auto& [field, is_told] : told) {
    if (!is_told) out.add_not_recorded(field);
  }
  return out;
}

std::string NoteOf(const v1::ExplainResponse::Recorded& recorded) {
  std::string note = fmt::format("\nthe recorded query went to backend {} of group {}\n",
                                 recorded.backend_id(), recorded.group_id());
  if (!recorded.trace().empty()) note += fmt::format("  because: {}\n", recorded.trace());
  if (recorded.not_recorded_size() > 0) {
    note += fmt::format("  not recorded, so taken for not sent: {}\n",
                        fmt::join(recorded.not_recorded(), ", "));
  }
  return note;
}

Expected<void> Explain(admin::AdminService& service,
                       const explain::Explainer& explainer,
                       const v1::ExplainRequest& request,
                       v1::ExplainResponse& response) {
  auto query = FromProto(request);
  if (!query) return std::unexpected(query.error());
  Expected<store::QueryRecord> record = std::unexpected(Error{});
  if (!request.query_id().empty()) {
    record = service.GetQuery(request.query_id());
    if (!record) return std::unexpected(record.error());
    Complete(*record, *query);
  }
  const auto explanation = explainer.Explain(*query);
  if (!explanation) return std::unexpected(explanation.error());
  response = ToProto(*explanation);
  if (!record) return {};
  *response.mutable_recorded() = RecordedOf(*record, request);
  response.mutable_text()->append(NoteOf(response.recorded()));
  return {};
}

}  // namespace

void AddRoutingMethods(MethodTable& table,
                       admin::AdminService& service,
                       const explain::Explainer& explainer) {
  // It may read the history, run scripts and wait for the external router.
  table.Add<v1::ExplainRequest, v1::ExplainResponse>(
      "RoutingApi.Explain", Role::kViewer, Blocking::kYes,
      [&service, &explainer](const auto& request, auto& response, const Caller&) {
        return Explain(service, explainer, request, response);
      });
}

}  // namespace gateway::rpc
