// Bodies on their way: reading them by their framing and relaying them in bounded memory.
//
// Threads: one event loop only. Source: RFC 9112 §6.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "http/asio.h"
#include "http/chunked.h"
#include "http/connection.h"
#include "http/head.h"

namespace gateway::http {

// Reads one message body from a connection, piece by piece.
class BodyReader {
 public:
  // `connection` must outlive the reader. `stall` bounds the wait for each piece.
  BodyReader(Connection& connection,
             BodyFraming framing,
             Origin origin,
             Deadlines& deadlines,
             std::chrono::milliseconds stall);

  // The next bytes of the body as they are on the wire (with chunk framing); empty at its end.
  // The view holds until the next call. Errors: as Connection::Fill, and kProtocol.
  Awaitable<Expected<std::string_view>> NextRaw();

  // The next bytes of content; empty at the end. Not to be mixed with NextRaw().
  Awaitable<Expected<std::string_view>> NextContent();

  // As NextRaw(), but only what has arrived: empty when nothing has.
  Expected<std::string_view> TakeArrived();

  // Has the whole body been handed out?
  bool done() const;
  std::uint64_t content_bytes() const;

 private:
  void Settle();
  Expected<std::string_view> Take(bool content);
  Awaitable<Expected<std::string_view>> Next(bool content);

  Connection& connection_;
  const BodyFraming framing_;
  Deadlines& deadlines_;
  const std::chrono::milliseconds stall_;
  ChunkedReader chunks_;
  std::uint64_t remaining_;
  std::uint64_t content_bytes_ = 0;
  std::size_t lent_ = 0;  // bytes of the buffer that the last view shows
  bool ended_ = false;    // kUntilClose: the end was seen
};

// How a body is framed towards its recipient.
enum class OutputFraming : std::uint8_t {
  kAsIs,     // raw bytes: the recipient sees the sender's framing
  kContent,  // content alone: ended by Content-Length or by closing
  kChunked,  // content in chunks of ours
};

// Moves the rest of a body to `to`, at the pace of the slower side; `pending` is written first (the
// head of the message, say). `stall` bounds each write. Errors carry the side that failed.
Awaitable<Expected<void>> RelayBody(BodyReader& from,
                                    Connection& to,
                                    OutputFraming framing,
                                    std::string_view pending,
                                    Deadlines& deadlines,
                                    std::chrono::milliseconds stall);

}  // namespace gateway::http
