// The heads that the gateway sends: requests to backends and answers to clients.
//
// Fields are relayed in their order and spelling, without those that concern one connection only,
// and with the gateway's own instead of whatever a client claims about itself.
// Threads: pure functions; they append to a buffer of the caller.
// Source: RFC 9110 §7.6; trino-protocol, "Forwarded headers and URIs".
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/url.h"
#include "http/head.h"
#include "model/snapshot.h"
#include "proxy/request_facts.h"

namespace gateway::proxy {

// What the gateway is to this client.
struct ClientSide {
  std::string_view address;    // of the client, without port
  bool tls = false;            // scheme that clients use
  std::string_view authority;  // host[:port] that clients use
};

struct UpstreamRequest {
  const RequestView* request = nullptr;
  const model::BackendState* backend = nullptr;
  ClientSide client;
  bool forwarded = false;        // the cluster takes X-Forwarded-*
  bool tag_uris = false;         // have the cluster write its tag into URIs
  bool direct = false;           // the client goes on at the backend itself
  bool identity_only = false;    // the answer's body will be looked at: no compression
  bool outlives_client = false;  // the answer is waited for, also when the client has gone
  // What policies, rules and the check of credentials change: applied in this order, so of one
  // header the last change counts; `source`, when not empty, is the one to send.
  std::span<const model::HeaderAction* const> changes{};
  std::string_view source{};
};

void AppendRequestHead(std::string& out, const UpstreamRequest& upstream);

struct ClientResponse {
  const http::ResponseHead* head = nullptr;
  std::string_view backend_id;    // for tags; empty: an answer of our own
  bool announce_backend = false;  // X-Trino-Gateway-Backend
  bool set_cookie = false;
  bool close = false;  // the connection ends after this answer
  // Length to announce instead of the backend's framing fields; nothing: relay them as they are.
  bool replace_framing = false;
  std::string_view framing_line;  // "Content-Length: 17\r\n", or empty
};

void AppendResponseHead(std::string& out, const ClientResponse& response);

}  // namespace gateway::proxy
