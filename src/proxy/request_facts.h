// What the gateway needs to know of a request's head, found in one pass over its fields.
//
// Threads: pure functions. Everything is a view into the head.
#pragma once

#include <string_view>

#include "http/head.h"
#include "protocol/endpoint.h"
#include "protocol/transaction_tag.h"

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
  protocol::TaggedTransaction transaction;  // id empty: the header was not sent
  std::string_view cookie_backend;          // value of our cookie; empty: none
  bool expects_continue = false;
};

RequestView ViewRequest(const http::RequestHead& head);

}  // namespace gateway::proxy
