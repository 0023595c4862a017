// One TCP or TLS connection with its read buffer and its deadline.
//
// Reading goes on in the background of a coroutine: Watch() starts a read whose bytes land in the
// buffer, so that a peer that goes away is noticed while its owner waits for somebody else. The
// owner takes bytes with unread() and Consume(), and waits for more with Fill().
// Threads: one event loop only; owned by shared_ptr, since a read in progress keeps it alive.
// Memory: kSmallBuffer while idle, at most the limit that Fill() is given while a message passes.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include "base/error.h"
#include "http/asio.h"
#include "http/deadlines.h"
#include "http/event.h"
#include "http/tls.h"

namespace gateway::http {

class Connection final : public Expiring, public std::enable_shared_from_this<Connection> {
 public:
  static constexpr std::size_t kSmallBuffer = 4 * 1024;
  static constexpr std::size_t kLargeBuffer = 64 * 1024;

  // `origin` is whose side this is, for errors. `deadlines` must outlive the connection.
  Connection(TcpSocket socket, Origin origin, Deadlines& deadlines);
  ~Connection() override;

  // Encrypts everything from now on. Errors: as TlsStream::Handshake(), kTimeout, kCancelled.
  // `tls` must outlive the connection.
  Awaitable<Expected<void>> StartTls(TlsClient& tls, const std::string& host);

  // Waits until there are more unread bytes than now. `limit` bounds the buffer.
  // kClosed: the peer ended the stream or reset it. kTimeout: the deadline passed. kCancelled:
  // Close() was called. kTooLarge: `limit` bytes are unread already.
  Awaitable<Expected<void>> Fill(std::size_t limit = kLargeBuffer);

  // Starts a read in the background unless one is under way, the buffer is full or the stream
  // ended.
  void Watch();

  // Bytes read and not consumed; valid until the next Fill() or Consume().
  std::string_view unread() const;
  void Consume(std::size_t size);

  // Writes all of the pieces. kClosed, kTimeout, kCancelled as for Fill().
  Awaitable<Expected<void>> Write(std::string_view first, std::string_view second = {});

  // Ends the connection now; a waiting coroutine gets kCancelled.
  void Close();
  // As Close(), but the peer sees a reset: what it got so far must not pass for complete.
  void Abort();
  // Ends our direction only, so that what was written still arrives.
  void ShutdownSend();

  // When the peer has ended its direction and was sent something since: is it gone altogether, and
  // not only done with sending? It shows that by a reset, which is waited for so long.
  Awaitable<bool> ProvesReset(std::chrono::milliseconds within);

  // Gives the memory of a large buffer back; for connections that become idle.
  void Shrink();

  // Called at most once when the peer ends its direction (`reset` false) or the connection broke
  // (`reset` true) while a background read was under way. Cleared by an empty function.
  void OnPeerGone(std::function<void(bool reset)> callback) { peer_gone_ = std::move(callback); }
  // Called whenever a background read has finished in any way; used by pools.
  void OnActivity(std::function<void()> callback) { activity_ = std::move(callback); }

  // Called when the connection is destroyed; for counting.
  void OnEnd(std::function<void()> callback) { on_end_ = std::move(callback); }

  bool open() const { return socket_.is_open(); }
  bool ended() const { return ended_; }  // the peer sent FIN or reset
  bool reset() const { return ended_ && failure_ != asio::error::eof; }
  bool timed_out() const { return timed_out_; }  // Expire() ended it
  Clock::TimePoint made() const { return made_; }
  TcpSocket& socket() { return socket_; }

 protected:
  void Expire() override;

 private:
  Awaitable<std::pair<error_code, std::size_t>> WriteSome(
      const std::array<asio::const_buffer, 2>& pieces);
  void Finished(error_code ec, std::size_t size);
  bool MakeRoom(std::size_t limit);
  Error Reason() const;

  TcpSocket socket_;
  std::unique_ptr<TlsStream> tls_;  // null: plain
  const Origin origin_;
  const Clock::TimePoint made_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;  // unread bytes are [begin_, end_)
  std::size_t end_ = 0;
  bool reading_ = false;
  bool filled_ = false;  // the last read took all the room there was
  bool ended_ = false;
  bool closed_by_us_ = false;
  bool timed_out_ = false;
  error_code failure_;  // of the read that ended it
  Event progress_;
  std::function<void(bool)> peer_gone_;
  std::function<void()> activity_;
  std::function<void()> on_end_;
};

using ConnectionPtr = std::shared_ptr<Connection>;

}  // namespace gateway::http
