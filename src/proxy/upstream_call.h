// One request to one backend, up to the head of its answer.
//
// Takes a connection from the pool, sends the request, waits for the head. An idle connection that
// turns out to be dead is replaced once. While it waits, the client is watched: when that resets
// its connection the call ends at once; when it only ended its direction, the answer must begin
// soon. That is not for submissions: who goes away leaves a query that only the answer names.
// Threads: belongs to one exchange.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "base/error.h"
#include "http/connection.h"
#include "http/head.h"
#include "proxy/message_rewrite.h"
#include "proxy/request_body.h"
#include "proxy/worker_context.h"

namespace gateway::proxy {

using http::Awaitable;

// `outcome` of a step at a backend. But once the worker was told to end all exchanges, each failure
// is kCancelled of origin kClient, whatever it looks like: the backend has no part in it, and no
// other one shall be asked.
Expected<void> UnlessCutOff(const WorkerContext& context, Expected<void> outcome);

class UpstreamCall {
 public:
  // All must outlive the call.
  UpstreamCall(WorkerContext& context, http::Connection& client, RequestBody& body);
  ~UpstreamCall();
  UpstreamCall(const UpstreamCall&) = delete;
  UpstreamCall& operator=(const UpstreamCall&) = delete;

  // Errors with origin kBackend: kRefused (nothing was sent), kClosed, kTimeout, kProtocol,
  // kTooLarge. Origin kClient: kCancelled, the client went away, or all clients were cut off as the
  // gateway ends, and then nothing is begun any more; others: its body is broken.
  Awaitable<Expected<void>> Run(const UpstreamRequest& request,
                                std::chrono::milliseconds head_timeout);

  // After Run() succeeded: the head, valid until the next Run(), and the connection that the body
  // follows on.
  const http::ResponseHead& head() const { return head_; }
  http::Connection& connection() { return *connection_; }
  bool early_answer() const { return early_answer_; }
  // Was there a connection, at the last attempt?
  bool connected() const { return connected_; }
  // Request sent until the head of the answer was there.
  std::chrono::nanoseconds waited() const { return waited_; }

  // Ends the call: the connection goes back to the pool when `reusable`, else it is closed.
  void Finish(bool reusable);

 private:
  Awaitable<Expected<void>> Attempt(const UpstreamRequest& request,
                                    std::chrono::milliseconds head_timeout,
                                    bool fresh);
  Awaitable<Expected<void>> ReceiveHead(std::chrono::milliseconds head_timeout);
  Awaitable<Expected<void>> ReceiveHeadText();
  void WatchClient();
  Error Blame(Error error) const;

  WorkerContext& context_;
  http::Connection& client_;
  RequestBody& body_;
  const model::BackendState* backend_ = nullptr;
  http::ConnectionPtr connection_;
  bool counted_ = false;    // in the backend's in_flight
  bool connected_ = false;  // by the last attempt
  bool reused_ = false;
  bool early_answer_ = false;
  bool outlives_client_ = false;
  std::string request_text_;
  std::string head_text_;
  http::ResponseHead head_;
  std::chrono::nanoseconds waited_{};
};

}  // namespace gateway::proxy
