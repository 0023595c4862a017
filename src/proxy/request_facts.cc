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
    switch (protocol::Recognise(field.name)) {
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

}  // namespace gateway::proxy
