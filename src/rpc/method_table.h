// The one table of what can be called, whatever the transport.
//
// A method is registered by its full name in the proto files; from there come its request and
// response types and its HTTP binding. Transports decode a request, ask Access, and call Invoke().
// Threads: filled on one, then immutable. Handlers run on any thread, several at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include "admin/service.h"
#include "base/error.h"
#include "identity/principal.h"

namespace gateway::rpc {

inline constexpr std::string_view kPackage = "trino.gateway.v1";

// How long a handler may hold its thread.
enum class Blocking : std::uint8_t {
  kNo,    // not at all: it may run on the control loop
  kLong,  // it waits for nothing, but converts all objects of a kind: there may be 10,000
  kYes,   // it waits for the database, or for queries to end
};

struct Method {
  using Handler = std::function<Expected<void>(const google::protobuf::Message& request,
                                               google::protobuf::Message& response,
                                               const admin::Caller& caller)>;

  const google::protobuf::MethodDescriptor* descriptor;
  identity::Role role;  // kNone: open to everybody
  Blocking blocking;
  Handler handle;

  std::string_view service() const { return descriptor->service()->name(); }
  std::string_view name() const { return descriptor->name(); }
  // "BackendApi/GetBackend", for logs.
  std::string Title() const { return std::string(service()) + "/" + std::string(name()); }
  std::unique_ptr<google::protobuf::Message> NewRequest() const;
  std::unique_ptr<google::protobuf::Message> NewResponse() const;
};

class MethodTable {
 public:
  // `handle` is called as handle(const Request&, Response&, const admin::Caller&) and returns
  // Expected<void>. Names are "BackendApi.GetBackend"; they and the types are those of the proto
  // files: anything else is a bug of ours and ends the program.
  template <typename Request, typename Response, typename Handle>
  void Add(std::string_view name, identity::Role role, Blocking blocking, Handle handle) {
    static_assert(std::is_invocable_r_v<Expected<void>, Handle, const Request&, Response&,
                                        const admin::Caller&>);
    AddMethod(name, Request::descriptor(), Response::descriptor(), role, blocking,
              [handle = std::move(handle)](const google::protobuf::Message& request,
                                           google::protobuf::Message& response,
                                           const admin::Caller& caller) {
                return handle(static_cast<const Request&>(request),
                              static_cast<Response&>(response), caller);
              });
  }

  // Null: no such method. The pointer holds as long as the table.
  const Method* Find(std::string_view service, std::string_view name) const;

  // By "Service.Method".
  const std::map<std::string, Method, std::less<>>& methods() const { return methods_; }

 private:
  void AddMethod(std::string_view name,
                 const google::protobuf::Descriptor* request,
                 const google::protobuf::Descriptor* response,
                 identity::Role role,
                 Blocking blocking,
                 Method::Handler handle);

  std::map<std::string, Method, std::less<>> methods_;
};

// Runs the handler; an exception that leaves it becomes kInternal.
Expected<void> Invoke(const Method& method,
                      const google::protobuf::Message& request,
                      google::protobuf::Message& response,
                      const admin::Caller& caller);

}  // namespace gateway::rpc
