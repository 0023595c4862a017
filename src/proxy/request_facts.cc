#include "proxy/request_facts.h"

#include "base/strings.h"
#include "protocol/headers.h"

namespace gateway::proxy {
namespace {

std::string_view CookieBackend(std::string_view cookies) {
  for (const auto cookie : SplitList(cookies, ';')) {
    if (cookie.starts_with(kCookieName) && cookie.size() > kCookieName.size() &&
        cookie[kCookieName.size()] == '=') {
      return cookie.substr(kCookieName.size() + 1);
    }
  }
  return {};
}

}  // namespace

RequestView ViewRequest(const http::RequestHead& head) {
  using protocol::TrinoHeader;
  RequestView view;
  view.head = &head;
  view.endpoint = protocol::Classify(head.method, head.target);
  for (const auto& field : head.fields) {
    const auto known = protocol::Recognise(field.name);
    view.presto = view.presto || (known != TrinoHeader::kNone && (field.name[2] | 0x20) == 'p');
    switch (known) {
      case TrinoHeader::kUser:
        view.user = field.value;
        break;
      case TrinoHeader::kSource:
        view.source = field.value;
        break;
      case TrinoHeader::kClientTags:
        view.client_tags = field.value;
        break;
      case TrinoHeader::kConnectionProperties:
        view.connection_properties = field.value;
        break;
      case TrinoHeader::kPreparedStatement:
        view.prepared_statements.push_back(field.value);
        break;
      case TrinoHeader::kClientInfo:
        view.client_info = field.value;
        break;
      case TrinoHeader::kTraceToken:
        view.trace_token = field.value;
        break;
      case TrinoHeader::kCatalog:
        view.catalog = field.value;
        break;
      case TrinoHeader::kSchema:
        view.schema = field.value;
        break;
      case TrinoHeader::kRoutingGroup:
        view.routing_group = field.value;
        break;
      case TrinoHeader::kTransactionId:
        view.transaction = protocol::SplitTransaction(field.value);
        break;
      case TrinoHeader::kNone:
        if (EqualsIgnoreCase(field.name, "expect")) {
          view.expects_continue = EqualsIgnoreCase(field.value, "100-continue");
        } else if (EqualsIgnoreCase(field.name, "cookie")) {
          view.cookie_backend = CookieBackend(field.value);
        }
        break;
      default:
        break;
    }
  }
  return view;
}

bool HeaderLookup::operator()(std::string_view name,
                              FunctionRef<bool(std::string_view value)> holds) const {
  for (const auto& field : head_.fields) {
    if (EqualsIgnoreCase(field.name, name) && holds(field.value)) return true;
  }
  return false;
}

routing::RequestFacts FactsOf(const RequestView& request,
                              const HeaderLookup& headers,
                              std::string_view session_header) {
  routing::RequestFacts facts;
  facts.host = request.head->host;
  facts.client_tags = request.client_tags;
  facts.connection_properties = request.connection_properties;
  facts.user = request.user;
  facts.source = request.source;
  facts.routing_group = request.routing_group;
  facts.catalog = request.catalog;
  facts.schema = request.schema;
  // A trace token tells connections of one program apart, client info only programs.
  facts.session = request.trace_token.empty() ? request.client_info : request.trace_token;
  if (!session_header.empty()) {
    headers(session_header, [&facts](std::string_view value) {
      if (!value.empty()) facts.session = value;
      return !value.empty();
    });
  }
  facts.any_header = headers;
  return facts;
}

}  // namespace gateway::proxy
