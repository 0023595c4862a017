#include "proxy/message_rewrite.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "delegated_auth/credentials.h"
#include "protocol/endpoint.h"
#include "protocol/headers.h"
#include "protocol/transaction_tag.h"

namespace gateway::proxy {
namespace {

using http::HeaderField;
using protocol::Dialect;
using protocol::TrinoHeader;
using namespace std::string_view_literals;

constexpr std::size_t kUsualHead = 1024;  // most heads fit without growing

void AppendField(std::string& out, std::string_view name, std::string_view value) {
  const auto start = out.size();
  const auto size = start + name.size() + value.size() + 4;
  // One growth for the four pieces of a field: a head has some twenty of them.
  out.resize_and_overwrite(size, [&](char* text, std::size_t) {
    char* end = text + start;
    for (const auto piece : {name, ": "sv, value, "\r\n"sv}) {
      end = std::copy_n(piece.data(), piece.size(), end);
    }
    return size;
  });
}

// Fields that would let a client choose its own address or the URIs it is answered.
bool IsForwardedClaim(std::string_view name) {
  return EqualsIgnoreCase(name, "forwarded") ||
         (name.size() > 12 && EqualsIgnoreCase(name.substr(0, 12), "x-forwarded-"));
}

// Names that a Connection field declares to be hop-by-hop.
bool IsNamedByConnection(const std::vector<HeaderField>& fields, std::string_view name) {
  return http::HasToken(fields, "connection", name);
}

bool HasConnectionField(const std::vector<HeaderField>& fields) {
  return http::FindField(fields, "connection") != nullptr;
}

bool IsFraming(std::string_view name) {
  return EqualsIgnoreCase(name, "content-length") || EqualsIgnoreCase(name, "transfer-encoding");
}

// Everything the recipient may see of `fields`: calls `relay` for each.
template <typename Relay>
void ForEachEndToEnd(const std::vector<HeaderField>& fields, Relay relay) {
  const bool has_connection = HasConnectionField(fields);
  for (const auto& field : fields) {
    if (http::IsHopByHop(field.name)) continue;
    // Never the length of the body: whoever could take that away could smuggle a request.
    if (has_connection && !IsFraming(field.name) && IsNamedByConnection(fields, field.name)) {
      continue;
    }
    relay(field);
  }
}

void AppendForwarded(std::string& out, const UpstreamRequest& upstream) {
  const auto& client = upstream.client;
  AppendField(out, "X-Forwarded-For", client.address);
  AppendField(out, "X-Forwarded-Proto", client.tls ? "https" : "http");
  AppendField(out, "X-Forwarded-Host", client.authority);
  const auto port = client.authority.rfind(':');
  const bool has_port =
      port != std::string_view::npos && client.authority.find(']', port) == std::string_view::npos;
  AppendField(out, "X-Forwarded-Port",
              has_port     ? client.authority.substr(port + 1)
              : client.tls ? "443"
                           : "80");
  if (upstream.tag_uris) {
    out.append("X-Forwarded-Prefix: ").append(protocol::kTagMarker);
    out.append(upstream.backend->backend.id).append("\r\n");
  }
}

void AppendRequestField(std::string& out,
                        const UpstreamRequest& upstream,
                        const HeaderField& field) {
  switch (protocol::Recognise(field.name)) {
    case TrinoHeader::kTransactionId:
      return AppendField(out, field.name, upstream.request->transaction.id);
    case TrinoHeader::kQueryDataEncoding:
      // Spooled segments name no cluster. Without a tag in their URIs nobody could tell whose they
      // are, so such a cluster is asked for direct results.
      if (upstream.tag_uris && !upstream.forwarded) return;
      break;
    case TrinoHeader::kNone:
      if (IsForwardedClaim(field.name) || delegated_auth::IsPasswordHeader(field.name) ||
          EqualsIgnoreCase(field.name, "host") || EqualsIgnoreCase(field.name, "expect") ||
          (upstream.identity_only && EqualsIgnoreCase(field.name, "accept-encoding"))) {
        return;
      }
      break;
    default:
      break;
  }
  AppendField(out, field.name, field.value);
}

// Is the field of that name sent as policies have it, and not as the client does?
bool IsChanged(const UpstreamRequest& upstream, std::string_view name) {
  if (!upstream.source.empty() && protocol::Recognise(name) == TrinoHeader::kSource) return true;
  return std::ranges::any_of(upstream.changes, [&](const model::HeaderAction* change) {
    return protocol::IsSameHeader(change->name, name);
  });
}

// What a Presto client is to send to its cluster is X-Presto-*, however a policy spells it, and the
// other way round. Who speaks neither gets it as it is spelled.
Dialect SpokenBy(const RequestView& request, Dialect spelled) {
  if (spelled != Dialect::kNone && request.presto) return Dialect::kPresto;
  if (spelled != Dialect::kPresto) return spelled;
  const bool trino = std::ranges::any_of(request.head->fields, [](const HeaderField& field) {
    return protocol::DialectOf(field.name) == Dialect::kTrino;
  });
  return trino ? Dialect::kTrino : spelled;
}

void AppendChange(std::string& out,
                  const UpstreamRequest& upstream,
                  std::string_view name,
                  std::string_view value) {
  const auto spelled = protocol::DialectOf(name);
  const auto spoken = SpokenBy(*upstream.request, spelled);
  if (spoken == spelled) return AppendRequestField(out, upstream, {name, value});
  const auto translated = fmt::format("X-{}-{}", spoken == Dialect::kPresto ? "Presto" : "Trino",
                                      protocol::WithoutDialect(name));
  AppendRequestField(out, upstream, {translated, value});
}

void AppendChanges(std::string& out, const UpstreamRequest& upstream) {
  for (auto change = upstream.changes.begin(); change != upstream.changes.end(); ++change) {
    const auto& [name, value] = **change;
    const bool superseded = std::any_of(change + 1, upstream.changes.end(), [&](const auto* later) {
      return protocol::IsSameHeader(later->name, name);
    });
    const bool source =
        !upstream.source.empty() && protocol::Recognise(name) == TrinoHeader::kSource;
    if (value && !superseded && !source) AppendChange(out, upstream, name, *value);
  }
  if (upstream.source.empty()) return;
  AppendField(out, upstream.request->presto ? "X-Presto-Source" : "X-Trino-Source",
              upstream.source);
}

// The client's tags as the gateway understands them, where `field` is one of several lines of them.
const std::string* JoinedTags(const RequestView& request, const HeaderField& field) {
  if (!request.joined_tags) return nullptr;
  const bool has_tags = protocol::Recognise(field.name) == TrinoHeader::kClientTags;
  return has_tags ? request.joined_tags.get() : nullptr;
}

}  // namespace

void AppendRequestHead(std::string& out, const UpstreamRequest& upstream) {
  const auto& head = *upstream.request->head;
  out.reserve(out.size() + kUsualHead);
  out.append(head.method).append(" ").append(upstream.request->endpoint.target);
  out.append(" HTTP/1.1\r\n");
  // A cluster that may not be told where clients see it derives its URIs from the Host.
  const bool own = upstream.direct || head.host.empty();
  const auto authority = own ? upstream.backend->backend.url.Authority() : std::string();
  AppendField(out, "Host", own ? std::string_view(authority) : head.host);
  ForEachEndToEnd(head.fields, [&](const HeaderField& field) {
    if (IsChanged(upstream, field.name)) return;
    const auto* tags = JoinedTags(*upstream.request, field);
    if (!tags) return AppendRequestField(out, upstream, field);
    const bool is_first = field.value.data() == upstream.request->first_tags.data();
    if (is_first) AppendField(out, field.name, *tags);
  });
  AppendChanges(out, upstream);
  const auto* coding = http::FindField(head.fields, "transfer-encoding");
  if (coding) AppendField(out, "Transfer-Encoding", "chunked");
  if (upstream.forwarded) AppendForwarded(out, upstream);
  AppendField(out, "Via", head.minor_version == 1 ? "1.1 trino-gateway" : "1.0 trino-gateway");
  out.append("\r\n");
}

void AppendResponseHead(std::string& out, const ClientResponse& response) {
  const auto& head = *response.head;
  out.reserve(out.size() + kUsualHead);
  const fmt::format_int status(head.status);
  out.append("HTTP/1.1 ").append(status.data(), status.size()).append(" ");
  out.append(head.reason).append("\r\n");
  ForEachEndToEnd(head.fields, [&](const HeaderField& field) {
    if (response.replace_framing && IsFraming(field.name)) return;
    if (protocol::Recognise(field.name) == TrinoHeader::kStartedTransactionId) {
      return AppendField(out, field.name,
                         protocol::TagTransaction(field.value, response.backend_id));
    }
    // Ours alone may say where a query went.
    if (EqualsIgnoreCase(field.name, "x-trino-gateway-backend")) return;
    AppendField(out, field.name, field.value);
  });
  if (response.replace_framing) {
    out.append(response.framing_line);
  } else if (http::FindField(head.fields, "transfer-encoding")) {
    AppendField(out, "Transfer-Encoding", "chunked");
  }
  AppendField(out, "Via", head.minor_version == 1 ? "1.1 trino-gateway" : "1.0 trino-gateway");
  if (response.announce_backend) {
    AppendField(out, "X-Trino-Gateway-Backend", response.backend_id);
  }
  if (response.set_cookie) {
    fmt::format_to(std::back_inserter(out), "Set-Cookie: {}={}; Path=/; HttpOnly; SameSite=Lax\r\n",
                   kCookieName, response.backend_id);
  }
  if (response.close) AppendField(out, "Connection", "close");
  out.append("\r\n");
}

}  // namespace gateway::proxy
