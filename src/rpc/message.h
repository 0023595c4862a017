// What the API sees of an HTTP request, and what it answers.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::rpc {

struct Request {
  std::string method;
  std::string target;  // path and query, as sent
  std::string body;
  std::string client;  // address, for the log
  // Headers; empty when not sent.
  std::string auth_key;  // X-Auth-Key
  std::string authorization;
  std::string cookie;
  std::string origin;
  std::string host;
  std::string content_type;
  std::string if_match;

  // The target's part before `?`, as sent.
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  // Is nothing to be changed by it?
  bool IsRead() const { return method == "GET" || method == "HEAD"; }
};

struct Response {
  unsigned status = 200;
  std::string body;
  std::string_view content_type = "application/json";
  // Further headers: Allow, ETag, WWW-Authenticate, Location, Content-Security-Policy.
  std::vector<std::pair<std::string_view, std::string>> headers = {};
};

}  // namespace gateway::rpc
