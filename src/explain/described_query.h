// A query as somebody describes it, and the head that it would have.
//
// Threads: values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "http/head.h"

namespace gateway::explain {

// Empty: not sent.
struct DescribedQuery {
  std::string user;
  std::string source;
  std::vector<std::string> tags;
  std::vector<std::pair<std::string, std::string>> headers;  // others: name, value
  std::string host;
  std::string client_address;  // without port
  std::string catalog;
  std::string schema;
  std::string sql;
  std::uint16_t port = 0;               // of the listener; 0: none
  std::optional<Clock::WallTime> time;  // for time windows; nothing: now
  bool ask_external = false;            // ask the external router in earnest
};

// The head of the submission, so that it is read like all others.
class DescribedHead {
 public:
  // kInvalidArgument: a name that is no header's, or a value with control characters; the message
  // names it. kTooLarge: more than 100 headers, or 64 KiB of them.
  static Expected<DescribedHead> Create(const DescribedQuery& query);

  // Points into this.
  http::RequestHead Head() const;

 private:
  Expected<void> Add(std::string_view name, std::string_view value);

  std::vector<std::pair<std::string, std::string>> fields_;
  std::string host_;
  std::size_t bytes_ = 0;
};

}  // namespace gateway::explain
