#include "proxy/request_facts.h"

#include <fmt/format.h>

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

// Headers that may stand once: where each of them goes.
struct Singles {
  RequestView& view;
  std::string_view transaction{};
  std::string_view authorization{};

  std::string_view* Of(protocol::TrinoHeader header) {
    using protocol::TrinoHeader;
    switch (header) {
      case TrinoHeader::kUser:
        return &view.user;
      case TrinoHeader::kSource:
        return &view.source;
      case TrinoHeader::kConnectionProperties:
        return &view.connection_properties;
      case TrinoHeader::kClientInfo:
        return &view.client_info;
      case TrinoHeader::kTraceToken:
        return &view.trace_token;
      case TrinoHeader::kCatalog:
        return &view.catalog;
      case TrinoHeader::kSchema:
        return &view.schema;
      case TrinoHeader::kRoutingGroup:
        return &view.routing_group;
      case TrinoHeader::kTransactionId:
        return &transaction;
      default:
        return nullptr;
    }
  }
};

// A cluster would take the first one, another server the last.
void Set(RequestView& view, std::string_view& single, const http::HeaderField& field) {
  const bool is_repeated = single.data() != nullptr;
  if (is_repeated && single != field.value) view.contradicted = field.name;
  single = field.value;
}

void AddTags(RequestView& view, std::string_view line) {
  const bool is_first = view.first_tags.data() == nullptr;
  if (is_first) {
    view.first_tags = view.client_tags = line;
    return;
  }
  view.joined_tags =
      std::make_shared<const std::string>(fmt::format("{},{}", view.client_tags, line));
  view.client_tags = *view.joined_tags;
}

struct Dialects {
  bool trino = false;
  bool presto = false;

  void Note(std::string_view name) {
    const auto dialect = protocol::DialectOf(name);
    trino = trino || dialect == protocol::Dialect::kTrino;
    presto = presto || dialect == protocol::Dialect::kPresto;
  }
};

}  // namespace

RequestView ViewRequest(const http::RequestHead& head) {
  using protocol::TrinoHeader;
  RequestView view;
  view.head = &head;
  view.endpoint = protocol::Classify(head.method, head.target);
  Singles singles{view};
  Dialects dialects;
  for (const auto& field : head.fields) {
    const auto known = protocol::Recognise(field.name);
    // Proxies on the way add headers of their own, which say nothing about the client.
    if (known != TrinoHeader::kRoutingGroup && known != TrinoHeader::kNone) {
      dialects.Note(field.name);
    }
    switch (known) {
      case TrinoHeader::kClientTags:
        AddTags(view, field.value);
        break;
      case TrinoHeader::kPreparedStatement:
        view.prepared_statements.push_back(field.value);
        break;
      case TrinoHeader::kNone:
        if (EqualsIgnoreCase(field.name, "authorization")) {
          Set(view, singles.authorization, field);
        } else if (EqualsIgnoreCase(field.name, "expect")) {
          view.expects_continue = EqualsIgnoreCase(field.value, "100-continue");
        } else if (EqualsIgnoreCase(field.name, "cookie")) {
          const auto backend = CookieBackend(field.value);
          if (!backend.empty()) view.cookie_backend = backend;
        }
        break;
      default:
        if (auto* single = singles.Of(known)) Set(view, *single, field);
        break;
    }
  }
  view.transaction = protocol::SplitTransaction(singles.transaction);
  view.presto = dialects.presto;
  view.mixes_dialects = dialects.presto && dialects.trino;
  return view;
}

std::string WhyAmbiguous(const RequestView& request) {
  if (request.mixes_dialects) {
    return "it has both X-Trino-* and X-Presto-* headers; send those of one kind only";
  }
  if (request.contradicted.empty()) return {};
  return fmt::format("it has several headers '{}' that differ; send one", request.contradicted);
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
