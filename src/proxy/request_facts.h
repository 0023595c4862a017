// What the gateway needs to know of a request's head, found in one pass over its fields.
//
// Threads: pure functions. Everything is a view into the head.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"
#include "protocol/endpoint.h"
#include "protocol/transaction_tag.h"
#include "routing/decision.h"

namespace gateway::proxy {

// Name of the cookie that keeps a browser on one cluster's UI.
inline constexpr std::string_view kCookieName = "trino-gateway-backend";

struct RequestView {
  const http::RequestHead* head = nullptr;
  protocol::Endpoint endpoint;
  std::string_view user;
  std::string_view source;
  std::string_view client_tags;
  std::string_view connection_properties;
  std::string_view client_info;
  std::string_view trace_token;
  std::string_view catalog;
  std::string_view schema;
  std::string_view routing_group;
  std::vector<std::string_view> prepared_statements;  // values of the header's lines
  bool presto = false;                                // it speaks of X-Presto-*, not X-Trino-*
  protocol::TaggedTransaction transaction;            // id empty: the header was not sent
  std::string_view cookie_backend;                    // value of our cookie; empty: none
  bool expects_continue = false;

  // Lines of X-Trino-Client-Tags as one, where there are several: `client_tags` is a view of it.
  // Trino itself takes the first one only.
  std::shared_ptr<const std::string> joined_tags{};
  std::string_view first_tags;  // the first line
  // A header that may stand once came again with another value; empty: none.
  std::string_view contradicted;
  bool mixes_dialects = false;  // it has both X-Trino-* and X-Presto-*
};

// Why the gateway and a cluster could take the request for different ones; empty: they cannot.
std::string WhyAmbiguous(const RequestView& request);

RequestView ViewRequest(const http::RequestHead& head);

// Finds header lines for routing::RequestFacts::any_header. `head` must outlive it.
class HeaderLookup {
 public:
  explicit HeaderLookup(const http::RequestHead& head) : head_(head) {}
  bool operator()(std::string_view name, FunctionRef<bool(std::string_view value)> holds) const;

 private:
  const http::RequestHead& head_;
};

// What routing may know of the head. `headers` is referred to, not copied. `session_header`, when
// not empty, is the one that tells the client's sessions apart, if it was sent.
routing::RequestFacts FactsOf(const RequestView& request,
                              const HeaderLookup& headers,
                              std::string_view session_header = {});

}  // namespace gateway::proxy
