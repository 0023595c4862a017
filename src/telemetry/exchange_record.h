// What is known of one exchange when it has ended: the source of its access line and its metrics.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace gateway::telemetry {

// All views live until the call they are passed to returns.
struct ExchangeRecord {
  std::string_view endpoint;         // "statement", "poll", "query", "ui", ... : a bounded set
  std::string_view method;           // "POST"
  std::string_view client_address;   // "127.0.0.1:50112"
  std::string_view user;             // X-Trino-User; may be empty
  std::string_view source;           // X-Trino-Source; may be empty
  std::string_view query_id;         // may be empty
  std::string_view group;            // where routing led; may be empty
  std::string_view backend;          // id; empty when no backend answered
  std::string_view error;            // name of what went wrong, "" when nothing: "client_closed"
  int status = 0;                    // sent to the client; 0: none was
  int attempts = 0;                  // backends tried
  std::uint64_t bytes_in = 0;        // request body
  std::uint64_t bytes_out = 0;       // response body
  std::chrono::nanoseconds total{};  // head of the request read until last byte written
  std::chrono::nanoseconds upstream_wait{};  // request sent until the head of the response arrived
};

}  // namespace gateway::telemetry
