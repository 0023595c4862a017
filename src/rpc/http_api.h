// From an HTTP request to its answer: page, REST, Twirp or the adapter, by path; then access, then
// the method. Knows no sockets.
//
// Threads: Prepare() and what it returns from any thread.
#pragma once

#include <cstdint>
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
  // On which thread something may run.
  enum class Thread : std::uint8_t {
    kLoop,     // the caller's: it does not wait
    kLists,    // one for what would hold up the loop: many objects to convert
    kWaiting,  // one that may wait for the database, or for queries to end
    kLogins,   // one that may wait for argon2
    kOthers,   // one that may wait for a directory or a provider
  };
  // How a request is served.
  struct Plan {
    // Finds out who sends it, on `identify_on`, before `run`. Empty: that is known already.
    // Logins have threads of their own, so that a directory that hangs delays nobody but those who
    // must be looked up there.
    std::function<void()> identify = {};
    Thread identify_on = Thread::kLogins;
    Thread thread = Thread::kLoop;  // of `run`
    std::function<Response()> run;  // once
    // What to answer when no thread is free.
    Response (*refuse)(const Error&) = RestError;
  };

  // What the parts refer to must outlive this.
  explicit HttpApi(HttpApiParts parts);

  // The answer to HEAD has the body of GET; the transport leaves it out. The plan's functions may
  // be called after the request is gone, but not after this API is. Refused writes are logged as
  // `admin.refused`.
  Plan Prepare(Request request) const;

 private:
  // How one of the transports reads and writes.
  struct Codec {
    std::function<Expected<void>(google::protobuf::Message&)> decode;
    std::function<Response(const google::protobuf::Message&)> encode;
    Response (*refuse)(const Error&);
  };
  using SharedRequest = std::shared_ptr<const Request>;
  // What is answered to who was found.
  using Answer = std::function<Response(const Expected<identity::Principal>&)>;

  Plan PrepareRest(const SharedRequest& request) const;
  Plan PrepareTwirp(const SharedRequest& request) const;
  Plan PrepareAdapter(const SharedRequest& request) const;
  Plan PrepareCall(const SharedRequest& request, const Method& method, Codec codec) const;
  // An address or method that is not there, told only to those who may read.
  Plan Nothing(const SharedRequest& request,
               Response refusal,
               Response (*refuse)(const Error&)) const;
  // What all of these have in common: `answer` for who sends the request, if he has the role.
  Plan PrepareFor(const SharedRequest& request,
                  identity::Role role,
                  Thread thread,
                  Response (*refuse)(const Error&),
                  Answer answer) const;
  Response Call(const Request& request,
                const Method& method,
                const Codec& codec,
                const Expected<identity::Principal>& principal) const;
  Expected<identity::Principal> Admit(const Request& request, identity::Role role) const;

  const HttpApiParts parts_;
  const Rest rest_;
};

}  // namespace gateway::rpc
