#include "http/connection.h"

#include <algorithm>
#include <cstring>

#include <boost/asio/write.hpp>
#include <fmt/format.h>
#include <sys/socket.h>

namespace gateway::http {

Connection::Connection(TcpSocket socket, Origin origin, Deadlines& deadlines)
    : Expiring(deadlines),
      socket_(std::move(socket)),
      origin_(origin),
      made_(deadlines.Now()),
      buffer_(kSmallBuffer) {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
}

Connection::~Connection() {
  if (on_end_) on_end_();
}

Awaitable<Expected<void>> Connection::StartTls(TlsClient& tls, const std::string& host) {
  const auto self = shared_from_this();
  tls_ = tls.Open(socket_, host);
  auto shaken = co_await tls_->Handshake();
  if (shaken) co_return shaken;
  if (timed_out_ || closed_by_us_) co_return std::unexpected(Reason());
  shaken.error().origin = origin_;
  co_return shaken;
}

std::string_view Connection::unread() const { return {buffer_.data() + begin_, end_ - begin_}; }

void Connection::Consume(std::size_t size) {
  begin_ += size;
  if (begin_ == end_ && !reading_) begin_ = end_ = 0;
}

// Makes the free space at the buffer's end worth a read. False: `limit` bytes are unread.
bool Connection::MakeRoom(std::size_t limit) {
  if (begin_ == end_) begin_ = end_ = 0;
  // A read that filled the buffer says that much is coming: fewer, larger reads are cheaper.
  const bool grow = std::exchange(filled_, false) && buffer_.size() < limit;
  if (!grow && buffer_.size() - end_ >= kSmallBuffer / 2) return true;
  if (!grow && begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (buffer_.size() - end_ >= kSmallBuffer / 2) return true;
  }
  if (buffer_.size() < limit) buffer_.resize(std::min(limit, buffer_.size() * 4));
  return end_ < buffer_.size();
}

void Connection::Watch() {
  if (reading_ || ended_ || !socket_.is_open()) return;
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size()) return;
  reading_ = true;
  const auto room = asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
  auto finished = [self = shared_from_this()](error_code ec, std::size_t size) {
    self->Finished(ec, size);
  };
  if (tls_) {
    tls_->AsyncRead(room, std::move(finished));
  } else {
    socket_.async_read_some(room, std::move(finished));
  }
}

void Connection::Finished(error_code ec, std::size_t size) {
  reading_ = false;
  end_ += size;
  filled_ = end_ == buffer_.size();
  if (ec) {
    ended_ = true;
    failure_ = ec;
    if (peer_gone_ && !closed_by_us_) std::exchange(peer_gone_, nullptr)(ec != asio::error::eof);
  }
  if (activity_) {
    const auto keep = activity_;  // it may replace itself
    keep();
  }
  progress_.Notify();
}

Awaitable<Expected<void>> Connection::Fill(std::size_t limit) {
  const auto self = shared_from_this();
  const auto before = end_ - begin_;
  if (!reading_ && !ended_ && socket_.is_open()) {
    if (!MakeRoom(limit)) {
      co_return Fail(ErrorCode::kTooLarge, fmt::format("more than {} bytes", limit), origin_);
    }
    Watch();
  }
  while (reading_ && end_ - begin_ == before) co_await progress_.Wait();
  if (end_ - begin_ > before) co_return Expected<void>();
  co_return std::unexpected(Reason());
}

Error Connection::Reason() const {
  if (timed_out_) return {ErrorCode::kTimeout, origin_, "nothing arrived before the deadline"};
  if (closed_by_us_) return {ErrorCode::kCancelled, origin_, "the exchange was given up"};
  if (!failure_ || failure_ == asio::error::eof) {
    return {ErrorCode::kClosed, origin_, "the connection was closed"};
  }
  return {ErrorCode::kClosed, origin_, failure_.message()};
}

Awaitable<std::pair<error_code, std::size_t>> Connection::WriteSome(
    const std::array<asio::const_buffer, 2>& pieces) {
  if (tls_) co_return co_await tls_->Write(pieces[0].size() > 0 ? pieces[0] : pieces[1]);
  const auto [ec, size] = co_await socket_.async_write_some(pieces, kTuple);
  co_return std::pair(ec, size);
}

Awaitable<Expected<void>> Connection::Write(std::string_view first, std::string_view second) {
  const auto self = shared_from_this();
  std::array<asio::const_buffer, 2> pieces{asio::buffer(first), asio::buffer(second)};
  while (pieces[0].size() + pieces[1].size() > 0) {
    if (!socket_.is_open()) co_return std::unexpected(Reason());
    const auto [ec, size] = co_await WriteSome(pieces);
    if (ec) {
      if (!timed_out_ && !closed_by_us_) {
        co_return Fail(ErrorCode::kClosed, ec.message(), origin_);
      }
      co_return std::unexpected(Reason());
    }
    const auto of_first = std::min(size, pieces[0].size());
    pieces[0] += of_first;
    pieces[1] += size - of_first;
  }
  co_return Expected<void>();
}

void Connection::Close() {
  if (!socket_.is_open()) return;
  closed_by_us_ = true;
  ClearDeadline();
  error_code ignored;
  socket_.close(ignored);
}

void Connection::Abort() {
  error_code ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  Close();
}

void Connection::ShutdownSend() {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
}

Awaitable<bool> Connection::ProvesReset(std::chrono::milliseconds within) {
  constexpr std::chrono::milliseconds kStep{10};
  const auto self = shared_from_this();
  Timer timer(socket_.get_executor());
  for (auto waited = std::chrono::milliseconds(0); waited < within; waited += kStep) {
    if (reset() || !socket_.is_open()) co_return true;
    int error = 0;
    socklen_t size = sizeof(error);
    ::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) co_return true;
    timer.expires_after(kStep);
    co_await timer.async_wait(kTuple);
  }
  co_return false;
}

void Connection::Shrink() {
  if (buffer_.size() == kSmallBuffer || reading_ || end_ - begin_ > kSmallBuffer / 2) return;
  std::vector<char> small(kSmallBuffer);
  std::memcpy(small.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  buffer_ = std::move(small);
}

void Connection::Expire() {
  timed_out_ = true;
  Close();
}

}  // namespace gateway::http
