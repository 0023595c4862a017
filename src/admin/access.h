// Who may use the admin API.
//
// With a token: whoever sends it. Without one: everybody may read, and only those who reach a
// loopback address may write. In both cases no web page of another site may write with the help
// of a browser that can reach us.
// Threads: immutable.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "admin/message.h"

namespace gateway::admin {

// Why a request is not served.
struct Refusal {
  unsigned status;  // 401 or 403
  std::string_view code;
  std::string_view message;
};

class Access {
 public:
  // An empty token: none is configured. `loopback`: is the admin address one?
  Access(std::string_view token, bool loopback);

  // Nothing: go on.
  std::optional<Refusal> Check(const Request& request, bool write) const;

 private:
  using Digest = std::array<unsigned char, 32>;

  static Digest DigestOf(std::string_view token);
  bool HasToken(const Request& request) const;
  bool IsToken(std::string_view candidate) const;

  const bool token_needed_;
  const bool loopback_;
  const Digest token_;  // compared instead of the token: equal lengths, and no secret in memory
};

}  // namespace gateway::admin
