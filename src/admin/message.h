// What the admin API sees of an HTTP request, and what it answers.
#pragma once

#include <string>
#include <string_view>

namespace gateway::admin {

struct Request {
  std::string method;
  std::string target;  // path and query, as sent
  std::string body;
  std::string client;  // address, for the log
  // Headers; empty when not sent.
  std::string auth_key;  // X-Auth-Key
  std::string authorization;
  std::string origin;
  std::string host;
};

struct Response {
  unsigned status = 200;
  std::string body;
  std::string_view content_type = "application/json";
  std::string allow = {};      // methods of a 405
  bool ask_for_token = false;  // WWW-Authenticate of a 401
};

}  // namespace gateway::admin
