// One client connection: reads heads, runs an exchange for each, one after the other.
//
// Threads: belongs to one worker.
// Memory: the connection's buffer, one head, and what the exchange in progress holds.
#pragma once

#include <string>

#include "http/connection.h"
#include "http/head.h"
#include "proxy/exchange.h"
#include "proxy/worker_context.h"

namespace gateway::proxy {

class Session {
 public:
  // `context` must outlive the session.
  Session(WorkerContext& context, SessionFacts facts, http::ConnectionPtr client);

  // Serves requests until either side ends the connection.
  Awaitable<void> Run();

  // The worker is stopping: ends the connection when it is between two requests.
  void EndWhenIdle();
  // Ends it now, whatever it does.
  void Abort();

 private:
  Awaitable<Expected<void>> ReadHead();
  Expected<http::BodyFraming> Parse(bool& parsing_head);
  Awaitable<void> Refuse(const Error& error, bool parsing_head);
  Awaitable<void> LingerClose();

  WorkerContext& context_;
  const SessionFacts facts_;
  const http::ConnectionPtr client_;
  std::string head_text_;
  http::RequestHead head_;
  bool idle_ = true;
};

}  // namespace gateway::proxy
