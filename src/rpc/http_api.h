// From an HTTP request to its answer: page, REST, Twirp or the adapter, by path; then access, then
// the method. Knows no sockets.
//
// Threads: Prepare() and what it returns from any thread.
#pragma once

#include <functional>
#include <memory>

#include "rpc/access.h"
#include "rpc/message.h"
#include "rpc/method_table.h"
#include "rpc/pages.h"
#include "rpc/rest.h"
#include "telemetry/logger.h"

namespace gateway::rpc {

class LoginPages;
class TrinoGatewayApi;

struct HttpApiParts {
  const MethodTable& table;
  const Access& access;
  PageCallbacks pages;
  const TrinoGatewayApi* adapter = nullptr;  // null: switched off
  telemetry::Logger& logger;
  const LoginPages* login = nullptr;  // null: no sessions of browsers
};

class HttpApi {
 public:
  // How a request is served.
  struct Plan {
    bool blocks;  // may `run` wait? Then call it on a thread for that
    std::function<Response()> run;
  };

  // What the parts refer to must outlive this.
  explicit HttpApi(HttpApiParts parts);

  // The answer to HEAD has the body of GET; the transport leaves it out. `run` may be called after
  // the request is gone, but not after this API is. Refused writes are logged as `admin.refused`.
  Plan Prepare(Request request) const;

 private:
  // How one of the transports reads and writes.
  struct Codec {
    std::function<Expected<void>(google::protobuf::Message&)> decode;
    std::function<Response(const google::protobuf::Message&)> encode;
    std::function<Response(const Error&)> refuse;
  };
  using SharedRequest = std::shared_ptr<const Request>;

  Plan PrepareRest(const SharedRequest& request) const;
  Plan PrepareTwirp(const SharedRequest& request) const;
  Plan PrepareAdapter(const SharedRequest& request) const;
  Plan PrepareCall(const SharedRequest& request, const Method& method, Codec codec) const;
  // An address or method that is not there, told only to those who may read.
  Plan Nothing(const SharedRequest& request,
               Response refusal,
               Response (*refuse)(const Error&)) const;
  Response Call(const Request& request, const Method& method, const Codec& codec) const;
  Expected<identity::Principal> Admit(const Request& request, identity::Role role) const;

  const HttpApiParts parts_;
  const Rest rest_;
};

}  // namespace gateway::rpc
