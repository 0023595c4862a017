// What the API sees of an HTTP request, and what it answers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "identity/anonymous_policy.h"

namespace gateway::rpc {

struct Request {
  std::string method;
  std::string target;  // path and query, as sent: see TakeOriginForm()
  std::string body;
  std::string client;  // address, for the log
  bool local = false;  // from this machine, and no proxy has forwarded it
  // Headers; empty when not sent.
  std::string auth_key;  // X-Auth-Key
  std::string authorization;
  std::string cookie;
  std::string origin;
  std::string host;
  std::string content_type;
  // An empty one was sent, and is wrong.
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;

  // The target's part before `?`, as sent.
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  // As long as this request.
  identity::Sender sender() const { return {host, local}; }
  // Is nothing to be changed by it?
  bool IsRead() const { return method == "GET" || method == "HEAD"; }
};

struct Response {
  unsigned status = 200;
  std::string body;
  std::string_view content_type = "application/json";
  // Further headers: Allow, ETag, WWW-Authenticate, Location, Content-Security-Policy.
  std::vector<std::pair<std::string_view, std::string>> headers = {};
  // Sent in place of `body`, so that large texts are not copied for each caller: a file that is
  // part of the binary; a text that several answers share.
  std::string_view file = {};
  std::shared_ptr<const std::string> shared = {};

  // What is sent. A view into this response, or into what it points to.
  std::string_view text() const {
    if (shared) return *shared;
    return file.empty() ? std::string_view(body) : file;
  }
};

}  // namespace gateway::rpc
