// One request of a client and its answer: takes it through the rooms.
//
//   identify -> admit -> place -> pick a backend -> call it -> judge -> relay -> record
//
// Until the head of an answer has gone to the client, a submission that failed can go to another
// backend; afterwards nothing is repeated.
// Threads: belongs to one session on one worker.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/connection.h"
#include "http/head.h"
#include "proxy/admission.h"
#include "proxy/answer_relay.h"
#include "proxy/message_rewrite.h"
#include "proxy/placement.h"
#include "proxy/replies.h"
#include "proxy/request_body.h"
#include "proxy/request_facts.h"
#include "proxy/upstream_call.h"
#include "proxy/worker_context.h"

namespace gateway::proxy {

using http::Awaitable;

// What is fixed for all exchanges of one client connection.
struct SessionFacts {
  std::uint16_t listener_port = 0;
  const ListenerOptions* listener = nullptr;
  std::string client_host;     // address without port, of who made the connection
  std::string client_address;  // with port, for logs
};

class Exchange {
 public:
  // All must outlive the exchange; `head` was parsed from text that does, too.
  Exchange(WorkerContext& context,
           const SessionFacts& session,
           http::Connection& client,
           const http::RequestHead& head,
           http::BodyFraming framing);

  // Answers the request, one way or another. True: the connection can take the next request.
  Awaitable<bool> Run();

 private:
  Awaitable<void> Serve();
  Awaitable<Expected<void>> PlaceRequest();
  // Rules and the external router, about a submission. `statement`: its scratch may be used by
  // others afterwards.
  Awaitable<Expected<void>> AskForDecision(routing::RequestFacts facts,
                                           std::optional<std::string_view> text,
                                           StatementFacts& statement);
  Awaitable<void> Answer();
  Awaitable<void> ForwardBalanced();
  Awaitable<void> ForwardToOwner();
  Awaitable<void> ForwardAsking();

  // Calls `backend` and judges its answer; true: it is to be relayed, `relay_` holds it.
  Awaitable<Expected<void>> Try(const model::BackendState& backend);
  Awaitable<Expected<void>> CallOnce(const model::BackendState& backend, bool forwarded);
  // Again, after a 406 to X-Forwarded-*; tells whether they were what it did not take.
  Awaitable<Expected<void>> CallUnforwarded(const model::BackendState& backend);
  Awaitable<void> RelayAnswer();
  // A client that never got the answer to its submission cannot end the query that it names: so
  // that is done here. `sent`: how the answer's way to the client ended.
  Awaitable<void> CancelIfAbandoned(const Expected<void>& sent);
  Awaitable<Expected<int>> Cancel(const protocol::Endpoint& endpoint);
  Awaitable<void> Send(Reply reply, std::string_view error_name);
  Awaitable<void> SendUnavailable();
  Awaitable<void> SendFailure(const Error& error);
  void NoteFailure(const model::BackendState& backend, const Error& error, bool will_retry);
  void ReportFailure(const model::BackendState& backend, const Error& error);
  void ReportDoubt(const model::BackendState& backend, const Error& error);
  std::string FailureClass(const Error& error) const;
  void CountAnswer(model::BackendCounters& counters, const Expected<void>& called) const;
  bool MayRepeat(const Error& error) const;
  bool IsGuarded() const;
  bool IsGone(const model::BackendState& owner, const Error& error) const;
  Reply Refusal(const StatementFailure& failure, std::string_view message);
  std::string_view Authority() const;
  std::string OriginUrl() const;
  void Record();
  void TellSubmission();

  WorkerContext& context_;
  const SessionFacts& session_;
  http::Connection& client_;
  model::SnapshotPtr snapshot_;  // taken anew to place by
  RequestView request_;
  const std::string basic_user_;   // of a request that names no user otherwise
  const std::string client_host_;  // address without port, of who sent the request
  const http::BodyFraming framing_;
  const std::string external_authority_;
  RequestBody body_;
  UpstreamCall call_;
  AnswerRelay relay_;
  bool guarded_ = false;  // were credentials wanted when it came?
  Admission admission_;
  rules::Decision decision_;
  Placement placement_;
  std::vector<const model::HeaderAction*> all_actions_;  // of admission and placement
  const Clock::TimePoint begin_;

  bool keep_alive_;
  int status_ = 0;
  int attempts_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::string_view error_;
  std::string_view group_;
  const model::BackendState* backend_ = nullptr;
  bool direct_ = false;  // the client is to go on at that backend itself
  std::chrono::nanoseconds waited_{};
};

}  // namespace gateway::proxy
