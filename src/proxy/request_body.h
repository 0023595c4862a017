// The body of a client's request: kept up to a limit, so that it can be sent again.
//
// Threads: belongs to one exchange.
// Memory: at most the replay limit and a piece, eight times that in tiny chunks; longer bodies are
// streamed and can be sent only once.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/body.h"

namespace gateway::proxy {

using http::Awaitable;

class RequestBody {
 public:
  // `client` and `deadlines` must outlive the body. `stall` bounds the wait for each piece.
  RequestBody(http::Connection& client,
              http::BodyFraming framing,
              http::Deadlines& deadlines,
              std::chrono::milliseconds stall);

  // Reads until the body is complete or has more than `limit` bytes of content, however it is
  // framed; only a complete one can be looked at, and sent more than once. `expects_continue`: the
  // client waits for 100 (Continue) before it sends (RFC 9110 §10.1.1). kProtocol, kClosed,
  // kTimeout with origin kClient.
  Awaitable<Expected<void>> Keep(std::size_t limit, bool expects_continue);

  // Sends what is kept after `head`, then streams the rest. `early_answer` is set when the backend
  // answered, or stopped reading, before it had the whole body: its answer is to be read then.
  // Errors carry the side that failed.
  Awaitable<Expected<void>> SendTo(http::Connection& upstream,
                                   std::string_view head,
                                   bool& early_answer);

  // May SendTo() be called (again)?
  bool replayable() const { return !streamed_; }
  // Has the client sent all of it? If not, its connection cannot be used for another request.
  bool received() const { return reader_.done(); }
  std::uint64_t bytes() const { return reader_.content_bytes(); }

  // The whole content without chunk framing; nothing unless all of it is kept. A view into the
  // body, or into `buffer`.
  std::optional<std::string_view> Content(std::string& buffer) const;

 private:
  Awaitable<Expected<void>> Stream(http::Connection& upstream, bool& early_answer);

  http::Connection& client_;
  const bool chunked_;
  http::Deadlines& deadlines_;
  const std::chrono::milliseconds stall_;
  http::BodyReader reader_;
  std::string kept_;  // as on the wire
  bool whole_;        // all of it is kept
  bool streamed_ = false;
};

}  // namespace gateway::proxy
