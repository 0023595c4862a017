// The answer of a backend on its way to the client.
//
// Bytes go from socket to socket as they are. Only three kinds of answers are looked at, and only
// their first kilobytes: those to submissions (which query is it, is it an answer at all),
// statement answers of clusters whose URIs must be rewritten because they may not be told how to
// write them, and those of backends that are drained (has the query ended). Threads: belongs to one
// exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/body.h"
#include "proxy/message_rewrite.h"
#include "proxy/upstream_call.h"
#include "proxy/worker_context.h"

namespace gateway::proxy {

using http::Awaitable;

struct AnswerOptions {
  std::string_view method;
  const model::BackendState* backend = nullptr;
  bool client_is_http10 = false;
  bool is_submission = false;
  bool finds_end = false;  // of a poll: is it the last page?
  // Not empty: URIs in the answer are to begin with this (`https://gw.example`).
  std::string rewrite_origin;
  std::string rewrite_prefix;  // "/~c1", or empty
};

class AnswerRelay {
 public:
  AnswerRelay(WorkerContext& context, UpstreamCall& call);

  // Looks at the answer whose head has arrived; nothing is sent yet. kProtocol, kClosed, ... with
  // origin kBackend: this is no answer that a client could use; another backend may be tried.
  Awaitable<Expected<void>> Inspect(AnswerOptions options);

  // Sends head and body. `response.close` may be switched on where the framing demands it. Errors
  // carry the side that failed; the client's connection cannot be used after any.
  Awaitable<Expected<void>> SendTo(http::Connection& client, ClientResponse& response);

  // Throws the body away, so that the connection can be used again; only when it is short.
  Awaitable<void> Discard();

  // Of the statement; empty when the answer was not looked at or names none.
  std::string_view query_id() const { return query_id_; }
  // Where a submission's answer wants the client to go on, as the cluster gave it out.
  std::string_view next_uri() const { return next_uri_; }
  // Of a statement's answer that was looked at: it has no nextUri, so the query has ended.
  bool last_page() const { return last_page_; }
  std::uint64_t bytes() const { return reader_ ? reader_->content_bytes() : 0; }

 private:
  Awaitable<Expected<void>> ReadPrefix(std::size_t limit);
  Expected<void> JudgeSubmission();
  bool IsLastPage() const;
  http::OutputFraming ChooseFraming(ClientResponse& response);
  bool Reusable() const;

  WorkerContext& context_;
  UpstreamCall& call_;
  AnswerOptions options_;
  http::BodyFraming framing_;
  std::optional<http::BodyReader> reader_;
  bool inspected_ = false;
  bool last_page_ = false;
  std::string prefix_;  // content that was read to be looked at
  std::string framing_line_;
  std::string query_id_;
  std::string next_uri_;
};

}  // namespace gateway::proxy
