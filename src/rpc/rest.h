// REST: from the google.api.http annotations of the proto files, for all methods alike.
//
// A request is filled from the body (the whole message, or the field that `body` names), the path's
// variables and the query string. Beyond the annotations:
// - If-Match sets the field `etag` of the request or of its body; the answer's `etag` is the header
//   ETag. Values in headers are in double quotes (RFC 9110 §8.8.3).
// - If-None-Match is for reads: 304 when the answer's etag is one of those.
// - A PATCH without `update_mask` changes what its body has.
// - Create* answers 201, DELETE 204.
// Threads: immutable.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/message.h"
#include "rpc/method_table.h"
#include "rpc/path_template.h"

namespace gateway::rpc {

// {"error":{"code":"not_found","message":"..."}} with the status that goes with it. 401 and 503
// have the headers that tell a client what to do.
Response RestError(unsigned status, std::string_view code, std::string_view message);
Response RestError(const Error& error);

// Adds WWW-Authenticate to a 401 and Retry-After to a 503, on whatever transport.
void AddAdvice(Response& response);

class Rest {
 public:
  // A method's binding.
  struct Binding {
    const Method* method;
    std::string verb;  // GET, POST, ...
    PathTemplate path;
    std::string body;           // empty: none; "*": the request; else a field of it
    std::string response_body;  // empty: the response; else a field of it
  };
  // Where a request leads.
  struct Target {
    const Binding* binding;
    PathTemplate::Variables variables;
  };

  // `table` must outlive this.
  explicit Rest(const MethodTable& table);

  // Nothing, with `refusal` filled: 404, or 405 with Allow.
  std::optional<Target> Find(const Request& request, Response& refusal) const;

  // kInvalidArgument: not what the method takes.
  static Expected<void> Decode(const Target& target,
                               const Request& request,
                               google::protobuf::Message& message);

  // `request`: one that Decode() took.
  static Response Encode(const Target& target,
                         const Request& request,
                         const google::protobuf::Message& message);

 private:
  std::vector<Binding> bindings_;
};

}  // namespace gateway::rpc
